"""Corruptions that are a filter, designed for the level and the sample rate."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Corruption, Key
from perturbations.filters.linear import AnalogueDesign, filter_by

HIGHEST_SHARE_OF_NYQUIST = 0.9
"""Where a frequency is held that would leave no band at a low sample rate."""


@dataclass(frozen=True)
class DesignedFilter(Corruption):
    """A filter; a subclass fills in its `design`. It is causal: what it passes may come late."""

    @abstractmethod
    def design(self, level: float, sample_rate: int) -> AnalogueDesign | None:
        """The filter at one physical level; None where it would change nothing."""

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],  # noqa: ARG002
    ) -> Float[Tensor, "batch time"]:
        """See `Corruption.corrupt`."""
        design = self.design(level, sample_rate)
        return waveform if design is None else filter_by(waveform, design)
