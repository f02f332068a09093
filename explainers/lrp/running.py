"""One run of a model under relevance propagation, taken apart clip by clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import to_array
from explainers.errors import ExplanationError
from explainers.explainer import Task
from explainers.lrp.composites import Composite
from explainers.lrp.ledger import Flow, sinks_by_place
from explainers.lrp.mode import LRP

TOLERANCE = 1e-3
"""How far relevance and sinks of a clip may be from its score, as a share of all that flows."""


@dataclass(frozen=True)
class Propagated:
    """What came of one clip.

    Attributes:
        clip: The samples.
        relevance: Of the samples.
        coefficient: Relevance divided by the samples, where the rules give one.
        score: Of the clip.
        sinks: What each kind of sink took in each module.
        operations: Met on the path.
    """

    clip: Float[np.ndarray, " time"]
    relevance: Float[np.ndarray, " time"]
    coefficient: Float[np.ndarray, " time"] | None
    score: float
    sinks: dict[str, dict[str, float]]
    operations: tuple[str, ...]

    @property
    def conserved(self) -> bool:
        """Whether relevance and sinks are the score."""
        total = float(self.relevance.sum(dtype=np.float64))
        sunk = sum(self.ledger.values())
        flow = abs(self.score) + float(np.abs(self.relevance).sum(dtype=np.float64)) + abs(sunk)
        return abs(total + sunk - self.score) <= TOLERANCE * flow

    @property
    def ledger(self) -> dict[str, float]:
        """What each kind of sink took in all."""
        found: dict[str, float] = {}
        for kinds in self.sinks.values():
            for kind, amount in kinds.items():
                found[kind] = found.get(kind, 0.0) + amount
        return found

    @property
    def findings(self) -> dict[str, Any]:
        """What is worth noting."""
        return {"sinks": self.sinks, "operations": list(self.operations)}


def propagated(
    composite: Composite, task: Task, clips: Float[Tensor, "batch time"], taps: Sequence[str] = ()
) -> tuple[list[Propagated], LRP]:
    """Relevance of the clips, and the run, with what its taps saw.

    Raises:
        UnknownOperation: An operation on the way has no rule.
        ExplanationError: The memory does not suffice.
    """
    leaf = clips.detach().clone().requires_grad_()
    run = LRP(composite, task.scoring.model.module, taps=taps)
    with torch.enable_grad(), run:
        scores = task.scoring(leaf.clone())
    try:
        relevance, coefficient = run.propagate(scores, leaf)
    except torch.OutOfMemoryError as error:
        raise ExplanationError(
            "There is not enough memory to go back through the model; explain fewer or shorter "
            "clips at once."
        ) from error
    sinks = _sinks_per_clip(run.flows, len(clips))
    operations = tuple(sorted({flow.operation for flow in run.flows}))
    found = [
        Propagated(
            to_array(clips[index]),
            to_array(relevance[index]),
            None if coefficient is None else to_array(coefficient[index]),
            float(scores[index].detach()),
            sinks[index],
            operations,
        )
        for index in range(len(clips))
    ]
    return found, run


def _sinks_per_clip(flows: list[Flow], clips: int) -> list[dict[str, dict[str, float]]]:
    """For every clip what each kind of sink took in each module."""
    found: list[dict[str, dict[str, float]]] = [{} for _ in range(clips)]
    for (place, kind), amounts in sinks_by_place(flows).items():
        for one, amount in zip(found, amounts.tolist(), strict=True):
            one.setdefault(place, {})[kind] = amount
    return found
