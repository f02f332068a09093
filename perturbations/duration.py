"""How long a clip is: a part of it, or the whole of it again and again."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, check_shares, register_corruption
from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap

SHORTEST_SAMPLES = 2
MOST_TIMES = 100.0


def excerpt_start(length: int, kept: int, draw: float) -> int:
    """Where a stretch of `kept` samples begins that lies in a clip by chance.

    The same draw puts a shorter stretch inside a longer one.

    Args:
        length: Samples of the clip.
        kept: Samples of the stretch.
        draw: From 0 (the beginning) to 1 (the end).
    """
    return round(draw * (length - kept))


@register_corruption
@dataclass(frozen=True)
class Excerpt(ClipCorruption):
    """A stretch from anywhere in the clip, a share of its length; the rest is gone.

    Shorter ones lie inside longer ones. Recordings of real speech are longer than synthetic ones in
    many corpora, and a detector may count. No published levels were found; these are ours. Facts:
    `start_seconds`, and `seconds`, the new length.
    """

    name: ClassVar[str] = "excerpt"
    summary: ClassVar[str] = "Keeps a stretch of the clip."
    quantity: ClassVar[str] = "kept_share"
    primary: ClassVar[str] = "length_ratio"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (0.9, 0.7, 0.5, 0.3, 0.15)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`; at least two samples are kept."""
        kept = max(SHORTEST_SAMPLES, round(level * len(samples)))
        start = excerpt_start(len(samples), kept, self.generator(key).random())
        facts = {"start_seconds": start / sample_rate, "seconds": kept / sample_rate}
        moved = TimeMap.later(-start / sample_rate)
        return CorruptedSamples(samples[start : start + kept], moved, facts)


@register_corruption
@dataclass(frozen=True)
class Tiling(ClipCorruption):
    """The clip again and again, end to beginning, as detectors fill their fixed length.

    The time map tells the first round. No published levels were found; these are ours. Fact:
    `seconds`, the new length.
    """

    name: ClassVar[str] = "tiling"
    summary: ClassVar[str] = "Repeats the clip, end to beginning."
    quantity: ClassVar[str] = "times"
    primary: ClassVar[str] = "length_ratio"

    levels: tuple[float, ...] = (1.25, 1.5, 2.0, 3.0, 4.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(1 < times <= MOST_TIMES for times in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a clip can be heard more than "
                f"once and up to {MOST_TIMES:g} times."
            )

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,
        level: float,
        key: Key,  # noqa: ARG002
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        length = max(len(samples) + 1, round(level * len(samples)))
        source = torch.arange(length, device=samples.device) % len(samples)
        return CorruptedSamples(samples[source], facts={"seconds": length / sample_rate})
