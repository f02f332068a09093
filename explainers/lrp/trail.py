"""Which operation made every step of the gradient graph, so that no foreign one goes unnoticed.

What runs in C++ behind the mode's back (a scripted module, a foreign autograd function) leaves its
gradient in the graph all the same. Walking the graph from the target finds every such step.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explainers.lrp.errors import UnknownOperation
from explainers.lrp.ledger import Flow

Node = Any
Number = int
LEAF = "torch::autograd::AccumulateGrad"


def number(node: Node) -> Number:
    """What tells a step from all others; the step itself would keep the whole graph in memory."""
    return int(node._sequence_nr())


@dataclass(frozen=True)
class Step:
    """The outputs of one operation in the gradient graph.

    Attributes:
        flow: The operation.
        parents: The steps that made its inputs.
        answered: Whether it has a rule.
    """

    flow: Flow
    parents: frozenset[Number]
    answered: bool


class Trail:
    """The steps of one run."""

    def __init__(self) -> None:
        self._steps: dict[Number, Step] = {}

    def made(self, tensor: Tensor) -> Number | None:
        """The step that made a tensor; None for a leaf.

        A view whose base was written to gets a new step from autograd; it is noted here.
        """
        if tensor.grad_fn is None:
            return None
        step = number(tensor.grad_fn)
        base = None if tensor._base is None else tensor._base.grad_fn
        if step not in self._steps and base is not None:
            known = self._steps.get(number(base))
            if known is not None:
                self._steps[step] = Step(known.flow, frozenset([number(base)]), known.answered)
        return step

    def parents(self, inputs: Iterable[Tensor]) -> frozenset[Number]:
        """The steps that made these tensors."""
        made = (self.made(tensor) for tensor in inputs)
        return frozenset(step for step in made if step is not None)

    def stranger(self, tensor: Tensor) -> str | None:
        """The name of the foreign autograd function that made a tensor; None where we know it."""
        step = self.made(tensor)
        if step is None or step in self._steps or tensor.grad_fn is None:
            return None
        return str(tensor.grad_fn.name())

    def adopt(self, tensor: Tensor, flow: Flow) -> None:
        """Take the maker of a tensor for answered; what it was made of is looked at as ever."""
        self._steps[number(tensor.grad_fn)] = Step(flow, _Everything(), answered=True)

    def note(
        self, outputs: Iterable[Tensor], flow: Flow, parents: frozenset[Number], answered: bool
    ) -> None:
        """Remember which operation made these tensors."""
        step = Step(flow, parents, answered)
        for output in outputs:
            if output.grad_fn is not None:
                self._steps.setdefault(number(output.grad_fn), step)

    def check(self, target: Tensor, inputs: Iterable[Tensor]) -> None:
        """Walk from the target to the inputs.

        Raises:
            UnknownOperation: A step on the way has no rule; the message names it and its module.
        """
        leaves = {id(leaf) for leaf in inputs}
        waiting: list[tuple[Node, Step | None]] = [(target.grad_fn, None)]
        seen: set[Node] = set()
        while waiting:
            node, after = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if node.name() == LEAF:
                if id(node.variable) not in leaves:
                    raise _unknown("a weight that the operations did not see", after)
                continue
            step = self._steps.get(number(node))
            if step is not None:
                if not step.answered:
                    raise _unknown(step.flow.operation, step)
                after = step
            elif after is None or number(node) in after.parents:
                raise _unknown(node.name(), after)
            waiting += [(following, after) for following, _ in node.next_functions]


class _Everything(frozenset[Number]):
    """What a foreign step was given is not known, so all that comes before it is checked."""

    def __contains__(self, _: object) -> bool:
        return True


def _unknown(operation: str, near: Step | None) -> UnknownOperation:
    place = "" if near is None else (near.flow.place or "the model itself")
    where = f", called in {place}" if place else ""
    if near is not None and near.flow.operation != operation:
        where = f", which feeds '{near.flow.operation}' in {place}"
    return UnknownOperation(
        f"The operation '{operation}'{where} has no relevance rule, and relevance is not guessed. "
        "Register one with explainers.lrp.answer, or accept its plain gradient with "
        "explainers.lrp.accept_gradient."
    )
