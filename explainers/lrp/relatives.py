"""Relatives of relevance propagation, from the same rules: they differ by a composite alone.

Input x gradient, the plainest of them, is in `explainers.gradients`.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch

from explainers.arrays import to_array
from explainers.explainer import Attribution, Explainer, Task, register_explainer
from explainers.lrp.composites import PLAIN, Composite, register_composite
from explainers.lrp.explainer import RelevanceOfSamples
from explainers.lrp.ledger import NoLedger
from explainers.lrp.mode import LRP
from explainers.lrp.rules import Epsilon, z_plus


def guided_backprop() -> Composite:
    """The plain gradient, its negative part stopped at activations.

    It keeps no accounts, so it is no composite to choose for relevance, and not registered.
    """
    return Composite(
        "guided_backprop",
        dense=Epsilon(0.0),
        convolution=Epsilon(0.0),
        attention=PLAIN,
        gate=PLAIN,
        product=PLAIN,
        normalisation="nothing",
        activation="guided",
        levels="linear",
    )


@register_composite
def excitation_backprop() -> Composite:
    """Every layer by its positive contributions (Zhang et al. 2016)."""
    return Composite("excitation_backprop", dense=z_plus(), convolution=z_plus())


@register_explainer
@dataclass(frozen=True)
class GuidedBackprop(Explainer):
    """Absolute gradient that passes activations only where positive (Springenberg et al. 2015).

    It shows structure of the input more than reasons of the model: with random weights it looks
    much the same (Adebayo et al. 2018). It is here to be compared with.
    """

    name: ClassVar[str] = "guided-backprop"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "The gradient's size, what lowers an activation left out on the way."

    def attribute(self, task: Task) -> list[Attribution]:
        """The magnitude of the guided gradient on every sample."""
        leaf = task.waveform.detach().clone().requires_grad_()
        run = LRP(guided_backprop(), task.scoring.model.module, NoLedger())
        with torch.enable_grad(), run:
            # The model may write to what it is given; a leaf it may not.
            scores = task.scoring(leaf.clone())
        _, gradient = run.propagate(scores, leaf)
        assert gradient is not None
        task.progress(1.0)
        return [Attribution(to_array(row.abs())) for row in gradient]


@register_explainer
@dataclass(frozen=True)
class ExcitationBackprop(Explainer):
    """Relevance by positive contributions in every layer (Zhang et al. 2016).

    The paper's winning probabilities times the score. They have one sign as long as the target is
    one logit and no residual sum mixes signs; a contrast of logits is the paper's contrastive
    form. A waveform is negative half of the time: a sample counts by the sign of its contribution
    (weight x sample), not by that of the weight, or half of the clip would be left out.
    """

    name: ClassVar[str] = "excitation-backprop"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "The score handed back along contributions that raise what they feed."

    def attribute(self, task: Task) -> list[Attribution]:
        """Relevance on samples; the ledger holds what biases and constants took."""
        return RelevanceOfSamples("excitation_backprop").attribute(task)
