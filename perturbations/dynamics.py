"""How loud a clip is: gain, fades, clipping, a constant added."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Corruption, Key, check_shares, register_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import peak

LARGEST_GAIN_DB = 120.0
LARGEST_DRIVE_DB = 80.0

FADE_SHAPES: dict[str, Callable[[Float[Tensor, "steps"]], Float[Tensor, "steps"]]] = {
    "linear": lambda steps: steps,
    "exponential": lambda steps: 2 ** (steps - 1) * steps,
    "logarithmic": lambda steps: torch.log10(0.1 + steps) + 1,
    "quarter-sine": lambda steps: torch.sin(steps * torch.pi / 2),
    "half-sine": lambda steps: (1 - torch.cos(steps * torch.pi)) / 2,
}
"""How the amplitude rises, from 0 to 1; the formulas are torchaudio's."""


def amplify(waveform: Float[Tensor, "batch time"], gain_db: float) -> Float[Tensor, "batch time"]:
    """Turned up or down; what exceeds full scale is cut off, as in a recorder."""
    return (waveform * 10 ** (gain_db / 20)).clamp_(-1, 1)


def add_offset(waveform: Float[Tensor, "batch time"], offset: float) -> Float[Tensor, "batch time"]:
    """A constant added; what exceeds full scale is cut off, as in a recorder."""
    return (waveform + offset).clamp_(-1, 1)


@lru_cache(maxsize=8)
def fade_envelope(
    length: int, count: int, shape: str, device: torch.device
) -> Float[Tensor, "{length}"]:
    """What fades the first `count` of `length` samples in from silence, and the last ones out.

    >>> fade_envelope(6, 3, "linear", torch.device("cpu")).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    # A tensor made in inference mode could never be part of a gradient later.
    with torch.inference_mode(False):
        rise = FADE_SHAPES[shape](torch.linspace(0, 1, count, device=device)).clamp(0, 1)
        held = torch.ones(length - 2 * count, device=device)
        return torch.cat([rise, held, rise.flip(0)])


def clip_share(waveform: Float[Tensor, "batch time"], share: float) -> Float[Tensor, "batch time"]:
    """Each clip cut off where a share of its samples is: the loudest of those that are not zero.

    Digital silence is not counted, so that a clip with long pauses is not silenced altogether. To
    a gradient the amplitude of the cut is a constant.
    """
    thresholds = [loudest_left(samples, share) for samples in waveform.detach().cpu().numpy()]
    threshold = torch.tensor(thresholds).to(waveform)[:, None]
    return torch.minimum(torch.maximum(waveform, -threshold), threshold)


def loudest_left(samples: Float[np.ndarray, " time"], share: float) -> float:
    """The magnitude that a share of the samples other than zero exceeds."""
    magnitudes = np.abs(samples)
    place = len(samples) - 1 - round(share * np.count_nonzero(samples))
    return float(np.partition(magnitudes, place)[place])


def saturate(waveform: Float[Tensor, "batch time"], drive_db: float) -> Float[Tensor, "batch time"]:
    """Hyperbolic tangent of each clip, driven so many dB above the peak it has and keeps.

    At 0 dB the peak is where tanh is asked at 1; far below, nothing happens.
    """
    drive = 10 ** (drive_db / 20)
    tiny = torch.finfo(waveform.dtype).tiny
    loudest = peak(waveform).clamp(min=tiny)[:, None]
    return torch.tanh(waveform / loudest * drive) * (loudest / math.tanh(drive))


@register_corruption
@dataclass(frozen=True)
class Gain(Corruption):
    """Turned up or down; what gets louder than full scale is cut off, as a recorder does.

    The default turns down, which damages nothing: it asks whether a detector listens to loudness.
    The levels are ours. Speech Robust Bench, arXiv 2403.07937, turns up by 10 to 40 dB.
    """

    name: ClassVar[str] = "gain"
    summary: ClassVar[str] = "Turns the clip down (or up, where what is too loud is cut off)."
    quantity: ClassVar[str] = "gain_db"
    primary: ClassVar[str] = "loudness_change_lu"

    levels: tuple[float, ...] = (-6.0, -12.0, -18.0, -24.0, -30.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(abs(gain) <= LARGEST_GAIN_DB for gain in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a gain must be from "
                f"{-LARGEST_GAIN_DB:g} to {LARGEST_GAIN_DB:g} dB."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return amplify(waveform, level)


@register_corruption
@dataclass(frozen=True)
class Fade(Corruption):
    """In from silence and out into it, each over a share of the clip.

    The levels are ours: Li et al., arXiv 2503.17577, name no lengths for their fade.

    Attributes:
        shape: One of ``linear``, ``exponential``, ``logarithmic``, ``quarter-sine``, ``half-sine``.
    """

    name: ClassVar[str] = "fade"
    summary: ClassVar[str] = "Fades the clip in and out."
    quantity: ClassVar[str] = "share"

    levels: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5)
    shape: str = "linear"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 < share <= 0.5 for share in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; the share of the clip that is "
                "faded at each end must be above 0 and at most 0.5."
            )
        if self.shape not in FADE_SHAPES:
            raise CorruptionError(
                f"'{self.name}' was given the shape {self.shape!r}; there are: "
                f"{', '.join(FADE_SHAPES)}."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        length = waveform.shape[1]
        count = math.floor(level * length)
        return waveform * fade_envelope(length, count, self.shape, waveform.device)


@register_corruption
@dataclass(frozen=True)
class Clipping(Corruption):
    """Hard clipping: a share of the samples, the loudest, is cut off at one amplitude.

    The shares are ours; those of audiomentations' `ClippingDistortion` go up to 0.4, too. The clip
    is as quiet as the cut leaves it.
    """

    name: ClassVar[str] = "clipping"
    summary: ClassVar[str] = "Cuts off the loudest samples."
    quantity: ClassVar[str] = "clipped_share"
    primary: ClassVar[str] = "clipped_share"

    levels: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.4)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self)

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return clip_share(waveform, level)


@register_corruption
@dataclass(frozen=True)
class SoftClipping(Corruption):
    """An overdriven amplifier: tanh of the clip, which keeps its peak.

    The drives are ours: no published sweep was found.
    """

    name: ClassVar[str] = "soft-clipping"
    summary: ClassVar[str] = "Overdrives the clip (tanh)."
    quantity: ClassVar[str] = "drive_db"

    levels: tuple[float, ...] = (0.0, 6.0, 12.0, 18.0, 24.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(abs(drive) <= LARGEST_DRIVE_DB for drive in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a drive must be from "
                f"{-LARGEST_DRIVE_DB:g} to {LARGEST_DRIVE_DB:g} dB."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return saturate(waveform, level)


@register_corruption
@dataclass(frozen=True)
class DcOffset(Corruption):
    """A constant added, as a bad sound card does; what exceeds full scale is cut off.

    The offsets are ours: no published sweep was found.
    """

    name: ClassVar[str] = "dc-offset"
    summary: ClassVar[str] = "Adds a constant."
    quantity: ClassVar[str] = "offset"
    primary: ClassVar[str] = "dc_offset"

    levels: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(-1 <= offset <= 1 for offset in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; an offset is a share of full "
                "scale, from -1 to 1."
            )

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        return add_offset(waveform, level)
