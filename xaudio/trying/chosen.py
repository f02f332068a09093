"""A corruption as somebody picked it: plain values, so that it can be compared, kept and sent."""

from dataclasses import dataclass

from perturbations.chain import Chain, Step
from perturbations.corruption import corruptions, load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites import Condition, load_suite, suite_names
from xaudio.trying.settings import Value, check_own

ANY = ""


@dataclass(frozen=True)
class ChosenCorruption:
    """A corruption with settings, one followed by others, or a row of a suite that comes with us.

    Attributes:
        name: Of the corruption, or of the suite's row.
        suite: The suite it is a row of; empty for a corruption by itself.
        settings: Names and values, of the corruption; see `own_settings`.
        then: Corruptions that follow, at the same severity.
    """

    name: str
    suite: str = ANY
    settings: tuple[tuple[str, Value], ...] = ()
    then: tuple[str, ...] = ()

    def condition(self) -> Condition:
        """The corruption, what it is called, and at which severities it is met.

        Raises:
            CorruptionError: There is no such suite, row, corruption or setting, or what follows
                does not fit.

        >>> ChosenCorruption("mp3", then=("echo",)).condition().name
        'mp3+echo'
        """
        if self.suite:
            return self._of_suite()
        check_own(self.name, dict(self.settings))
        first = load_corruption(self.name, **dict(self.settings))
        if not self.then:
            return Condition(first.name, first, first.severities)
        steps = (Step(first), *(Step(load_corruption(name)) for name in self.then))
        chain = Chain(
            name="+".join((self.name, *self.then)),
            summary=" Then: ".join(step.corruption.summary for step in steps),
            steps=steps,
        )
        return Condition(chain.name, chain, chain.severities)

    def _of_suite(self) -> Condition:
        # A path would be opened as a file, and whoever picks here may open none.
        if self.suite not in suite_names():
            raise CorruptionError(
                f"There is no suite named '{self.suite}'. There are: {', '.join(suite_names())}."
            )
        if self.settings or self.then:
            raise CorruptionError(
                f"'{self.name}' of the suite '{self.suite}' has its settings from there; pick the "
                "corruption by itself to change them."
            )
        rows = {condition.name: condition for condition in load_suite(self.suite).conditions}
        if self.name not in rows:
            raise CorruptionError(
                f"The suite '{self.suite}' has no condition '{self.name}'. There are: "
                f"{', '.join(rows)}."
            )
        return rows[self.name]


def suites_on_offer() -> dict[str, str]:
    """The suites that come with us, and what each is for."""
    return {name: load_suite(name).summary for name in suite_names()}


def corruptions_on_offer(suite: str = ANY) -> dict[str, str]:
    """The corruptions there are, or the rows of a suite, and what each does.

    Raises:
        CorruptionError: There is no such suite.
    """
    if not suite:
        return {name: corruptions.get(name).summary for name in corruptions.names()}
    if suite not in suite_names():
        raise CorruptionError(
            f"There is no suite named '{suite}'. There are: {', '.join(suite_names())}."
        )
    rows = load_suite(suite).conditions
    return {condition.name: condition.corruption.summary for condition in rows}
