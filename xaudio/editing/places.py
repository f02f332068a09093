"""A drawn region as a place in one clip: whole samples, and a band that the clip has."""

from dataclasses import dataclass

import numpy as np

from xaudio.audio import Clip
from xaudio.errors import AudioError
from xaudio.regions import Region

SHORTEST_SECONDS = 0.005
NARROWEST_HZ = 20.0
MOST_TRIES = 20_000


@dataclass(frozen=True)
class Place:
    """A rectangle of a clip.

    Attributes:
        first: Its first sample.
        length: In samples.
        low: In hertz; 0 for all that lies below `high`.
        high: In hertz, at most half the sample rate.
        sample_rate: Of the clip, in hertz.
        samples: Of the clip.
    """

    first: int
    length: int
    low: float
    high: float
    sample_rate: int
    samples: int

    @property
    def stop(self) -> int:
        """The first sample after it."""
        return self.first + self.length

    @property
    def nyquist(self) -> float:
        """Half the sample rate, in hertz."""
        return self.sample_rate / 2

    @property
    def in_all_bands(self) -> bool:
        """Whether it holds all frequencies."""
        return self.low <= 0 and self.high >= self.nyquist

    @property
    def at_all_times(self) -> bool:
        """Whether it holds the whole clip in time."""
        return self.length == self.samples

    @property
    def region(self) -> Region:
        """The same in seconds and hertz."""
        rate = self.sample_rate
        return Region(self.first / rate, self.stop / rate, self.low, self.high)


def place_of(region: Region, clip: Clip) -> Place:
    """Where a region lies in a clip; what reaches beyond the clip is cut off.

    Raises:
        AudioError: It lies outside of the clip, or is too small to be cut out: shorter than 5 ms or
            lower than 20 Hz.

    >>> from xaudio.audio import clip_from_samples
    >>> clip = clip_from_samples(np.ones(16000), 16000)
    >>> place_of(Region(0.5, 2.0), clip).length
    8000
    """
    nyquist = clip.sample_rate / 2
    high = min(region.high, nyquist)
    first, length = round(region.start * clip.sample_rate), len(clip.samples)
    stop = min(round(min(region.end, clip.seconds) * clip.sample_rate), length)
    if first >= length or region.low >= nyquist:
        raise AudioError(
            f"The region from {region.start:g} to {region.end:g} s and {region.low:g} to "
            f"{region.high:g} Hz lies outside of '{clip.name}', which has {clip.seconds:.3f} s and "
            f"frequencies up to {nyquist:g} Hz."
        )
    if stop - first < SHORTEST_SECONDS * clip.sample_rate or high - region.low < NARROWEST_HZ:
        raise AudioError(
            f"The region of {1000 * (stop - first) / clip.sample_rate:.3g} ms by "
            f"{high - region.low:.3g} Hz is too small to be cut out; draw one of "
            f"{1000 * SHORTEST_SECONDS:g} ms by {NARROWEST_HZ:g} Hz or more."
        )
    return Place(first, stop - first, region.low, high, clip.sample_rate, length)


def places_elsewhere(place: Place, count: int, random: np.random.Generator) -> tuple[Place, ...]:
    """As many places of the same size that share nothing with this one, drawn evenly.

    They may overlap each other. Fewer, or none, where the clip has no room for them.
    """
    height = place.high - place.low
    firsts = random.integers(0, place.samples - place.length + 1, MOST_TRIES)
    lows = random.uniform(0.0, max(place.nyquist - height, 0.0), MOST_TRIES)
    apart_in_time = np.abs(firsts - place.first) >= place.length
    apart_in_band = np.abs(lows - place.low) >= height
    free = np.flatnonzero(apart_in_time | apart_in_band)[:count]
    return tuple(
        Place(
            int(firsts[one]),
            place.length,
            float(lows[one]),
            float(min(lows[one] + height, place.nyquist)),
            place.sample_rate,
            place.samples,
        )
        for one in free
    )


def room_for(place: Place) -> int:
    """How many places of this size fit side by side into the clip, this one among them."""
    in_time = place.samples // place.length
    in_band = int(place.nyquist / (place.high - place.low) + 1e-9)
    return in_time * in_band
