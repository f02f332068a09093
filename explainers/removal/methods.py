"""The methods that ask about many coalitions: one estimator each, over any way to cut a clip."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from jaxtyping import Float
from torch import Tensor

from explainers.explainer import register_explainer
from explainers.removal.estimators.forest import Forest
from explainers.removal.estimators.kernel_shap import KernelShap
from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.estimators.lime import Lime
from explainers.removal.estimators.regression import Regression
from explainers.removal.estimators.rise import Rise
from explainers.removal.estimators.shapley import Shapley
from explainers.removal.estimators.sobol import Sobol
from explainers.removal.game import Estimator
from explainers.removal.method import RemovalMethod
from explainers.removal.parts import Parts
from explainers.segmentation import parse_segmenter


@dataclass(frozen=True)
class SegmentMethod(RemovalMethod):
    """A method over any way to cut a clip.

    Attributes:
        segments: How the clip is cut, see `explainers.segmentation`: ``windows:0.1``, ``words``...
    """

    segments: str = "windows:0.2"

    def __post_init__(self) -> None:
        parse_segmenter(self.segments)
        super().__post_init__()

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The parts that `segments` names."""
        return parse_segmenter(self.segments).cut(clip, sample_rate)


@register_explainer
@dataclass(frozen=True)
class LeaveOneOutMethod(SegmentMethod):
    """What the score loses without each part; one evaluation for each."""

    evaluations: int = 10_000

    name: ClassVar[str] = "leave-one-out"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "How far the score falls when one part is removed, whatever it is."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return LeaveOneOut()

    def expected(self, players: int) -> int:
        """One evaluation for each part."""
        return players


@register_explainer
@dataclass(frozen=True)
class LimeMethod(SegmentMethod):
    """A linear surrogate that counts coalitions near the whole clip most (Ribeiro et al. 2016).

    Attributes:
        features: How many parts may have weight, chosen by the lasso's path; 0 for all.
        kernel_width: Of the kernel on masks.
        alpha: Weight of the ridge penalty.
        design: How coalitions are drawn, see `explainers.removal.designs`.
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    features: int = 0
    kernel_width: float = 0.25
    alpha: float = 1.0
    design: str = "independent"
    confidence: float = 0.95

    name: ClassVar[str] = "lime"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "A linear model of the score near the whole clip, by what is removed."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return Lime(
            features=self.features,
            kernel_width=self.kernel_width,
            alpha=self.alpha,
            design=self.design,
            evaluations=self.evaluations,
            confidence=self.confidence,
        )


@register_explainer
@dataclass(frozen=True)
class RegressionMethod(SegmentMethod):
    """Least squares of the score on what is there: what a part brings on average.

    Attributes:
        design: How coalitions are drawn, see `explainers.removal.designs`.
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    design: str = "independent"
    confidence: float = 0.95

    name: ClassVar[str] = "regression"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "What each part brings on average over random removals of the others."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return Regression(
            design=self.design, evaluations=self.evaluations, confidence=self.confidence
        )


@register_explainer
@dataclass(frozen=True)
class KernelShapMethod(SegmentMethod):
    """Shapley values by weighted least squares (Lundberg and Lee 2017), the constraint exact.

    Attributes:
        sampling: ``kernel`` or ``leverage``: how sizes of coalitions are drawn.
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    sampling: Literal["kernel", "leverage"] = "leverage"
    confidence: float = 0.95

    name: ClassVar[str] = "kernelshap"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Shapley values of the parts, by a weighted regression."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return KernelShap(
            sampling=self.sampling, evaluations=self.evaluations, confidence=self.confidence
        )


@register_explainer
@dataclass(frozen=True)
class ShapleyMethod(SegmentMethod):
    """Shapley values: exact for few parts, else by pairs of opposite orders.

    Attributes:
        evaluations: The most that a clip may take; 4,096 suffice for all coalitions of 12 parts.
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    evaluations: int = 4096
    confidence: float = 0.95

    name: ClassVar[str] = "shapley"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Shapley values of the parts: exact for a few, sampled for many."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return Shapley(self.evaluations, self.confidence)


@dataclass(frozen=True)
class _ForestMethod(SegmentMethod):
    """A random forest that learns the score from what is there.

    Attributes:
        design: How coalitions are drawn, see `explainers.removal.designs`.
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    design: str = "pooled"
    confidence: float = 0.0

    importance: ClassVar[str]
    needs_gradients: ClassVar[bool] = False

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return Forest(
            importance=self.importance,
            design=self.design,
            evaluations=self.evaluations,
            confidence=self.confidence,
        )


@register_explainer
@dataclass(frozen=True)
class ForestMethod(_ForestMethod):
    """What a random forest says each part brings, with its sign."""

    name: ClassVar[str] = "forest"
    importance: ClassVar[str] = "signed"
    signed: ClassVar[bool] = True
    summary: ClassVar[str] = "What a random forest learns each part to bring, with its sign."


@register_explainer
@dataclass(frozen=True)
class ForestImpurityMethod(_ForestMethod):
    """How much of the variance a random forest explains by each part (Breiman 2001)."""

    name: ClassVar[str] = "forest-impurity"
    importance: ClassVar[str] = "impurity"
    signed: ClassVar[bool] = False
    summary: ClassVar[str] = "How much of the score's variance a forest explains by each part."


@register_explainer
@dataclass(frozen=True)
class ForestPermutationMethod(_ForestMethod):
    """How much worse a random forest predicts with each part's presence shuffled."""

    name: ClassVar[str] = "forest-permutation"
    importance: ClassVar[str] = "permutation"
    signed: ClassVar[bool] = False
    summary: ClassVar[str] = "How much worse a forest predicts not knowing whether a part is there."


@register_explainer
@dataclass(frozen=True)
class RiseMethod(SegmentMethod):
    """Random soft masks (Petsiuk et al. 2018): what the score gains where they let through.

    Attributes:
        segments: The steps of the map, shorter than what is masked together.
        cell: Steps in one cell of the coarse mask.
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    segments: str = "windows:0.05"
    cell: int = 8
    evaluations: int = 2000
    confidence: float = 0.95

    name: ClassVar[str] = "rise"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "What the score gains where random soft masks let the clip through."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return Rise(cell=self.cell, evaluations=self.evaluations, confidence=self.confidence)


@register_explainer
@dataclass(frozen=True)
class SobolMethod(SegmentMethod):
    """Total Sobol indices (Fel et al. 2021): the share of variance that a part has a hand in.

    Attributes:
        confidence: Stop when the ranking is settled with this probability; 0 for never.
    """

    evaluations: int = 2000
    confidence: float = 0.0

    name: ClassVar[str] = "sobol"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "The share of the score's variance that each part has a hand in."

    def estimator(self) -> Estimator:
        """See `RemovalMethod.estimator`."""
        return Sobol(evaluations=self.evaluations, confidence=self.confidence)
