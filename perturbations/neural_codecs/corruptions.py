"""Clips through neural codecs, as corruptions: the bundled one, EnCodec, DAC and Mimi.

Another codec joins as they do: a `NeuralCodec`, and a registered `NeuralCoding` that loads it.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.neural_codecs.coding import NeuralCodec, code
from perturbations.neural_codecs.hugging_face import PUBLISHED, load_hugging_face
from perturbations.neural_codecs.residual import BUNDLED, load_residual_codec


@dataclass(frozen=True)
class NeuralCoding(ClipCorruption):
    """A neural codec whose severity is how few bits it is given.

    Each clip is coded on its own: the last digits of a network depend on the batch, and a code
    that flips is another sound.
    """

    quantity: ClassVar[str] = "bitrate_kbps"
    primary: ClassVar[str] = "bitrate_kbps"

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.levels) <= 0:
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; they are {self.quantity}, more "
                "than 0."
            )

    @abstractmethod
    def codec(self, device: torch.device) -> NeuralCodec:
        """The codec, loaded onto a device; loaded once."""

    def bitrate_kbps(self, codec: NeuralCodec, level: float) -> float:  # noqa: ARG002
        """What the codec is set to at a level."""
        return level

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,
        level: float,
        key: Key,  # noqa: ARG002
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        codec = self.codec(samples.device)
        return code(codec, samples.detach(), sample_rate, self.bitrate_kbps(codec, level))


@register_corruption
@dataclass(frozen=True)
class BundledCodec(NeuralCoding):
    """A small residual-vector-quantiser codec, bundled (see its card, ``residual.md``).

    It stands for the kind of damage that neural codecs do; how much of it, and with what voice, is
    its own. Its levels are 8, 6, 4, 2 and 1 of its eight codebooks. It works in double precision on
    the CPU wherever the clip lies, so that every machine picks the same codes.

    Attributes:
        weights: ``bundled``, or a ``.safetensors`` file written by
            ``perturbations.neural_codecs.training``.
    """

    name: ClassVar[str] = "neural-codec"
    summary: ClassVar[str] = "Encodes with a small neural codec (bundled) and back."
    primary: ClassVar[str] = "log_spectral_distance_db"

    levels: tuple[float, ...] = (3.6, 2.7, 1.8, 0.9, 0.45)
    weights: str = BUNDLED

    def codec(self, device: torch.device) -> NeuralCodec:  # noqa: ARG002
        """The codec of these weights."""
        return load_residual_codec(self.weights)


@register_corruption
@dataclass(frozen=True)
class Encodec(NeuralCoding):
    """EnCodec (Defossez et al. 2022) through transformers.

    The levels are its bandwidths, those of Li et al., arXiv 2503.17577, whose code fed it 16 kHz
    clips as if they were 24 kHz; here they are resampled in and out.

    Attributes:
        model: A folder, or an id on the Hugging Face hub.
    """

    name: ClassVar[str] = "encodec"
    summary: ClassVar[str] = "Encodes with EnCodec and back."

    levels: tuple[float, ...] = (24.0, 12.0, 6.0, 3.0, 1.5)
    model: str = PUBLISHED["encodec"]

    def codec(self, device: torch.device) -> NeuralCodec:
        """EnCodec."""
        return load_hugging_face(self.name, self.model, str(device))


@dataclass(frozen=True)
class CodebookCoding(NeuralCoding):
    """A neural codec whose severity is how few of its codebooks are used."""

    quantity: ClassVar[str] = "codebooks"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(level.is_integer() for level in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; they are whole numbers of "
                "codebooks."
            )

    def bitrate_kbps(self, codec: NeuralCodec, level: float) -> float:
        """The bit rate of so many codebooks.

        Raises:
            CorruptionError: The codec has fewer.
        """
        bitrates = sorted(codec.bitrates_kbps)
        if level > len(bitrates):
            raise CorruptionError(
                f"'{self.name}' was asked for {level:g} codebooks; this codec has {len(bitrates)}."
            )
        return bitrates[int(level) - 1]


@register_corruption
@dataclass(frozen=True)
class Dac(CodebookCoding):
    """The Descript Audio Codec (Kumar et al. 2023) through transformers.

    No published levels were found; 12 to 1 codebooks of its 16 kHz model are 6 to 0.5 kbit/s.

    Attributes:
        model: A folder, or an id on the Hugging Face hub.
    """

    name: ClassVar[str] = "dac"
    summary: ClassVar[str] = "Encodes with the Descript Audio Codec and back."

    levels: tuple[float, ...] = (12.0, 8.0, 4.0, 2.0, 1.0)
    model: str = PUBLISHED["dac"]

    def codec(self, device: torch.device) -> NeuralCodec:
        """The Descript Audio Codec."""
        return load_hugging_face(self.name, self.model, str(device))


@register_corruption
@dataclass(frozen=True)
class Mimi(CodebookCoding):
    """Mimi (Defossez et al. 2024, the codec of Moshi) through transformers.

    No published levels were found; 8 codebooks, as Moshi uses it, are 1.1 kbit/s, one is 0.14.

    Attributes:
        model: A folder, or an id on the Hugging Face hub.
    """

    name: ClassVar[str] = "mimi"
    summary: ClassVar[str] = "Encodes with Mimi and back."

    levels: tuple[float, ...] = (8.0, 6.0, 4.0, 2.0, 1.0)
    model: str = PUBLISHED["mimi"]

    def codec(self, device: torch.device) -> NeuralCodec:
        """Mimi."""
        return load_hugging_face(self.name, self.model, str(device))
