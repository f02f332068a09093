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


@dataclass(frozen=True)
class Unknown:
    """An operation without a rule.

    Attributes:
        operation: Its name; for what runs behind torch's operations the node's in the gradient.
        place: Path of the module that called it, or that takes its result.
        feeds: The operation that takes its result, where it is not torch's own.
    """

    operation: str
    place: str
    feeds: str = ""

    def __str__(self) -> str:
        place = self.place or "the model itself"
        taken = f"which feeds '{self.feeds}' in" if self.feeds else "in"
        return f"'{self.operation}' {taken} {place}"


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

    def unknown(self, target: Tensor, inputs: Iterable[Tensor]) -> tuple[Unknown, ...]:
        """Every operation between the inputs and the target that has no rule, as they ran."""
        leaves = {id(leaf) for leaf in inputs}
        found: dict[Unknown, None] = {}
        # With every node: the known step that takes its result, and whether a foreign one lies
        # between, behind which nothing can be told.
        waiting: list[tuple[Node, Step | None, bool]] = [(target.grad_fn, None, False)]
        seen: set[Node] = set()
        while waiting:
            node, after, behind = waiting.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            near = ("", "") if after is None else (after.flow.place, after.flow.operation)
            step = self._steps.get(number(node))
            if step is not None:
                if not step.answered:
                    found[Unknown(step.flow.operation, step.flow.place)] = None
                after, behind = step, False
            elif node.name() == LEAF:
                if id(node.variable) not in leaves and not behind:
                    found[Unknown("a weight that the operations did not see", *near)] = None
                continue
            elif not behind and (after is None or number(node) in after.parents):
                found[Unknown(str(node.name()), *near)] = None
                behind = True
            waiting += [(following, after, behind) for following, _ in node.next_functions]
        return tuple(reversed(found))

    def check(self, target: Tensor, inputs: Iterable[Tensor]) -> None:
        """Walk from the target to the inputs.

        Raises:
            UnknownOperation: An operation on the way has no rule; the message names the first.
        """
        found = self.unknown(target, inputs)
        if found:
            raise UnknownOperation(
                f"The operation {found[0]} has no relevance rule, and relevance is not guessed. "
                "Register one with explainers.lrp.answer, accept its plain gradient with "
                "explainers.lrp.accept_gradient, or use a method that needs no rules, such as "
                "smoothgrad or occlusion."
            )


class _Everything(frozenset[Number]):
    """What a foreign step was given is not known, so all that comes before it is checked."""

    def __contains__(self, _: object) -> bool:
        return True
