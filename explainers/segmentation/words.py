"""Words, by an alignment: a file that says when each is spoken."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts, Stretch
from explainers.segmentation.alignments import Word, read_alignment
from explainers.segmentation.naming import distinct
from explainers.segmentation.pseudo_words import PseudoWords
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.stretches import gaps, numbered, time_parts

SILENCES = {"", "sil", "<sil>", "sp", "<sp>", "<eps>", "<p>", "<p:>", "<silence>", "[silence]"}


@register_segmenter
@dataclass(frozen=True)
class Words(Segmenter):
    """The words of an alignment; what no word covers is no part.

    CSV, TextGrid, CTM and Whisper-style JSON are read, see `explainers.segmentation.alignments`.
    Times are cut off at the clip's ends. Words that cover no sample, and what aligners write for
    silence (nothing, sil, sp, <eps>, ...), are left out. Where two words overlap, what they share
    is cut in its middle: up to there it is the first one's, from there the second one's. Margins
    around words are left to what removes them.

    Attributes:
        path: Of the alignment.
        part: Tier of a TextGrid, recording in a CTM file; None if there is no choice to make.
    """

    path: str
    part: str | None = None

    name: ClassVar[str] = "words"
    form: ClassVar[str] = "words:FILE[#TIER]"
    summary: ClassVar[str] = "The words of an alignment: CSV, TextGrid, CTM or Whisper's JSON."

    @classmethod
    def parse(cls, settings: str) -> Segmenter:
        """From ``FILE``, ``FILE#TIER``, or ``FILE#`` for a path with a # in it.

        Without a file nobody knows the words: these are `PseudoWords`, which say so.
        """
        if not settings:
            return PseudoWords()
        path, mark, part = settings.rpartition("#")
        return cls(path, part or None) if mark else cls(settings)

    @property
    def spec(self) -> str:
        """The text that `parse_segmenter` reads as this."""
        mark = "#" if self.part is not None or "#" in self.path else ""
        return f"{self.name}:{self.path}{mark}{self.part or ''}"

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """One part per word, named by it; a word that comes again has a number."""
        return time_parts(self.named(len(waveform), sample_rate), len(waveform), sample_rate)

    def named(self, length: int, sample_rate: int) -> list[tuple[str, Stretch]]:
        """The words within a clip of `length` samples, in the order of time.

        Raises:
            ExplanationError: The alignment cannot be read, or holds no word for this clip.
        """
        words = [
            word
            for word in read_alignment(Path(self.path), self.part)
            if word.text.strip().lower() not in SILENCES
        ]
        if not words:
            raise ExplanationError(f"{self.path} holds no words; is it the right file or tier?")
        placed = [(word, _samples(word, length, sample_rate)) for word in words]
        placed = [(word, (start, stop)) for word, (start, stop) in placed if start < stop]
        if not placed:
            raise ExplanationError(
                f"{self.path}: none of its {len(words)} words lies within the clip's "
                f"{length / sample_rate:.2f} s; is it this clip's alignment, in seconds?"
            )
        placed.sort(key=lambda one: one[1])
        stretches = apart([stretch for _, stretch in placed], [word.place for word, _ in placed])
        names = distinct([word.text.strip() for word, _ in placed])
        return [*zip(names, stretches, strict=True)]


@register_segmenter
@dataclass(frozen=True)
class WordsAndPauses(Words):
    """As `Words`, and what lies before, between and after them: the parts cover the clip."""

    name: ClassVar[str] = "words-and-pauses"
    form: ClassVar[str] = "words-and-pauses:FILE[#TIER]"
    summary: ClassVar[str] = "The words of an alignment, and the pauses around them."

    @classmethod
    def parse(cls, settings: str) -> Segmenter:
        """As `Words.parse`; a file is needed."""
        if not settings:
            raise ExplanationError(f"'{cls.name}' needs a file; write it as {cls.form}.")
        return super().parse(settings)

    def named(self, length: int, sample_rate: int) -> list[tuple[str, Stretch]]:
        """The words, and ``pause 1`` and so on."""
        words = super().named(length, sample_rate)
        pauses = numbered("pause", gaps([stretch for _, stretch in words], length))
        both = sorted([*words, *pauses], key=lambda one: one[1])
        return [*zip(distinct([name for name, _ in both]), [one for _, one in both], strict=True)]


def apart(stretches: Sequence[Stretch], places: Sequence[str]) -> list[Stretch]:
    """Rising stretches, cut in the middle of what two neighbours share.

    Args:
        stretches: In the order of their starts.
        places: Where each one stands, for messages.

    Raises:
        ExplanationError: Nothing would be left of one.

    >>> apart([(0, 6), (4, 9)], ["line 1", "line 2"])
    [(0, 5), (5, 9)]
    """
    answer: list[Stretch] = []
    for number, (start, stop) in enumerate(stretches):
        if answer and start < answer[-1][1]:
            before, end = answer[-1]
            start = (max(start, before) + min(stop, end)) // 2
            answer[-1] = (before, start)
            if not before < start < stop:
                raise ExplanationError(
                    f"{places[number]}: this word and the one before it ({places[number - 1]}) "
                    "overlap so far that nothing of one is left; mend the alignment."
                )
        answer.append((start, stop))
    return answer


def _samples(word: Word, length: int, sample_rate: int) -> Stretch:
    start, stop = (round(time * sample_rate) for time in (word.start, word.end))
    return max(0, start), min(stop, length)
