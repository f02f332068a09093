"""Where relevance went that did not reach the input: every sink, by its own formula.

A sink is an amount of relevance that an operation gives to something other than its inputs on the
path: a bias, a stabiliser, a constant, the shift of a softmax. Sinks are kept per operation and
per clip; with the relevance of the input they sum to the target.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass
class Flow:
    """One call of one operation.

    Attributes:
        operation: Its name.
        place: Path of the module that called it; empty at the top.
        outer: The operation that was unfolded to this one; None where the model called it.
        sinks: What each kind of sink absorbed, per clip.
        out: Relevance that arrived at its outputs, per clip; where flows are metered.
        into: Relevance that it handed to its inputs, per clip; where flows are metered.
    """

    operation: str
    place: str
    outer: "Flow | None" = None
    sinks: dict[str, Float[Tensor, " batch"]] = field(default_factory=dict)
    out: Float[Tensor, " batch"] | None = None
    into: Float[Tensor, " batch"] | None = None

    def absorb(self, kind: str, amounts: Float[Tensor, " batch"]) -> None:
        """Add to a sink."""
        known = self.sinks.get(kind)
        self.sinks[kind] = amounts if known is None else known + amounts

    def arrive(self, amounts: Float[Tensor, " batch"]) -> None:
        """Add to what arrived at the outputs."""
        self.out = amounts if self.out is None else self.out + amounts

    def hand_on(self, amounts: Float[Tensor, " batch"]) -> None:
        """Add to what was handed to the inputs."""
        self.into = amounts if self.into is None else self.into + amounts


class Ledger:
    """The sinks of one run."""

    def absorb(self, flow: Flow, kind: str, amounts: Callable[[], Float[Tensor, " batch"]]) -> None:
        """Enter what the sink takes."""
        flow.absorb(kind, amounts())


class NoLedger(Ledger):
    """Keeps no accounts: for measuring what accounts cost."""

    def absorb(self, flow: Flow, kind: str, amounts: Callable[[], Float[Tensor, " batch"]]) -> None:
        """Nothing."""


def per_clip(amounts: Float[Tensor, "*axes"], batch: int) -> Float[Tensor, " batch"]:
    """The sum of the amounts of each clip, handed on in double precision.

    Clips are the first axis, or the slow part of it (windows of clips, heads of clips); else the
    first axis that is as long as the batch. NaN where no axis fits but there is something to share,
    so that it shows.
    """
    if amounts.element_size() < 4:
        amounts = amounts.float()
    if batch == 1:
        return amounts.sum().double().reshape(1)
    if amounts.ndim and amounts.shape[0] % batch == 0:
        return amounts.reshape(batch, -1).sum(dim=1).double()
    for axis, length in enumerate(amounts.shape):
        if length == batch:
            return amounts.movedim(axis, 0).reshape(batch, -1).sum(dim=1).double()
    unknown = torch.full((batch,), torch.nan, dtype=torch.float64, device=amounts.device)
    return torch.where((amounts == 0).all(), 0.0, unknown)


def sinks_by_place(flows: list[Flow]) -> dict[tuple[str, str], Float[Tensor, " batch"]]:
    """What each kind of sink absorbed in each module: (path, kind) to amounts."""
    totals: dict[tuple[str, str], Tensor] = {}
    for flow in flows:
        for kind, amounts in flow.sinks.items():
            key = (flow.place, kind)
            totals[key] = totals[key] + amounts if key in totals else amounts
    return totals


def sinks_by_kind(flows: list[Flow]) -> dict[str, Float[Tensor, " batch"]]:
    """What each kind of sink absorbed in all."""
    totals: dict[str, Tensor] = {}
    for (_, kind), amounts in sinks_by_place(flows).items():
        totals[kind] = totals[kind] + amounts if kind in totals else amounts
    return totals
