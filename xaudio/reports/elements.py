"""What is shown beside the sound, and in which colours: stretches, curves, themes."""

from dataclasses import dataclass

from jaxtyping import Float
from numpy import ndarray


@dataclass(frozen=True)
class Theme:
    """Colours of a picture, so that it fits a light or a dark page."""

    paper: str
    ink: str
    quiet: str
    wave: str
    marked: str
    in_favour: str
    against: str
    strength: str
    under_relevance: str


LIGHT = Theme(
    paper="#ffffff",
    ink="#1b1f24",
    quiet="#aab3bd",
    wave="#4a5866",
    marked="#7a3fb0",
    in_favour="#b40426",
    against="#3b4cc0",
    strength="#21817f",
    under_relevance="gray_r",
)
DARK = Theme(
    paper="#14171b",
    ink="#e7eaee",
    quiet="#4b555f",
    wave="#a9b6c3",
    marked="#c9a0f2",
    in_favour="#f4745c",
    against="#7b9ff9",
    strength="#4fc3b0",
    under_relevance="gray",
)


@dataclass(frozen=True)
class Stretch:
    """A named stretch of the clip, in seconds: a part known to be synthetic, a word."""

    start: float
    end: float
    name: str


@dataclass(frozen=True)
class WeighedStretch:
    """A stretch of the clip and what it weighs.

    Attributes:
        start: Seconds.
        end: Seconds.
        relevance: Its sum over the stretch.
        share: Of the magnitude of all stretches of this length, for and against together; 0 to 1.
    """

    start: float
    end: float
    relevance: float
    share: float


@dataclass(frozen=True)
class WeighedPart:
    """A named part of the clip and what it weighs.

    Attributes:
        name: Of the part: a word, a window, a property of the voice.
        start: Seconds.
        end: Seconds.
        relevance: What it weighs.
        standard_error: Of the relevance, from sampling; None where nothing was drawn.
        chance: Of a part that weighs so much where nothing is where it was learned; None where
            nobody asked.
    """

    name: str
    start: float
    end: float
    relevance: float
    standard_error: float | None
    chance: float | None


@dataclass(frozen=True, eq=False)
class Curve:
    """Values over time: value i holds from ``start + i * step`` to ``start + (i + 1) * step``."""

    start: float
    step: float
    values: Float[ndarray, " frames"]
    name: str
