"""What an attack on an explanation climbs: the relevance moves, the decision stays."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from perturbations.attacks.explanations.aims import Aim
from perturbations.attacks.explanations.kept_decision import KeptDecision
from perturbations.attacks.objectives import Appraisal, Logits, Objective
from perturbations.errors import CorruptionError

Relevance = Callable[[Float[Tensor, "some time"]], Float[Tensor, "some cells"]]

NOT_KEPT = -10.0  # below what any aim can give
RESERVE = 0.1  # share of what the score may fall, at which an attack is turned back


@dataclass(frozen=True, eq=False)
class ExplanationObjective(Objective):
    """Move the relevance and keep the decision.

    A perturbation that does not keep the decision is worse than any that does, so that the best so
    far always keeps it. Attacks with gradients are turned back by a penalty before they get there.

    Attributes:
        logits: The classifier.
        relevance: The explanation, on the same cells for every waveform. For attacks with gradients
            it must be differentiable, which asks for second derivatives of the classifier: those
            of a network of rectifiers or maxima on samples are zero, and only what bends (a
            logarithm in the front end, the sample in sample times gradient) leads anywhere.
        kept: The decision.
        aim: Where the relevance shall go.
        weight: Of the penalty, per what the score may fall. Ours.
    """

    logits: Logits
    relevance: Relevance
    kept: KeptDecision
    aim: Aim
    weight: float = 10.0

    def __call__(
        self, waveform: Float[Tensor, "some time"], rows: Int[Tensor, " some"]
    ) -> Appraisal:
        """See `Objective`.

        Raises:
            CorruptionError: Gradients are asked for and the explanation has none.
        """
        relevance = self.relevance(waveform)
        if waveform.requires_grad and not relevance.requires_grad:
            raise CorruptionError(
                "The explanation gives no gradients with respect to the samples; use 'square', "
                "which needs none."
            )
        excess = self.kept.excess(self.logits(waveform), rows)
        near = torch.relu(excess / self.kept.allowed(rows).to(excess) + RESERVE)
        loss = self.aim.progress(relevance, rows) - self.weight * near.to(relevance)
        beyond, over = self.aim.margin(relevance.detach(), rows), excess.detach().to(relevance)
        return Appraisal(loss, torch.where(over < 0, beyond, NOT_KEPT - over.clamp(min=0)))
