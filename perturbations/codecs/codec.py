"""Lossy codecs as corruptions, graded by their bit rate."""

from abc import abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from perturbations.codecs.coder import Coder
from perturbations.codecs.transmission import code_clip
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key
from perturbations.errors import CorruptionError


@dataclass(frozen=True)
class Codec(ClipCorruption):
    """A codec whose severity is its bit rate; the fact `bitrate_kbps` is what it really took."""

    quantity: ClassVar[str] = "bitrate_kbps"
    primary: ClassVar[str] = "bitrate_kbps"

    @abstractmethod
    def coder(self, sample_rate: int, level: float) -> Coder:
        """The coder for clips of this rate."""

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,
        level: float,
        key: Key,  # noqa: ARG002
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        coded, kbps = code_clip(samples, sample_rate, self.coder(sample_rate, level))
        return CorruptedSamples(coded, facts={"bitrate_kbps": kbps})


def check_bitrates(name: str, asked: Collection[float], known: Collection[float]) -> None:
    """Refuse a bit rate that a codec does not have."""
    if not set(asked) <= set(known):
        raise CorruptionError(
            f"'{name}' was given {', '.join(f'{kbps:g}' for kbps in asked)} kbit/s; "
            f"it has {', '.join(f'{kbps:g}' for kbps in sorted(known))} kbit/s."
        )


def check_range(
    name: str, asked: Collection[float], lowest: float, highest: float, unit: str
) -> None:
    """Refuse a level below the lowest or above the highest."""
    if not all(lowest <= level <= highest for level in asked):
        raise CorruptionError(
            f"'{name}' was given {', '.join(f'{level:g}' for level in asked)} {unit}; "
            f"it takes {lowest:g} to {highest:g} {unit}."
        )


def rate_at_least(sample_rate: int, rates: Collection[int]) -> int:
    """The lowest of a codec's sample rates that holds a clip's whole band, else its highest."""
    return min((rate for rate in rates if rate >= sample_rate), default=max(rates))
