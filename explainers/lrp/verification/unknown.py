"""All operations between the target and the input that have no rule, not only the first."""

from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from explainers.lrp.mode import LRP
from explainers.lrp.trail import LEAF, Step, number


@dataclass(frozen=True)
class Unknown:
    """An operation without a rule.

    Attributes:
        operation: Its name; for what runs behind torch's operations the step's in the gradient.
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


def unknown_operations(run: LRP, scores: Float[Tensor, " batch"]) -> tuple[Unknown, ...]:
    """Every operation between the input and the scores that has no rule, in the order they ran.

    Args:
        run: A run that is over.
        scores: Made in it.
    """
    steps = run._trail._steps
    leaves = {id(leaf) for leaf in (*run.inputs.values(), *run.shadows.values())}
    found: dict[Unknown, None] = {}
    # With every step: the known one that takes its result, and whether a foreign one lies between.
    waiting: list[tuple[Any, Step | None, bool]] = [(scores.grad_fn, None, False)]
    seen: set[Any] = set()
    while waiting:
        node, after, behind = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        near = ("", "") if after is None else (after.flow.place, after.flow.operation)
        step = steps.get(number(node))
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
