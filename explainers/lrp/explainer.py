"""Layer-wise relevance propagation as a method among the others."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import to_array
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Task, register_explainer
from explainers.lrp.composites import Composite, load_composite
from explainers.lrp.ledger import Flow, sinks_by_place
from explainers.lrp.mode import LRP
from explainers.lrp.spelling import layer_rules

TOLERANCE = 1e-3
"""How far relevance and sinks of a clip may be from its score, as a share of all that flows."""


@register_explainer
@dataclass(frozen=True)
class LayerwiseRelevance(Explainer):
    """Layer-wise relevance propagation (Bach et al. 2015), operation by operation.

    Relevance on samples plus what the ledger names is the score. Every operation of the model has
    a rule or the method refuses: nothing is guessed.

    Attributes:
        composite: Which rules; see `explainers.lrp.composites`.
        rules: Rules for single layers, first match first: ``encoder.*=gamma:0.25; head=epsilon``.
    """

    composite: str = "epsilon"
    rules: str = ""

    name: ClassVar[str] = "lrp"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = (
        "The score handed back layer by layer to the samples, every bit of it accounted for."
    )

    def __post_init__(self) -> None:
        self.chosen()

    def chosen(self) -> Composite:
        """The rules these settings stand for."""
        composite = load_composite(self.composite)
        return replace(composite, layers=(*layer_rules(self.rules), *composite.layers))

    def attribute(self, task: Task) -> list[Attribution]:
        """Relevance on samples, and where the rest of the score went."""
        found = _propagated(self.chosen(), task, task.waveform)
        if len(found) > 1 and not all(one.conserved for one in found):
            # The ledger could not tell the clips apart: some axis is as long as the batch.
            found = [_propagated(self.chosen(), task, clip[None])[0] for clip in task.waveform]
        task.progress(1.0)
        return [one.attribution(self.composite) for one in found]


@dataclass(frozen=True)
class Propagated:
    """What came of one clip."""

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
        sunk = sum(sum(kinds.values()) for kinds in self.sinks.values())
        flow = abs(self.score) + float(np.abs(self.relevance).sum(dtype=np.float64)) + abs(sunk)
        return abs(total + sunk - self.score) <= TOLERANCE * flow

    def attribution(self, composite: str) -> Attribution:
        """For the explanation."""
        ledger: dict[str, float] = {}
        for kinds in self.sinks.values():
            for kind, amount in kinds.items():
                ledger[kind] = ledger.get(kind, 0.0) + amount
        more: dict[str, Any] = {"ledger": ledger}
        if self.coefficient is not None:
            more |= {"activation": self.clip, "coefficient": self.coefficient}
        findings = {
            "composite": composite,
            "sinks": self.sinks,
            "operations": list(self.operations),
        }
        return Attribution(self.relevance, more=more, findings=findings)


def _propagated(
    composite: Composite, task: Task, clips: Float[Tensor, "batch time"]
) -> list[Propagated]:
    module = task.scoring.model.module
    leaf = clips.detach().clone().requires_grad_()
    run = LRP(composite, module)
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
    return [
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


def _sinks_per_clip(flows: list[Flow], clips: int) -> list[dict[str, dict[str, float]]]:
    """For every clip what each kind of sink took in each module."""
    found: list[dict[str, dict[str, float]]] = [{} for _ in range(clips)]
    for (place, kind), amounts in sinks_by_place(flows).items():
        for one, amount in zip(found, amounts.tolist(), strict=True):
            one.setdefault(place, {})[kind] = amount
    return found
