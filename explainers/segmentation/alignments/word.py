"""A word and when it is spoken, and the registry of files that say so."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from explainers.errors import ExplanationError
from perturbations.registry import Registry


@dataclass(frozen=True)
class Word:
    """A word and when it is spoken.

    Attributes:
        text: As it is written; empty where an aligner marks a silence.
        start: In seconds.
        end: In seconds, not before `start`.
        place: Where it stands, for messages: ``a.csv, line 3``.
    """

    text: str
    start: float
    end: float
    place: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end)):
            raise ExplanationError(
                f"{self.place}: '{self.text}' has times that are no finite numbers of seconds."
            )
        if self.end < self.start:
            raise ExplanationError(
                f"{self.place}: '{self.text}' ends at {self.end:g} s, before it starts at "
                f"{self.start:g} s."
            )


Reader = Callable[[Path, str | None], list[Word]]
"""From a file, and the part of it that is asked for, to the words in it."""

alignment_formats: Registry[Reader] = Registry(
    "alignment format",
    "xaudio.alignments",
    tuple(
        f"explainers.segmentation.alignments.{module}"
        for module in ("tables", "textgrid", "ctm", "whisper")
    ),
    ExplanationError,
)


def register_format(*endings: str) -> Callable[[Reader], Reader]:
    """Decorator that files a reader under the endings of its files, without the dot."""

    def file(reader: Reader) -> Reader:
        for ending in endings:
            alignment_formats.register(ending)(reader)
        return reader

    return file


def read_alignment(path: Path, part: str | None = None) -> list[Word]:
    """The words in a file, in its own order, by the format that its ending names.

    Args:
        path: Of the file.
        part: The tier of a TextGrid, the recording in a CTM file; None if there is no choice.

    Raises:
        ExplanationError: The file cannot be read, or is not what its ending says; the message
            names the file and the line.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in alignment_formats.names():
        raise ExplanationError(
            f"{path}: the ending '.{ending}' names no format of alignments. There are: "
            f"{', '.join(alignment_formats.names())}."
        )
    return alignment_formats.get(ending)(path, part)


def number(text: str, place: str) -> float:
    """A time or duration as text.

    Raises:
        ExplanationError: It is no number.
    """
    try:
        return float(text)
    except ValueError as error:
        raise ExplanationError(f"{place}: '{text}' is no number of seconds.") from error


def refuse_part(path: Path, part: str | None) -> None:
    """For formats without tiers or recordings.

    Raises:
        ExplanationError: One was asked for.
    """
    if part is not None:
        raise ExplanationError(
            f"{path}: '{part}' was asked for, but only a TextGrid has tiers and only a CTM file "
            "has recordings. A path with a # in it is written with another # at its end."
        )
