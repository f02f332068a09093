"""Under what clips are met: one corruption at one severity, drawn once or several times."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from perturbations import suites
from perturbations.corruption import Corruption, check_severity
from perturbations.errors import CorruptionError
from xaudio.errors import SweepError
from xaudio.sweeps.content import content_hash

CLEAN = "clean"

Corrupting = Corruption | suites.Condition


@dataclass(frozen=True)
class Condition:
    """One corruption at one severity, drawn for the `repeat`-th time; or the clean clips.

    Attributes:
        name: What results call it: a suite's name for the row, or the corruption's own. It takes
            no part in the identity.
        corruption: None for the clean clips.
        severity: One of the corruption's; 0 for the clean clips.
        repeat: Which draw of the random numbers.
    """

    name: str
    corruption: Corruption | None
    severity: int
    repeat: int = 0

    @cached_property
    def parameters(self) -> dict[str, float | int | str]:
        """The physical parameters at this severity."""
        return {} if self.corruption is None else self.corruption.parameters(self.severity)

    @cached_property
    def digest(self) -> str:
        """Hash of the corruption's name, version and parameters, the severity and the repeat."""
        if self.corruption is None:
            return content_hash(CLEAN)
        return content_hash(
            self.corruption.name,
            str(self.corruption.version),
            json.dumps(self.parameters, sort_keys=True),
            str(self.severity),
            str(self.repeat),
        )


CLEAN_CLIPS = Condition(CLEAN, None, 0)


def conditions_of(
    corruptions: Sequence[Corrupting], severities: Sequence[int] | None, repeats: int
) -> tuple[Condition, ...]:
    """The clean clips, then every corruption at every severity, as often as asked.

    Args:
        corruptions: Corruptions, or rows of a suite, which bring a name and severities of their
            own.
        severities: Only these; None for all there are. A suite's row that lacks one is met at the
            others.
        repeats: How often each clip is corrupted, with other random numbers each time; once where
            a corruption draws none.

    Raises:
        SweepError: Two have one name, or there are no repeats.
        CorruptionError: A severity is out of range.
    """
    if repeats < 1:
        raise SweepError(f"A sweep needs at least one repeat; given {repeats}.")
    rows = [_row(corrupting, severities) for corrupting in corruptions]
    _check_names([row.name for row in rows])
    _check_severities(rows, severities)
    return (
        CLEAN_CLIPS,
        *(
            Condition(row.name, row.corruption, severity, repeat)
            for row in rows
            for severity in _asked(row, severities)
            for repeat in range(repeats if row.corruption.random else 1)
        ),
    )


def _row(corrupting: Corrupting, severities: Sequence[int] | None) -> suites.Condition:
    if isinstance(corrupting, suites.Condition):
        return corrupting
    for severity in severities or ():
        check_severity(severity, corrupting.severities)
    return suites.Condition(corrupting.name, corrupting, corrupting.severities)


def _asked(row: suites.Condition, severities: Sequence[int] | None) -> Iterator[int]:
    wanted = row.severities if severities is None else severities
    return iter(sorted(set(wanted) & set(row.severities)))


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SweepError(
            f"The corruption '{twice[0]}' was given twice; results are told apart by name."
        )
    if CLEAN in names:
        raise SweepError(
            f"A corruption is named '{CLEAN}', as the clips without any are; give it another name."
        )


def _check_severities(rows: Sequence[suites.Condition], severities: Sequence[int] | None) -> None:
    there_are = {0}.union(*(row.severities for row in rows))
    lacking = sorted(set(severities or ()) - there_are)
    if rows and lacking:
        raise CorruptionError(
            f"The severity is {lacking[0]}; the corruptions asked for have "
            f"{', '.join(map(str, sorted(there_are)))}."
        )
