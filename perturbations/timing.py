"""What happens to a clip's clock and to its rate."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import (
    ClipCorruption,
    Corruption,
    Key,
    TimeMap,
    check_shares,
    register_corruption,
)
from perturbations.errors import CorruptionError
from perturbations.stretching import shift_pitch, stretch_time
from perturbations.waveform import cut_or_pad, resample

SLOWEST, FASTEST = 0.25, 4.0
WIDEST_SEMITONES = 24.0
LOWEST_RATE_SHARE = 0.02


def change_speed(
    waveform: Float[Tensor, "batch time"], sample_rate: int, rate: float
) -> Float[Tensor, "batch new"]:
    """Play each clip `rate` times as fast, as a tape would: its pitch moves along.

    Resampled with soxr in its high quality; what would pass half the sample rate is lost.

    Returns:
        ``[batch, round(time / rate)]``, at least one sample.
    """
    import soxr

    length = max(1, round(waveform.shape[1] / rate))
    rows = [
        torch.from_numpy(soxr.resample(row, rate * sample_rate, sample_rate))
        for row in waveform.detach().cpu().numpy()
    ]
    return cut_or_pad(torch.stack(rows), length).to(waveform)


def shift_time(samples: Float[Tensor, " time"], count: int) -> Float[Tensor, " time"]:
    """So many samples later (earlier where negative), silence in place of what is not there."""
    return torch.nn.functional.pad(samples, (count, -count))


@dataclass(frozen=True)
class ChangedRate(Corruption):
    """What is heard so many times as fast; the length changes, and `time_map` says how."""

    quantity: ClassVar[str] = "rate"
    primary: ClassVar[str] = "length_ratio"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(SLOWEST <= rate <= FASTEST for rate in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the rates {self.levels}; "
                f"they must be from {SLOWEST} (slow) to {FASTEST} (fast)."
            )

    @abstractmethod
    def played(
        self, waveform: Float[Tensor, "batch time"], sample_rate: int, rate: float
    ) -> Float[Tensor, "batch new"]:
        """Each clip `rate` times as fast."""

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch new"]:
        """See `Corruption.corrupt`."""
        return self.played(waveform, sample_rate, level)

    def time_map(self, level: float) -> TimeMap:
        """Everything runs `level` times as fast."""
        return TimeMap.speed(level)


@register_corruption
@dataclass(frozen=True)
class TimeStretch(ChangedRate):
    """Faster or slower at the same pitch; the length changes, and `time_map` says how.

    The rates are those of Li et al., arXiv 2503.17577, in the order of how far they are from one.
    Theirs cuts or pads to the old length; here what was said is all there.
    """

    name: ClassVar[str] = "time-stretch"
    summary: ClassVar[str] = "Speaks faster or slower at the same pitch."

    levels: tuple[float, ...] = (1.1, 0.9, 1.3, 0.7, 1.5)

    def played(
        self, waveform: Float[Tensor, "batch time"], sample_rate: int, rate: float
    ) -> Float[Tensor, "batch new"]:
        """See `stretch_time`."""
        return stretch_time(waveform, sample_rate, rate)


@register_corruption
@dataclass(frozen=True)
class Speed(ChangedRate):
    """Faster or slower as a tape is, pitch and all.

    Rates of 0.9 and 1.1 are those of Ko et al., Interspeech 2015; the others are ours.
    """

    name: ClassVar[str] = "speed"
    summary: ClassVar[str] = "Plays faster and higher, or slower and lower."

    levels: tuple[float, ...] = (1.1, 0.9, 1.25, 0.75, 1.5)

    def played(
        self, waveform: Float[Tensor, "batch time"], sample_rate: int, rate: float
    ) -> Float[Tensor, "batch new"]:
        """See `change_speed`."""
        return change_speed(waveform, sample_rate, rate)


@register_corruption
@dataclass(frozen=True)
class PitchShift(Corruption):
    """Higher or lower at the same speed and level, formants with it.

    Li et al., arXiv 2503.17577, shift by 0.5, 1 and 2 semitones up and down; three of these are
    here, and two in between that are ours, so that each severity shifts further than the last.
    """

    name: ClassVar[str] = "pitch-shift"
    summary: ClassVar[str] = "Shifts all frequencies up or down at the same speed."
    quantity: ClassVar[str] = "semitones"
    primary: ClassVar[str] = "pitch_semitones"

    levels: tuple[float, ...] = (0.5, -0.75, 1.0, -1.5, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(abs(semitones) <= WIDEST_SEMITONES for semitones in self.levels):
            raise CorruptionError(
                f"'pitch-shift' was given the levels {self.levels}; they must be from "
                f"{-WIDEST_SEMITONES:g} to {WIDEST_SEMITONES:g} semitones."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return shift_pitch(waveform, sample_rate, level)


@register_corruption
@dataclass(frozen=True)
class Resampling(Corruption):
    """Down to a share of the sample rate and back up: the band above the new Nyquist is gone.

    Shares of 0.75, 0.5, 0.25 and 0.125 are those of Speech Robust Bench (arXiv 2403.07937), where
    the fifth is ours.
    """

    name: ClassVar[str] = "resampling"
    summary: ClassVar[str] = "Resamples to a lower rate and back."
    quantity: ClassVar[str] = "rate_share"
    primary: ClassVar[str] = "highest_hz"

    levels: tuple[float, ...] = (0.75, 0.5, 0.375, 0.25, 0.125)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(LOWEST_RATE_SHARE <= share < 1 for share in self.levels):
            raise CorruptionError(
                f"'resampling' was given the levels {self.levels}; a share of the sample rate must "
                f"be from {LOWEST_RATE_SHARE:g} to below 1."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        lower = round(level * sample_rate)
        there_and_back = resample(resample(waveform, sample_rate, lower), lower, sample_rate)
        return cut_or_pad(there_and_back, waveform.shape[1])


@register_corruption
@dataclass(frozen=True)
class TimeShift(ClipCorruption):
    """The clip begins earlier or later, by chance; what is pushed out is lost, silence comes in.

    The level is the largest shift, as a share of the clip; at least half of it is taken. No
    published levels were found; these are ours. Facts: `shift_seconds` (positive is later),
    `lost_share` of the clip, `seconds`.
    """

    name: ClassVar[str] = "time-shift"
    summary: ClassVar[str] = "Begins earlier or later; silence fills the gap."
    quantity: ClassVar[str] = "largest_share"
    primary: ClassVar[str] = "lost_share"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.4)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        generator = self.generator(key)
        direction, share = 2 * int(generator.integers(2)) - 1, generator.uniform(0.5, 1.0)
        length = len(samples)
        count = direction * min(length - 1, max(1, round(level * share * length)))
        facts = {
            "shift_seconds": count / sample_rate,
            "lost_share": abs(count) / length,
            "seconds": length / sample_rate,
        }
        time_map = TimeMap.later(count / sample_rate)
        return CorruptedSamples(shift_time(samples, count), time_map, facts)
