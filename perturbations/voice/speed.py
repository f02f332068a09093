"""How fast a clip is spoken."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.timing import FASTEST, SLOWEST, stretch_time
from perturbations.voice.properties import VoiceProperty, register_property


@register_property
@dataclass(frozen=True)
class Speed(VoiceProperty):
    """The whole clip faster or slower at the same pitch; its length changes.

    The range is that of SpeechXAI (Pastor et al., EACL 2024, arXiv 2309.07733), every other value
    of it; there a ratio below one is faster, here one above.
    """

    name: ClassVar[str] = "speed"
    unit: ClassVar[str] = "times as fast"
    summary: ClassVar[str] = "Speaks faster or slower at the same pitch."
    neutral: ClassVar[float] = 1.0
    lowest: ClassVar[float] = SLOWEST
    highest: ClassVar[float] = FASTEST

    values: tuple[float, ...] = (0.55, 0.65, 0.75, 0.85, 0.95, 1.05, 1.15, 1.25, 1.35, 1.45)

    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,
        values: Sequence[float],
        key: Key,  # noqa: ARG002
    ) -> Iterator[Float[Tensor, " new"]]:
        """See `VoiceProperty.vary`."""
        for value in values:
            yield stretch_time(clip[None], sample_rate, value)[0]
