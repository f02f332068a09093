"""Relevance through a single operation, and plain versions of it to hold it to."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.lrp import LRP, load_composite
from explainers.lrp.ledger import sinks_by_kind


@dataclass(frozen=True)
class Through:
    """What an operation handed back.

    Attributes:
        value: Its result.
        relevance: Of each input, in their order.
        coefficients: Their gradients.
        sinks: What each kind of sink took, for the batch as a whole.
    """

    value: Tensor
    relevance: list[Tensor]
    coefficients: list[Tensor]
    sinks: dict[str, Tensor]

    @property
    def total(self) -> Tensor:
        """All that was handed back or absorbed."""
        handed = sum(one.sum() for one in self.relevance)
        return handed + sum((amount.sum() for amount in self.sinks.values()), torch.tensor(0.0))


def through(operation, *inputs, composite="epsilon", arriving=None) -> Through:
    """Relevance `arriving` x value (by default the value itself) handed back by an operation.

    Inputs are leaves of the run, the first axis their clips.
    """
    rules = load_composite(composite) if isinstance(composite, str) else composite
    run = LRP(rules)
    with run:
        leaves = [one.clone().requires_grad_() for one in inputs]
        # As a model would have it: what an operation is given was made by another.
        given = [one.clone() for one in leaves]
        value = operation(*given)
    run.check(value)
    seed = torch.ones_like(value) if arriving is None else arriving
    found = torch.autograd.grad(value, leaves, seed, allow_unused=True)
    coefficients = [
        torch.zeros_like(leaf) if one is None else one
        for leaf, one in zip(leaves, found, strict=True)
    ]
    relevance = [leaf.detach() * one for leaf, one in zip(leaves, coefficients, strict=True)]
    return Through(value.detach(), relevance, coefficients, sinks_by_kind(run.flows))


def plainly(operation, *inputs, arriving=None) -> list[Tensor]:
    """Activation x gradient of an operation as autograd has it."""
    leaves = [one.clone().requires_grad_() for one in inputs]
    value = operation(*leaves)
    seed = torch.ones_like(value) if arriving is None else arriving
    found = torch.autograd.grad(value, leaves, seed, allow_unused=True)
    return [
        torch.zeros_like(leaf) if one is None else leaf.detach() * one
        for leaf, one in zip(leaves, found, strict=True)
    ]


def noise(*shape, seed=0, scale=1.0) -> Tensor:
    """Fixed normal numbers in double precision."""
    random = torch.Generator().manual_seed(seed)
    return scale * torch.randn(shape, generator=random, dtype=torch.float64)
