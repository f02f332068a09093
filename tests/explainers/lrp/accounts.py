"""One run of a network under a composite, and whether its accounts are right."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.lrp import LRP, load_composite
from explainers.lrp.ledger import Flow, sinks_by_place


@dataclass(frozen=True)
class Account:
    """What a run gave.

    Attributes:
        run: The mode, after its backward pass.
        outputs: Of the module, as the mode let it compute them.
        scores: What was explained, one number per clip.
        relevance: Of the input.
    """

    run: LRP
    outputs: Tensor
    scores: Tensor
    relevance: Tensor

    @property
    def unfolded(self) -> bool:
        """Whether an operation was answered by several others."""
        return any(flow.outer is not None for flow in self.run.flows)

    def sinks(self) -> dict[tuple[str, str], Tensor]:
        """What each kind of sink absorbed in each module, per clip."""
        return sinks_by_place(self.run.flows)

    def missing(self) -> Tensor:
        """What of each clip's score is neither at the input nor in the ledger, as a share of it."""
        found = self.relevance.double().flatten(1).sum(dim=1)
        total = sum(self.sinks().values(), found)
        scores = self.scores.double()
        return ((total - scores) / scores).abs()


def account(module, clips, composite="epsilon", *, metered=False, target=1) -> Account:
    """Relevance of one output of a module."""
    rules = load_composite(composite) if isinstance(composite, str) else composite
    run = LRP(rules, module, metered=metered)
    with run:
        inputs = clips.clone().requires_grad_()
        outputs = module(inputs)
        scores = outputs[:, target]
    relevance = run.relevance(scores, inputs)
    return Account(run, outputs.detach(), scores.detach(), relevance)


def leaks(run: LRP, tolerance: float, floor: Tensor) -> list[str]:
    """The operations that do not hand on, or enter in the ledger, what they were given.

    An operation may lose `tolerance` of what arrives at it; what is lost below `floor` (per clip)
    is rounding.
    """
    found = []
    for flow, sinks in _sinks_with_parts(run.flows):
        if flow.out is None:
            continue
        handed = torch.zeros_like(flow.out) if flow.into is None else flow.into
        lost = (flow.out - handed - sinks).abs()
        # Not `lost > ...`: NaN is a leak.
        if not bool((lost <= tolerance * flow.out.abs() + floor).all()):
            found.append(f"{flow.operation} in '{flow.place}' loses {lost.max():.1e}")
    return found


def _sinks_with_parts(flows: list[Flow]) -> list[tuple[Flow, Tensor | float]]:
    """The sinks of each operation; those of the operations it was unfolded to are its own too."""
    totals = {id(flow): sum(flow.sinks.values()) for flow in flows}
    for flow in reversed(flows):
        if flow.outer is not None:
            totals[id(flow.outer)] = totals[id(flow.outer)] + totals[id(flow)]
    return [(flow, totals[id(flow)]) for flow in flows]
