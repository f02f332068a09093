"""Which operations a model is made of, and what answers each."""

from dataclasses import dataclass

from explainers.lrp.composites import Composite
from explainers.lrp.ledger import Flow
from explainers.lrp.metering import can_be_metered
from explainers.lrp.naming import FUNCTIONAL, GETTER
from explainers.lrp.registry import find_answer
from explainers.lrp.rules import LinearRule
from explainers.lrp.verification.passes import Pass

OURS = "explainers.lrp.answers."


@dataclass(frozen=True)
class OperationMet:
    """An operation on the path from the samples to the score.

    Attributes:
        name: Of the operation.
        calls: How often it was called.
        carrying: How many of the calls were given relevance; the others are held constant, or
            lead nowhere. None where that is not measured.
        answered: By which rule, in words.
        places: Paths of the modules that called it.
    """

    name: str
    calls: int
    carrying: int | None
    answered: str
    places: tuple[str, ...]


def operations_met(found: Pass, composite: Composite) -> list[OperationMet]:
    """Every operation that the model itself called, by name; the most frequent first."""
    called: dict[str, list[Flow]] = {}
    for flow in found.flows:
        if flow.outer is None:
            called.setdefault(short_name(flow.operation), []).append(flow)
    unfolded: dict[int, list[str]] = {}
    for flow in found.flows:
        if flow.outer is not None:
            unfolded.setdefault(id(flow.outer), []).append(flow.operation)
    rules = {id(flow): rule for flow, rule in found.rules}
    return [
        _met(name, flows, unfolded, rules, composite)
        for name, flows in sorted(called.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


def _met(
    name: str,
    flows: list[Flow],
    unfolded: dict[int, list[str]],
    rules: dict[int, LinearRule],
    composite: Composite,
) -> OperationMet:
    inner = [short_name(part) for flow in flows for part in unfolded.get(id(flow), ())]
    parts = list(dict.fromkeys(inner))
    given = list(dict.fromkeys(repr(rules[id(flow)]) for flow in flows if id(flow) in rules))
    words = [*given, *([f"unfolded to {', '.join(parts)}"] if parts else [])]
    if len(words) == 0 or (given and len(flows) > sum(id(flow) in rules for flow in flows)):
        words.append(_family(flows[0].operation, composite))
    measured = not parts and can_be_metered(flows[0].operation)
    return OperationMet(
        name,
        len(flows),
        sum(flow.out is not None for flow in flows) if measured else None,
        "; ".join(words),
        tuple(dict.fromkeys(flow.place for flow in flows)),
    )


def _family(name: str, composite: Composite) -> str:
    """What answers an operation that takes no rule for layers."""
    known = find_answer(name)
    if known is None:
        return "its own gradient, as declared"
    where = known.__module__
    if short_name(name).endswith("batch_norm"):
        return "a scale per channel; its shift is a sink"
    if not where.startswith(OURS):
        return f"{where}.{known.__name__}"
    return _families(composite).get(where.removeprefix(OURS), where)


def _families(composite: Composite) -> dict[str, str]:
    attention, gate, product = (
        f"{first:g}:{second:g}"
        for first, second in (composite.attention, composite.gate, composite.product)
    )
    held = {"nothing": "plain gradient"}.get(
        composite.normalisation, f"{composite.normalisation} held constant"
    )
    return {
        "activations": "plain gradient where positive"
        if composite.activation == "guided"
        else "identity rule; a gate is held constant",
        "arithmetic": "each part by what it contributes",
        "attention": f"weights and values share {attention}",
        "extremes": "the winner takes all",
        "layers": "a rule for layers",
        "moving": "moved with its values",
        "normalisation": held,
        "products": f"factors share: attention {attention}, gate {gate}, else {product}",
        "recurrence": "gates held constant",
        "softmax": "Taylor expansion; held constant where it is a gate or a weight",
        "writing": "written along with the values",
    }


def short_name(operation: str) -> str:
    """As people call it, whether function, method or property.

    >>> short_name("functional.relu"), short_name("__add__"), short_name("real.__get__")
    ('relu', 'add', 'real')
    """
    return operation.removeprefix(FUNCTIONAL).removesuffix(GETTER).strip("_")
