"""A rectangle of a clip in time and frequency: what somebody drew on a spectrogram."""

from dataclasses import dataclass
from math import inf

from xaudio.errors import AudioError


@dataclass(frozen=True)
class Region:
    """From when to when, and between which frequencies.

    Attributes:
        start: In seconds from the beginning of the clip.
        end: In seconds, after the start.
        low: In hertz.
        high: In hertz, above `low`; infinity for all that lies above.

    Raises:
        AudioError: It has no extent, or begins before the clip or below 0 Hz.

    >>> Region(0.5, 0.75).seconds
    0.25
    """

    start: float
    end: float
    low: float = 0.0
    high: float = inf

    def __post_init__(self) -> None:
        if not (0.0 <= self.start < self.end and 0.0 <= self.low < self.high):
            raise AudioError(
                f"A region from {self.start:g} to {self.end:g} s and {self.low:g} to "
                f"{self.high:g} Hz has no extent; give a start before its end and a low frequency "
                "below the high one, neither below 0."
            )

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start
