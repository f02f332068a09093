"""A method's relevance as a function of the waveform, on fixed cells of time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.axes import regular_edges
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.gradients import InputXGradient, Saliency
from explainers.targets import Target
from perturbations.time_map import NOTHING_MOVES, TimeMap
from xaudio.classifiers import Classifier


@dataclass(frozen=True, eq=False)
class RelevanceCells:
    """Any method's relevance, summed over cells of time; without gradients.

    Attributes:
        classifier: What is explained.
        explainer: The method.
        target: Which number is explained.
        seconds: Length of a cell; the last one is shorter where it must be.
    """

    classifier: Classifier
    explainer: Explainer
    target: Target
    seconds: float

    def __call__(
        self, waveform: Float[Tensor, "batch time"], time_map: TimeMap = NOTHING_MOVES
    ) -> Float[Tensor, "batch cells"]:
        """Relevance on the cells of the clean clip, fetched from where the map says they went."""
        return self.summed(self.explain(waveform), time_map)

    def summed(
        self, found: Sequence[Explanation], time_map: TimeMap = NOTHING_MOVES
    ) -> Float[Tensor, "batch cells"]:
        """Explanations of clips of one length, on those cells."""
        if time_map.is_identity:
            rows = [each.over_time(self.seconds).relevance for each in found]
        else:
            edges = time_map.forward(self.edges(found[0].seconds))
            rows = [_summed(each, edges) for each in found]
        return torch.from_numpy(np.stack(rows))

    def explain(self, waveform: Float[Tensor, "batch time"]) -> list[Explanation]:
        """The explanations themselves."""
        with torch.enable_grad():  # a search asks without gradients; methods make their own
            return self.explainer.explain(self.classifier, waveform.detach(), self.target)

    def edges(self, seconds: float) -> Float[np.ndarray, " edges"]:
        """Where the cells of a clip of this length begin and end, in seconds."""
        return regular_edges(seconds, self.seconds)


@dataclass(frozen=True, eq=False)
class DifferentiableCells:
    """The relevance of a gradient method on the same cells, itself differentiable.

    The second derivative is taken through the model. Where the model is piecewise linear in the
    samples that of the gradient is zero, and an attack on `saliency` finds no slope to climb.

    Attributes:
        classifier: What is explained.
        relevance: Of each sample, from the waveform and the gradient there.
        target: Which number is explained.
        cell: Length of a cell in samples.
    """

    classifier: Classifier
    relevance: Callable[[Tensor, Tensor], Tensor]
    target: Target
    cell: int

    def __call__(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch cells"]:
        """Relevance summed over the cells."""
        wanted = waveform.requires_grad and torch.is_grad_enabled()
        with torch.enable_grad():
            samples = waveform if wanted else waveform.detach().requires_grad_()
            total = self.target(self.classifier(samples)).sum()
            (gradient,) = torch.autograd.grad(total, samples, create_graph=wanted)
        relevance = self.relevance(samples if wanted else samples.detach(), gradient)
        short = -relevance.shape[1] % self.cell
        padded = torch.nn.functional.pad(relevance, (0, short))
        return padded.unflatten(1, (-1, self.cell)).sum(dim=2)


def _strength(_: Tensor, gradient: Tensor) -> Tensor:
    return gradient.abs()


def _share(waveform: Tensor, gradient: Tensor) -> Tensor:
    return waveform * gradient


DIFFERENTIABLE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    Saliency.name: _strength,
    InputXGradient.name: _share,
}


def differentiable_cells(cells: RelevanceCells) -> DifferentiableCells:
    """The same relevance with gradients.

    Raises:
        ExplanationError: The method has none, or a cell is no whole number of samples.
    """
    method = cells.explainer.name
    if method not in DIFFERENTIABLE:
        raise ExplanationError(
            f"The relevance of '{method}' has no gradients of its own, which this attack needs. "
            f"Those of {' and '.join(DIFFERENTIABLE)} have; 'square' and 'shift' need none."
        )
    samples = cells.seconds * cells.classifier.sample_rate
    if round(samples) < 1 or abs(samples - round(samples)) > 1e-6:
        raise ExplanationError(
            f"Cells of {cells.seconds} s are {samples:g} samples; attacks with gradients need a "
            "whole number of samples."
        )
    return DifferentiableCells(
        cells.classifier, DIFFERENTIABLE[method], cells.target, round(samples)
    )


def _summed(
    explanation: Explanation, edges: Float[np.ndarray, " edges"]
) -> Float[np.ndarray, " cells"]:
    """Relevance between the edges; none outside the clip."""
    spans = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    named = {str(number): [span] for number, span in enumerate(spans)}
    sums = explanation.over_segments(named)
    return np.array([sums[name] for name in named])
