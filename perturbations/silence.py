"""Silence that is put in, taken out, or added around."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import (
    ClipCorruption,
    Key,
    check_shares,
    register_corruption,
)
from perturbations.errors import CorruptionError
from perturbations.gaussian import draw_gaussian
from perturbations.time_map import TimeMap
from perturbations.waveform import rms

SHORTEST_GAP_SECONDS, LONGEST_GAP_SECONDS = 0.01, 0.1
FRAME_SECONDS = 0.01
LOWEST_THRESHOLD_DB = -120.0
INSTANT = 1e-7
LONGEST_PADDING_SECONDS = 60.0
FAINT_DB = -60.0


def dropped(
    length: int, share: float, sample_rate: int, generator: np.random.Generator
) -> Bool[np.ndarray, "{length}"]:
    """Which samples go when a share of them (one at least) drops out, in gaps of 10 to 100 ms.

    The gaps come one after the other until enough is lost, the last one cut short, so that a
    larger share drops all that a smaller one does.
    """
    wanted = max(1, round(share * length))
    lost = np.zeros(length, dtype=bool)
    missing = wanted
    while missing > 0:
        seconds = generator.uniform(SHORTEST_GAP_SECONDS, LONGEST_GAP_SECONDS)
        size = max(1, round(seconds * sample_rate))
        start = int(generator.integers(-size + 1, length))
        gap = slice(max(0, start), start + size)
        heard = np.flatnonzero(~lost[gap])[:missing] + gap.start
        lost[heard] = True
        missing -= len(heard)
    return lost


def sounding_spans(
    samples: Float[np.ndarray, " time"], frame: int, threshold_db: float
) -> tuple[np.ndarray, np.ndarray]:
    """First and last-but-one samples of the runs of frames that are loud enough.

    Args:
        samples: One clip.
        frame: Samples of a frame.
        threshold_db: A frame is loud when its peak lies so far below the clip's, or above that.
    """
    peaks = np.maximum.reduceat(np.abs(samples), np.arange(0, len(samples), frame))
    loud = (peaks > 0) & (peaks >= peaks.max() * 10 ** (threshold_db / 20))
    turns = np.flatnonzero(np.diff(loud, prepend=False, append=False)) * frame
    return turns[::2], np.minimum(turns[1::2], len(samples))


def kept_spans(
    samples: Float[np.ndarray, " time"], frame: int, threshold_db: float, margin: int, pause: int
) -> list[tuple[int, int]]:
    """What trimming keeps, as spans of samples: sound, its margins, and the rims of long pauses.

    A clip that is all silence is a pause.
    """
    length = len(samples)
    starts, ends = sounding_spans(samples, frame, threshold_db)
    if not len(starts):
        return [(0, min(length, max(2, pause)))]
    long = starts[1:] - ends[:-1] > pause
    begin = max(0, int(starts[0]) - margin)
    finish = min(length, int(ends[-1]) + margin)
    span_starts = [begin, *(starts[1:][long] - (pause - pause // 2)).tolist()]
    span_ends = [*(ends[:-1][long] + pause // 2).tolist(), finish]
    return list(zip(span_starts, span_ends, strict=True))


def joined_map(spans: list[tuple[int, int]], sample_rate: int) -> TimeMap:
    """Where instants go when spans of samples are joined and what lies between them is cut out.

    What is cut passes within a tenth of a microsecond, before what follows it.
    """
    source, target, so_far = [], [], 0
    for start, end in spans:
        source += [start / sample_rate, end / sample_rate]
        target += [so_far / sample_rate, (so_far + end - start) / sample_rate - INSTANT]
        so_far += end - start
    target[-1] += INSTANT
    return TimeMap(tuple(source), tuple(target))


@register_corruption
@dataclass(frozen=True)
class Dropouts(ClipCorruption):
    """Stretches of 10 to 100 ms go to digital silence, as where a buffer runs empty.

    The level is the share of the clip that is lost; a harsher one loses all that a milder one does
    and more. No published levels were found; these are ours. Fact: `lost_share`, exact.
    """

    name: ClassVar[str] = "dropouts"
    summary: ClassVar[str] = "Loses short stretches to digital silence."
    quantity: ClassVar[str] = "share"
    primary: ClassVar[str] = "silent_share"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (0.01, 0.03, 0.1, 0.2, 0.3)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        lost = dropped(len(samples), level, sample_rate, self.generator(key))
        gone = torch.from_numpy(lost).to(samples.device)
        return CorruptedSamples(
            samples.masked_fill(gone, 0.0), facts={"lost_share": float(lost.mean())}
        )


@register_corruption
@dataclass(frozen=True)
class SilenceTrimming(ClipCorruption):
    """Cuts out what is softer than a threshold: at the ends, and in pauses that are long.

    Frames of 10 ms are compared with the loudest, by their peaks. The higher the threshold, the
    more counts as silence: at first the room between words, at last the soft ends of words. That
    detectors lean on silence is known (Mueller et al., arXiv 2106.12914); published thresholds were
    not found, these are ours, chosen so that each cuts something of read speech. Where nothing is
    so soft, nothing is cut. A clip that is all silence is one pause. Facts: `removed_share` of the
    clip, `seconds` left.

    Attributes:
        margin_seconds: Kept before the first sound and after the last.
        pause_seconds: What is left of a longer pause. 60 leaves the pauses of most clips alone.
    """

    name: ClassVar[str] = "silence-trimming"
    summary: ClassVar[str] = "Cuts silence off the ends and shortens long pauses."
    quantity: ClassVar[str] = "threshold_db"
    primary: ClassVar[str] = "length_ratio"

    levels: tuple[float, ...] = (-40.0, -35.0, -30.0, -25.0, -20.0)
    margin_seconds: float = 0.02
    pause_seconds: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(LOWEST_THRESHOLD_DB <= level < 0 for level in self.levels):
            raise CorruptionError(
                f"'silence-trimming' was given the levels {self.levels}; a threshold must be from "
                f"{LOWEST_THRESHOLD_DB:g} to below 0 dB of the peak."
            )
        for name in ("margin_seconds", "pause_seconds"):
            if not 0 <= getattr(self, name) <= LONGEST_PADDING_SECONDS:
                raise CorruptionError(
                    f"'silence-trimming' was given {getattr(self, name)} as '{name}'; it must be "
                    f"from 0 to {LONGEST_PADDING_SECONDS:g} s."
                )

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,
        level: float,
        key: Key,  # noqa: ARG002
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        frame, margin, pause = (
            round(seconds * sample_rate)
            for seconds in (FRAME_SECONDS, self.margin_seconds, self.pause_seconds)
        )
        spans = kept_spans(samples.detach().cpu().numpy(), frame, level, margin, pause)
        kept = torch.cat([samples[start:end] for start, end in spans])
        facts = {
            "removed_share": 1 - len(kept) / len(samples),
            "seconds": len(kept) / sample_rate,
        }
        return CorruptedSamples(kept, joined_map(spans, sample_rate), facts)


@dataclass(frozen=True)
class Padding(ClipCorruption):
    """Something quiet for so many seconds before the clip and as many after it.

    No published levels were found; these are ours. Fact: `seconds`, the new length.
    """

    quantity: ClassVar[str] = "seconds_each_side"
    primary: ClassVar[str] = "length_ratio"

    levels: tuple[float, ...] = (0.1, 0.25, 0.5, 1.0, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 < seconds <= LONGEST_PADDING_SECONDS for seconds in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; they must be above 0 and at "
                f"most {LONGEST_PADDING_SECONDS:g} s."
            )

    @abstractmethod
    def quiet(
        self, samples: Float[Tensor, " time"], count: int, key: Key
    ) -> Float[Tensor, "2 {count}"]:
        """What comes before the clip and after it, `count` samples each."""

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        count = max(1, round(level * sample_rate))
        before, after = self.quiet(samples, count, key)
        padded = torch.cat([before, samples, after])
        return CorruptedSamples(
            padded, TimeMap.later(count / sample_rate), {"seconds": len(padded) / sample_rate}
        )


@register_corruption
@dataclass(frozen=True)
class SilencePadding(Padding):
    """Digital silence before the clip and after it."""

    name: ClassVar[str] = "silence-padding"
    summary: ClassVar[str] = "Adds digital silence before and after."

    def quiet(
        self,
        samples: Float[Tensor, " time"],
        count: int,
        key: Key,  # noqa: ARG002
    ) -> Float[Tensor, "2 {count}"]:
        """See `Padding.quiet`."""
        return samples.new_zeros(2, count)


@register_corruption
@dataclass(frozen=True)
class NoisePadding(Padding):
    """Silence as a room has it before the clip and after it: white noise 60 dB below its level."""

    name: ClassVar[str] = "noise-padding"
    summary: ClassVar[str] = "Adds faint noise before and after."
    random: ClassVar[bool] = True

    def quiet(
        self, samples: Float[Tensor, " time"], count: int, key: Key
    ) -> Float[Tensor, "2 {count}"]:
        """See `Padding.quiet`."""
        noise = draw_gaussian([self.generator(key)], 2 * count).to(samples)
        return (rms(samples[None]) * 10 ** (FAINT_DB / 20) * noise).view(2, count)
