"""Praat's TextGrids, in the long and the short text format.

Both are one sequence of numbers, quoted strings and flags in angle brackets; everything else in
the long format is there for people (Praat's manual, "TextGrid file formats").
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from explainers.errors import ExplanationError
from explainers.segmentation.alignments.text import read_text
from explainers.segmentation.alignments.word import Word, register_format

TOKENS = re.compile(
    r"""
    (?<!\S) !.*                                                # a comment, up to the line's end
    | "(?P<string>(?:[^"]|"")*)"
    | (?<!\S) (?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?) (?!\S)
    | (?P<flag><\w+>)
    """,
    re.VERBOSE,
)
WORD_TIERS = ("words", "word")


@dataclass(frozen=True)
class Tier:
    """A named sequence of labelled intervals."""

    name: str
    intervals: list[Word]


@register_format("textgrid")
def read_textgrid(path: Path, part: str | None) -> list[Word]:
    """The intervals of one tier, with their labels.

    Args:
        path: Of the file, in UTF-8 or UTF-16.
        part: Name of the tier; if None, the one called words, or else the first of intervals.
    """
    tiers = list(_tiers(_Tokens(path)))
    if not tiers:
        raise ExplanationError(f"{path} has no tier of intervals; words need one.")
    names = [tier.name for tier in tiers]
    if part is not None and part not in names:
        raise ExplanationError(
            f"{path} has no tier of intervals called '{part}'. It has: {', '.join(names)}."
        )
    wanted = (part,) if part is not None else WORD_TIERS
    named = [tier for name in wanted for tier in tiers if tier.name.lower() == name.lower()]
    exact = [tier for tier in named if tier.name == part]
    return (exact or named or tiers)[0].intervals


class _Tokens:
    """The meaningful tokens of a file, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path, self.text = path, read_text(path)
        found = TOKENS.finditer(self.text)
        self._left = iter([match for match in found if match.lastgroup is not None])
        self._line, self._position = 1, 0

    @property
    def place(self) -> str:
        """The file and the line of the last token."""
        return f"{self.path}, line {self._line}"

    def string(self) -> str:
        return self._next("string").replace('""', '"').strip()

    def number(self) -> float:
        return float(self._next("number"))

    def flag(self) -> str:
        return self._next("flag")

    def _next(self, kind: str) -> str:
        match = next(self._left, None)
        end = len(self.text) if match is None else match.start()
        self._line += self.text.count("\n", self._position, end)
        self._position = end
        if match is None or match.lastgroup != kind:
            found = "the end of the file" if match is None else f"'{match.group().strip()}'"
            raise ExplanationError(
                f"{self.place}: a {kind} was expected and {found} was found; this is no "
                "TextGrid in text format, or not all of one."
            )
        return match.group(kind)


def _tiers(tokens: _Tokens) -> Iterator[Tier]:
    """The tiers of intervals; those of points are passed over."""
    if not tokens.text.lstrip().startswith(("File type", '"ooTextFile')):
        raise ExplanationError(
            f"{tokens.path}: this is no TextGrid in text format; save it in Praat as a text file."
        )
    file_type, kind = tokens.string(), tokens.string()
    if not file_type.startswith("ooTextFile") or kind != "TextGrid":
        raise ExplanationError(
            f"{tokens.place}: this is a '{kind}' in a file of type '{file_type}'; expected a "
            "TextGrid."
        )
    tokens.number(), tokens.number()
    tiers = int(tokens.number()) if tokens.flag() == "<exists>" else 0
    for _ in range(tiers):
        sort, name = tokens.string(), tokens.string()
        tokens.number(), tokens.number()
        count = int(tokens.number())
        if sort == "IntervalTier":
            yield Tier(name, [_interval(tokens) for _ in range(count)])
        else:
            for _ in range(count):
                tokens.number(), tokens.string()


def _interval(tokens: _Tokens) -> Word:
    start, end = tokens.number(), tokens.number()
    return Word(tokens.string(), start, end, tokens.place)
