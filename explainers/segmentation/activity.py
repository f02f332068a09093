"""Where a clip is active: an energy detector that learns the noise from the clip itself.

Every frequency's power is measured against its own floor, so hum and rumble count for nothing. The
threshold follows the floor and the peaks of the five seconds around. Runs open at a higher
threshold than they close at, and bridge short gaps (hangover).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.removal.parts import Stretch
from explainers.segmentation.stretches import gaps, runs
from perturbations.masking import SpectrumGrid

SPEECH_BAND = (100.0, 4000.0)  # hertz
SILENCE = -90.0  # decibels against full scale: below is no signal
DYNAMIC_RANGE = 45.0  # decibels below the peaks that count
FLOOR, PEAK = 2.0, 98.0  # percentiles over the neighbourhood
NEIGHBOURHOOD = 5.0  # seconds over which noise is taken to be steady
OPENS, CLOSES = 0.3, 0.15  # shares of the range from floor to peak
OPENS_AT_LEAST, CLOSES_AT_LEAST = 4.0, 2.5  # decibels above the floor: noise alone stays below


@dataclass(frozen=True)
class Detector:
    """What counts as active.

    Attributes:
        hangover: Gaps shorter than this are bridged, in seconds.
        shortest: Runs shorter than this are dropped, in seconds.
    """

    hangover: float
    shortest: float

    def stretches(self, waveform: Float[Tensor, " time"], sample_rate: int) -> list[Stretch]:
        """The active runs, in samples.

        A clip whose level never changes is one run, unless it is silent.
        """
        grid = SpectrumGrid.at(sample_rate)
        frames_per_second = sample_rate / grid.hop
        active = active_frames(levels(waveform, grid), frames_per_second)
        between = gaps(runs(active), len(active))[int(not active[0]) :]
        for start, stop in between:
            if stop < len(active) and stop - start < self.hangover * frames_per_second:
                active[start:stop] = True
        return [
            _samples(run, grid, len(active), len(waveform))
            for run in runs(active)
            if run[1] - run[0] >= self.shortest * frames_per_second
        ]


def levels(waveform: Float[Tensor, " time"], grid: SpectrumGrid) -> Float[np.ndarray, " frames"]:
    """Power between 100 and 4,000 Hz over the noise, frame by frame, in decibels.

    Every bin is divided by its own floor over the clip. Silence has minus infinity.
    """
    power = grid.transform(waveform[None])[0].abs().square().double().numpy()
    power *= 16 / (3 * grid.size**2)  # a Hann window's: the sum is the mean square of a frame
    crossing = grid.size // 2 // grid.hop  # frames at either end that reach beyond the clip
    if power.shape[1] > 2 * crossing:
        inner = np.arange(power.shape[1]).clip(crossing, power.shape[1] - crossing - 1)
        power = power[:, inner]
    hertz = np.fft.rfftfreq(grid.size, 1 / grid.sample_rate)
    in_band = (hertz >= SPEECH_BAND[0]) & (hertz <= SPEECH_BAND[1])
    power = power[in_band] if in_band.any() else power
    silent = power.sum(axis=0) < 10 ** (SILENCE / 10)
    loudest = np.percentile(power.sum(axis=0), PEAK) / len(power)
    floor = np.percentile(power, 10, axis=1, keepdims=True)
    floor = np.maximum(floor, loudest * 10 ** (-DYNAMIC_RANGE / 10))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(silent, -np.inf, 10 * np.log10((power / floor).mean(axis=0)))


def active_frames(
    level: Float[np.ndarray, " frames"], frames_per_second: float
) -> Bool[np.ndarray, " frames"]:
    """Frames that stand out from the floor around them."""
    from scipy.ndimage import percentile_filter

    heard = level > -np.inf
    if not heard.any():
        return heard
    finite = np.maximum(level, level[heard].max() - DYNAMIC_RANGE)
    size = max(1, round(NEIGHBOURHOOD * frames_per_second))
    floor = percentile_filter(finite, FLOOR, size, mode="reflect")
    spread = percentile_filter(finite, PEAK, size, mode="reflect") - floor
    if finite.max() - floor.min() < OPENS_AT_LEAST:
        return heard
    opens = finite > floor + np.maximum(OPENS_AT_LEAST, OPENS * spread)
    closes = heard & (finite > floor + np.maximum(CLOSES_AT_LEAST, CLOSES * spread))
    active = np.zeros_like(opens)
    for start, stop in runs(closes):
        active[start:stop] = opens[start:stop].any()
    return active


def _samples(run: Stretch, grid: SpectrumGrid, frames: int, length: int) -> Stretch:
    """A run of frames in samples: each reaches halfway to the next, the last to the clip's end."""
    start = max(0, run[0] * grid.hop - grid.hop // 2)
    stop = length if run[1] == frames else run[1] * grid.hop - grid.hop // 2
    return start, stop
