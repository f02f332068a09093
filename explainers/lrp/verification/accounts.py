"""The accounts of a run: does every operation hand on what it is given, and what kept the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from explainers.lrp.ledger import Flow, sinks_by_place
from explainers.lrp.verification.passes import Pass

Amounts = dict[str, float]


@dataclass(frozen=True)
class Balance:
    """The account of a whole run on one clip.

    Attributes:
        score: The target's value.
        received: Relevance of all samples, with its sign.
        absorbed: What all sinks took, with its sign.
        size: Sum of the absolute relevance of the samples.
    """

    score: float
    received: float
    absorbed: float
    size: float

    @property
    def error(self) -> float:
        """How far input and sinks are from the score, as a share of the larger of both sides."""
        off = abs(self.received + self.absorbed - self.score)
        return off / max(self.size, abs(self.score), 1e-30)


@dataclass(frozen=True)
class Row:
    """The account of one call of one operation.

    Attributes:
        place: Path of the module that called it; empty for the model itself.
        operation: Its name.
        arrives: Relevance at its outputs.
        handed_on: Relevance it gave to its inputs.
        absorbed: What each kind of sink took.
        error: What is missing, as a share of the largest amount in the run.
    """

    place: str
    operation: str
    arrives: float
    handed_on: float
    absorbed: Amounts
    error: float


@dataclass(frozen=True)
class Layer:
    """The account of consecutive operations in one part of the model.

    Attributes:
        place: Path of the part; empty for the model itself.
        operations: Their names in the order of the calls.
        arrives: Relevance at the outputs of the last.
        handed_on: Relevance that it gave to its inputs; None where there are several, which may
            hand on to each other.
        absorbed: What each kind of sink took, in all of them.
        error: The largest of their errors.
    """

    place: str
    operations: tuple[str, ...]
    arrives: float
    handed_on: float | None
    absorbed: Amounts
    error: float


@dataclass(frozen=True)
class Sink:
    """Where relevance went that did not reach the input.

    Attributes:
        kind: Of sink.
        amount: With its sign.
        places: What it took in every module, the largest first.
    """

    kind: str
    amount: float
    places: Amounts


def balance(found: Pass) -> Balance:
    """The account of a run on one clip."""
    relevance = found.found[0].double()
    sunk = sinks_by_place(list(found.flows)).values()
    absorbed = sum((float(amounts[0]) for amounts in sunk), 0.0)
    size = float(relevance.abs().sum())
    return Balance(float(found.scores[0]), float(relevance.sum()), absorbed, size)


def rows(found: Pass) -> list[Row]:
    """The account of every operation that was metered, in the order of the calls.

    An operation that was unfolded is accounted for by what it was unfolded to.
    """
    whole = balance(found)
    metered = [flow for flow in found.flows if flow.out is not None]
    arrivals = [abs(float(flow.out[0])) for flow in metered if flow.out is not None]
    # In single precision what is added up is rounded, however little of it is left in the end.
    rounded = whole.size if found.found.dtype == torch.float32 else 0.0
    scale = max([abs(whole.score), rounded, 1e-30, *arrivals])
    return [_row(flow, scale) for flow in metered]


def layers(accounts: Iterable[Row], depth: int) -> list[Layer]:
    """The accounts of consecutive operations, put together where their paths agree so far.

    Args:
        accounts: In the order of the calls.
        depth: How many steps of a path tell layers apart.
    """
    groups: list[tuple[str, list[Row]]] = []
    for row in accounts:
        place = ".".join(row.place.split(".")[:depth])
        if not groups or groups[-1][0] != place:
            groups.append((place, []))
        groups[-1][1].append(row)
    return [_layer(place, group) for place, group in groups]


def sinks(found: Pass) -> list[Sink]:
    """What every kind of sink took, the largest first."""
    kinds: dict[str, Amounts] = {}
    for (place, kind), amounts in sinks_by_place(list(found.flows)).items():
        kinds.setdefault(kind, {})[place] = float(amounts[0])
    all_of_them = [
        Sink(kind, sum(places.values()), _sorted(places)) for kind, places in kinds.items()
    ]
    return sorted(all_of_them, key=lambda sink: -abs(sink.amount))


def _row(flow: Flow, scale: float) -> Row:
    absorbed = {kind: float(amounts[0]) for kind, amounts in flow.sinks.items()}
    arrives = 0.0 if flow.out is None else float(flow.out[0])
    handed_on = 0.0 if flow.into is None else float(flow.into[0])
    error = abs(arrives - handed_on - sum(absorbed.values())) / scale
    return Row(flow.place, flow.operation, arrives, handed_on, absorbed, error)


def _layer(place: str, group: Sequence[Row]) -> Layer:
    absorbed: Amounts = {}
    for row in group:
        _add(absorbed, row.absorbed)
    return Layer(
        place,
        tuple(row.operation for row in group),
        group[-1].arrives,
        group[0].handed_on if len(group) == 1 else None,
        absorbed,
        max(row.error for row in group),
    )


def _add(totals: Amounts, amounts: Amounts) -> None:
    for kind, amount in amounts.items():
        totals[kind] = totals.get(kind, 0.0) + amount


def _sorted(amounts: Amounts) -> Amounts:
    return dict(sorted(amounts.items(), key=lambda one: -abs(one[1])))
