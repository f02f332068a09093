"""How clips of any length meet a model that takes a certain one.

Every fit is made of indexing and zeros, so gradients and relevance arrive on the clip's own
samples.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from xaudio.errors import ModelError


@dataclass(frozen=True)
class Fit(ABC):
    """Turns clips into model inputs, and the inputs' logits into the clips' logits."""

    name: ClassVar[str]

    @abstractmethod
    def inputs(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "inputs length"]:
        """What the model is fed; a clip's inputs stand together."""

    def merge(
        self, logits: Float[Tensor, "inputs classes"], batch: int
    ) -> Float[Tensor, "batch classes"]:
        """The clips' logits: the mean over each clip's inputs."""
        return logits.reshape(batch, -1, logits.shape[-1]).mean(dim=1)


@dataclass(frozen=True)
class AnyLength(Fit):
    """The model takes any length from `minimum` samples on; shorter clips get zeros at the end.

    >>> AnyLength(minimum=4).inputs(torch.ones(1, 3))
    tensor([[1., 1., 1., 0.]])
    """

    name: ClassVar[str] = "any"
    minimum: int = 1

    def inputs(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch length"]:
        """The clips themselves."""
        return pad(waveform, (0, max(0, self.minimum - waveform.shape[1])))


@dataclass(frozen=True)
class Tile(Fit):
    """Short clips are repeated, long ones cut, to `length` samples (AASIST's habit).

    >>> Tile(5).inputs(torch.tensor([[1.0, 2.0]]))
    tensor([[1., 2., 1., 2., 1.]])
    """

    name: ClassVar[str] = "tile"
    length: int = 64600

    def inputs(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch length"]:
        """The first `length` samples of each clip's endless repetition."""
        times = -(-self.length // waveform.shape[1])
        return waveform.repeat(1, times)[:, : self.length]


@dataclass(frozen=True)
class Pad(Fit):
    """Short clips get zeros at the end, long ones are cut, to `length` samples.

    >>> Pad(4).inputs(torch.ones(1, 3))
    tensor([[1., 1., 1., 0.]])
    """

    name: ClassVar[str] = "pad"
    length: int = 64600

    def inputs(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch length"]:
        """The first `length` samples, or all and zeros."""
        cut = waveform[:, : self.length]
        return pad(cut, (0, self.length - cut.shape[1]))


@dataclass(frozen=True)
class Crop(Fit):
    """Only the middle `length` samples are looked at; shorter clips are refused."""

    name: ClassVar[str] = "crop"
    length: int = 64600

    def inputs(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch length"]:
        """The middle of each clip."""
        spare = waveform.shape[1] - self.length
        if spare < 0:
            raise ModelError(
                f"A clip of {waveform.shape[1]} samples was given to a model that crops to "
                f"{self.length}; give a longer clip, or fit='pad:{self.length}'."
            )
        return waveform[:, spare // 2 : spare // 2 + self.length]


@dataclass(frozen=True)
class Windows(Fit):
    """Every clip is seen whole: windows of `length` samples every `hop`, their logits averaged.

    The last window ends where the clip ends. Clips shorter than one window are repeated.

    >>> Windows(length=2, hop=2).inputs(torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]))
    tensor([[1., 2.],
            [3., 4.],
            [4., 5.]])
    """

    name: ClassVar[str] = "windows"
    length: int = 64600
    hop: int = 32300

    def inputs(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "inputs length"]:
        """The windows of the first clip, then those of the second, and so on."""
        if waveform.shape[1] <= self.length:
            return Tile(self.length).inputs(waveform)
        last = waveform.shape[1] - self.length
        starts = [*range(0, last, self.hop), last]
        windows = torch.stack([waveform[:, s : s + self.length] for s in starts], dim=1)
        return windows.flatten(0, 1)


def parse_fit(text: str) -> Fit:
    """A fit from text, with lengths in samples.

    ``any``, ``any:400`` (at least 400), ``tile:64600``, ``pad:N``, ``crop:N``, ``windows:N`` or
    ``windows:N:HOP``.

    Raises:
        ModelError: The text is none of these.

    >>> parse_fit("windows:64600")
    Windows(length=64600, hop=32300)
    """
    name, _, sizes = text.partition(":")
    valid = re.fullmatch(r"([1-9]\d*(:[1-9]\d*)?)?", sizes) is not None
    numbers = [int(size) for size in sizes.split(":") if size] if valid else []
    match name, numbers:
        case "any", [] | [_] if valid:
            return AnyLength(*numbers)
        case "tile", [length]:
            return Tile(length)
        case "pad", [length]:
            return Pad(length)
        case "crop", [length]:
            return Crop(length)
        case "windows", [length]:
            return Windows(length, max(1, length // 2))
        case "windows", [length, hop]:
            return Windows(length, hop)
    raise ModelError(
        f"'{text}' is no fit; use any, tile:N, pad:N, crop:N, windows:N or windows:N:HOP, "
        "N and HOP in samples."
    )
