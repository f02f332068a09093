"""Layer-wise relevance propagation as methods among the others."""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from explainers.explainer import Attribution, Explainer, Task, register_explainer
from explainers.lrp.choosing import chosen_composite, operations_met
from explainers.lrp.composites import Composite, load_composite
from explainers.lrp.running import Propagated, propagated
from explainers.lrp.spectrum import TAP, on_bins
from explainers.lrp.spelling import layer_rules


@dataclass(frozen=True)
class LayerwiseRelevance(Explainer):
    """Layer-wise relevance propagation (Bach et al. 2015), operation by operation.

    Every operation of the model has a rule or the method refuses: nothing is guessed.

    Attributes:
        composite: Which rules, see `explainers.lrp.composites`; empty for what suits the model's
            operations.
        rules: Rules for single layers, first match first: ``encoder.*=gamma:0.25; head=epsilon``.
    """

    composite: str = ""
    rules: str = ""

    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = True

    def __post_init__(self) -> None:
        layer_rules(self.rules)
        if self.composite:
            load_composite(self.composite)

    def attribute(self, task: Task) -> list[Attribution]:
        """Relevance, and where the rest of the score went."""
        composite = self._chosen(task)
        found = self._batch(composite, task, task.waveform)
        if len(found) > 1 and not all(one.conserved for one, _ in found):
            # The ledger could not tell the clips apart: some axis is as long as the batch.
            found = [self._batch(composite, task, clip[None])[0] for clip in task.waveform]
        task.progress(1.0)
        return [
            replace(seen, findings={"composite": composite.name, **one.findings, **seen.findings})
            for one, seen in found
        ]

    @abstractmethod
    def _batch(
        self, composite: Composite, task: Task, clips: Float[Tensor, "batch time"]
    ) -> list[tuple[Propagated, Attribution]]:
        """What came of every clip, and how this method shows it."""

    def _chosen(self, task: Task) -> Composite:
        if self.composite:
            composite = load_composite(self.composite)
        else:
            composite = chosen_composite(operations_met(task.scoring.model, task.waveform[:1]))
        return replace(composite, layers=(*layer_rules(self.rules), *composite.layers))


@register_explainer
@dataclass(frozen=True)
class RelevanceOfSamples(LayerwiseRelevance):
    """Relevance of every sample; with what the ledger names it sums to the score."""

    name: ClassVar[str] = "lrp"
    summary: ClassVar[str] = (
        "The score handed back layer by layer to the samples, every bit of it accounted for."
    )

    def _batch(
        self, composite: Composite, task: Task, clips: Float[Tensor, "batch time"]
    ) -> list[tuple[Propagated, Attribution]]:
        found, _ = propagated(composite, task, clips)
        return [(one, Attribution(one.relevance, more=_more(one))) for one in found]


@register_explainer
@dataclass(frozen=True)
class RelevanceOfBins(LayerwiseRelevance):
    """Relevance of every bin of the model's own short-time Fourier transform.

    Exact, where relevance on samples has to be carried to frequencies by windows of our choice.
    """

    name: ClassVar[str] = "lrp-stft"
    summary: ClassVar[str] = (
        "As lrp, seen at the model's own spectrogram: for models that compute one inside."
    )

    def _batch(
        self, composite: Composite, task: Task, clips: Float[Tensor, "batch time"]
    ) -> list[tuple[Propagated, Attribution]]:
        found, run = propagated(composite, task, clips, taps=(TAP,))
        grids = on_bins(run.taps, task.scoring.model.sample_rate, clips.shape[1])
        return [
            (one, Attribution(grid.relevance, "stft", {"ledger": one.ledger, **grid.edges}))
            for one, grid in zip(found, grids, strict=True)
        ]


def _more(one: Propagated) -> dict[str, Any]:
    more: dict[str, Any] = {"ledger": one.ledger}
    if one.coefficient is not None:
        more |= {"activation": one.clip, "coefficient": one.coefficient}
    return more
