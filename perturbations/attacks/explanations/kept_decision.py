"""The decision an attack on an explanation must leave as it is."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from perturbations.attacks.budgets import above_zero
from perturbations.attacks.objectives import Towards
from perturbations.errors import CorruptionError


@dataclass(frozen=True, eq=False)
class KeptDecision:
    """The label each clip has, and how far the score may move.

    Attributes:
        labels: One class index per clip.
        lead: Of each clean clip: the label's logit minus the best other.
        threshold: The lead that the label needs; 0 is the decision by the largest logit.
        tolerance: How far the lead may move from the clean one, in logits, above 0; infinity asks
            for the same label only, as published attacks do.
    """

    labels: Int[Tensor, " batch"]
    lead: Float[Tensor, " batch"]
    threshold: float = 0.0
    tolerance: float = math.inf

    def __post_init__(self) -> None:
        if not self.tolerance > 0:
            raise CorruptionError(
                f"A tolerance of {self.tolerance} was given; it must be above 0 logits."
            )

    @classmethod
    def of(
        cls,
        logits: Float[Tensor, "batch classes"],
        labels: Int[Tensor, " batch"] | None = None,
        threshold: float = 0.0,
        tolerance: float = math.inf,
    ) -> "KeptDecision":
        """The decision about clean clips, from their logits.

        Args:
            logits: Of the clean clips.
            labels: What was decided; the largest logit when not given.
            threshold: See `KeptDecision`.
            tolerance: See `KeptDecision`.
        """
        decided = logits.argmax(dim=1) if labels is None else labels.to(logits.device)
        lead = Towards(decided).margin(logits, torch.arange(len(logits), device=logits.device))
        return cls(decided, lead.detach(), threshold, tolerance)

    def excess(
        self, logits: Float[Tensor, "some classes"], rows: Int[Tensor, " some"]
    ) -> Float[Tensor, " some"]:
        """How far the decision is from being kept, in logits; it is kept where this is negative."""
        rows = rows.to(logits.device)
        lead = Towards(self.labels).margin(logits, rows)
        moved = (lead - self.lead.to(logits)[rows]).abs() - self.tolerance
        return torch.maximum(self.threshold - lead, moved)

    def allowed(self, rows: Int[Tensor, " some"]) -> Float[Tensor, " some"]:
        """How far the lead of the clean clips may fall, in logits, above 0."""
        room = (self.lead - self.threshold).clamp(max=self.tolerance)
        return above_zero(room)[rows.to(room.device)]
