"""Relevance by operation: layer-wise relevance propagation for any PyTorch model.

    with lrp("epsilon_plus", module) as run:
        waveform = clips.clone().requires_grad_()
        scores = module(waveform)[:, 1]
    relevance = run.relevance(scores, waveform)

LRP and AttnLRP may be subject to patents; see the README.
"""

from torch import nn

from explainers.lrp.composites import Composite, composites, load_composite, register_composite
from explainers.lrp.errors import UnknownOperation
from explainers.lrp.input_rules import Box, Flat, WSquare
from explainers.lrp.mode import LRP
from explainers.lrp.registry import accept_gradient, adopts, answer, answered_operations
from explainers.lrp.rules import AlphaBeta, Epsilon, Gamma, z_plus

__all__ = [
    "LRP",
    "AlphaBeta",
    "Box",
    "Composite",
    "Epsilon",
    "Flat",
    "Gamma",
    "UnknownOperation",
    "WSquare",
    "accept_gradient",
    "adopts",
    "answer",
    "answered_operations",
    "composites",
    "load_composite",
    "lrp",
    "register_composite",
    "z_plus",
]


def lrp(composite: str | Composite = "epsilon", module: nn.Module | None = None) -> LRP:
    """A run of relevance propagation, to be entered while the model runs.

    Args:
        composite: Its rules, or their name.
        module: The model, so that the ledger and rules for layers can name its parts.

    Raises:
        ExplanationError: There is no composite of that name.
    """
    rules = load_composite(composite) if isinstance(composite, str) else composite
    return LRP(rules, module)
