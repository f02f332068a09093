"""What can be changed about the voice of a whole clip: pitch, speed, loudness and their like.

A property is a physical axis with values on it. Unlike a corruption it has no severities: its
values may lie on both sides of the neutral one, where the clip is as it was.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key, check_input
from perturbations.errors import CorruptionError
from perturbations.registry import Registry


@dataclass(frozen=True)
class VoiceProperty(ABC):
    """One property of a voice and the values to try; a subclass says how a value is given to it.

    Attributes:
        name: What it is called, `like-this`.
        unit: Of its values, as written on an axis.
        summary: What its values mean, in one line for people.
        neutral: The value at which the clip is as it was; may be infinite.
        lowest: The least value that can be asked for.
        highest: The greatest.
        random: Whether the result depends on the key.
        values: What to try, rising, without the neutral one.
    """

    name: ClassVar[str]
    unit: ClassVar[str]
    summary: ClassVar[str]
    neutral: ClassVar[float]
    lowest: ClassVar[float]
    highest: ClassVar[float]
    random: ClassVar[bool] = False

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        array = np.asarray(self.values, dtype=np.float64)
        inside = np.isfinite(array) & (array >= self.lowest) & (array <= self.highest)
        if not array.size or not inside.all() or self.neutral in self.values:
            raise CorruptionError(
                f"'{self.name}' was given the values {self.values}; give at least one, from "
                f"{self.lowest:g} to {self.highest:g} {self.unit}, without {self.neutral:g}, at "
                "which nothing changes."
            )
        if (np.diff(array) <= 0).any():
            raise CorruptionError(f"The values of '{self.name}', {self.values}, must be rising.")

    def variants(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,
        values: Sequence[float],
        key: Key,
    ) -> Iterator[Float[Tensor, " new"]]:
        """The clip with each of the values in turn, made as they are asked for.

        All values share the key's random numbers, so a curve over them is smooth. The neutral
        value goes the same way as the others: what the processing itself does to a clip shows
        there, and is not to be blamed on the property.

        Args:
            clip: At least two samples, on any device. Results may exceed [-1, 1].
            sample_rate: In hertz, 4,000 to 192,000.
            values: Any of the property's range, not only `self.values`.
            key: Of the random numbers, where there are any.

        Returns:
            Clips on the same device, of the same length unless the property is the speed.

        Raises:
            CorruptionError: The clip or a value is not as above.
        """
        check_input(clip[None], sample_rate, [key])
        for value in values:
            if value != self.neutral and not self.lowest <= value <= self.highest:
                raise CorruptionError(
                    f"The value {value:g} of '{self.name}' is out of its range, {self.lowest:g} "
                    f"to {self.highest:g} {self.unit}."
                )
        return self.vary(clip, sample_rate, values, key)

    @abstractmethod
    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,
        values: Sequence[float],
        key: Key,
    ) -> Iterator[Float[Tensor, " new"]]:
        """The clip with each of the values; what it is given has been checked."""


voice_properties: Registry[type[VoiceProperty]] = Registry(
    "voice property",
    "xaudio.voice_properties",
    (
        "perturbations.voice.intonation",
        "perturbations.voice.loudness",
        "perturbations.voice.noise",
        "perturbations.voice.pitch",
        "perturbations.voice.reverberation",
        "perturbations.voice.speed",
    ),
    CorruptionError,
)

Kind = TypeVar("Kind", bound=type[VoiceProperty])


def register_property(kind: Kind) -> Kind:
    """Decorator that files a property under its own name."""
    voice_properties.register(kind.name)(kind)
    return kind
