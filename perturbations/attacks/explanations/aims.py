"""Where the relevance shall go: away from the clean map, or towards another."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from perturbations.attacks.explanations.similarity import (
    TOP_SHARE,
    correlation,
    cosine_similarity,
    rank_correlation,
    strongest_cells,
    top_overlap,
)
from perturbations.errors import CorruptionError


@dataclass(frozen=True, eq=False)
class Aim(ABC):
    """Where the relevance of each clip shall go.

    Attributes:
        reference: A map for each clip: the one to leave, or to arrive at.
    """

    reference: Float[Tensor, "batch cells"]

    @abstractmethod
    def progress(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """What is climbed, about -1 to 1; differentiable. `rows` names the clips."""

    @abstractmethod
    def margin(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """How far beyond the aim the maps are, above -3; negative before it."""

    def _of(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, "some cells"]:
        if relevance.shape[1] != self.reference.shape[1]:
            raise CorruptionError(
                f"The explanation has {relevance.shape[1]} cells and the map it is compared with "
                f"{self.reference.shape[1]}; give maps of the same cells."
            )
        return self.reference.to(relevance)[rows.to(relevance.device)]


@dataclass(frozen=True, eq=False)
class AwayFromMap(Aim):
    """Another map: both its cosine with the clean one and the overlap of the strongest cells fall.

    Attributes:
        cosine: What the cosine must fall below; 0.4 is Audio-XAI's (arXiv 2606.14466).
        overlap: What the share of strongest cells in common must fall below; 0.3 is theirs.
        share: How many cells count as strongest; a tenth is theirs.
    """

    cosine: float = 0.4
    overlap: float = 0.3
    share: float = TOP_SHARE

    def progress(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """Minus the cosine with the clean map."""
        return -cosine_similarity(relevance, self._of(relevance, rows))

    def margin(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The lesser of both slacks where both are met, else what is missing, summed."""
        clean = self._of(relevance, rows)
        slack = torch.stack(
            [
                self.cosine - cosine_similarity(relevance, clean),
                self.overlap - top_overlap(relevance, clean, self.share),
            ]
        )
        least = slack.amin(dim=0)
        return torch.where(least > 0, least, slack.clamp(max=0).sum(dim=0))


@dataclass(frozen=True, eq=False)
class AwayFromRanks(Aim):
    """Another order of the cells by magnitude.

    Ranks have no gradient: what is climbed is minus the correlation of the magnitudes.

    Attributes:
        correlation: What Spearman's correlation with the clean map must fall below. Ours.
    """

    correlation: float = 0.3

    def progress(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """Minus Pearson's correlation of the magnitudes."""
        return -correlation(relevance.abs(), self._of(relevance, rows).abs())

    def margin(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The limit minus Spearman's correlation."""
        return self.correlation - rank_correlation(relevance, self._of(relevance, rows))


@dataclass(frozen=True, eq=False)
class AwayFromStrongest(Aim):
    """Little of the relevance is left where the clean map was strongest.

    Attributes:
        share: How many cells count as strongest.
        remains: Which part of their share of all magnitude may be left. Ours.
    """

    share: float = TOP_SHARE
    remains: float = 0.5

    def progress(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """Minus the share of all magnitude in those cells."""
        return -self._mass(relevance, self._of(relevance, rows))

    def margin(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """What may be left minus what is."""
        clean = self._of(relevance, rows)
        return self.remains * self._mass(clean, clean) - self._mass(relevance, clean)

    def _mass(
        self, relevance: Float[Tensor, "some cells"], clean: Float[Tensor, "some cells"]
    ) -> Float[Tensor, " some"]:
        size = relevance.abs()
        there = torch.where(strongest_cells(clean, self.share), size, 0.0).sum(dim=1)
        total = size.sum(dim=1)
        return there / torch.where(total > 0, total, 1.0)


@dataclass(frozen=True, eq=False)
class TowardsMap(Aim):
    """A map of the attacker's choice; `rolled` makes that of X-Shift (Audio-XAI).

    Attributes:
        cosine: What the cosine with the map must exceed. Ours.
    """

    cosine: float = 0.6

    @classmethod
    def rolled(cls, clean: Float[Tensor, "batch cells"]) -> "TowardsMap":
        """Towards the clean map moved by half the clip, as X-Shift does."""
        return cls(clean.roll(max(1, clean.shape[1] // 2), dims=1))

    def progress(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The cosine with the map."""
        return cosine_similarity(relevance, self._of(relevance, rows))

    def margin(
        self, relevance: Float[Tensor, "some cells"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """The cosine minus what it must exceed."""
        return self.progress(relevance, rows) - self.cosine


AIMS: dict[str, Callable[[Float[Tensor, "batch cells"]], Aim]] = {
    "away": AwayFromMap,
    "ranks": AwayFromRanks,
    "strongest": AwayFromStrongest,
    "rolled": TowardsMap.rolled,
}
"""Aims by name, made from the clean maps."""


def check_aim(name: str) -> None:
    """Refuse a name that stands for no aim.

    Raises:
        CorruptionError: There is no such aim; those there are get named.
    """
    if name not in AIMS:
        raise CorruptionError(f"There is no aim named '{name}'. There are: {', '.join(AIMS)}.")


def aim_named(name: str, clean: Float[Tensor, "batch cells"]) -> Aim:
    """The aim of that name, for these clean maps; errors as of `check_aim`."""
    check_aim(name)
    return AIMS[name](clean)
