"""Does relevance fall where the truth is? Frames of time against annotated stretches.

Four measures, each at several time resolutions. Chance is what values drawn at random get:

- ``roc-auc``: a true frame outranks a false one; chance 0.5.
- ``average-precision``: precision down the ranking; chance is the share of frames that are true and
  somewhat more in short clips, and more again for averaged values, whose highest frames lie
  together: `measure_chance` gives it.
- ``relevance-mass``: share of positive relevance that lies on true frames; chance is their share.
- ``pointing``: the highest frame is true; chance is the share of true frames.

The first two look at ranks only, so they hold for evidence of any offset; the third asks for
relevance, whose zero has a meaning.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from explainers.errors import ExplanationError
from explainers.projection import Stretch
from explainers.quality.frames import (
    STEP,
    evidence_values,
    frame_truth,
    frame_values,
    moving_average,
)
from explainers.quality.ranking import average_precisions, check_two_kinds, roc_areas, roc_auc
from explainers.quality.statistics import Estimate, bootstrap_difference, bootstrap_mean

__all__ = [
    "METRICS",
    "Localisation",
    "LocalisationTable",
    "evidence_values",
    "frame_auc",
    "frame_truth",
    "frame_values",
    "localise",
    "measure_chance",
    "measure_localisation",
    "moving_average",
    "pointing_accuracies",
    "relevance_masses",
]

AVERAGE = 0.5
AVERAGES = (0.0, 0.1, 0.25, 0.5, 1.0)

Metric = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Localisation:
    """How well values over time find the annotated stretches, over a set of clips.

    Attributes:
        raw: Frame ROC-AUC of the values as they are.
        averaged: The same after averaging the values over `average` seconds.
        step: Length of a frame in seconds.
        average: Length of the moving average in seconds.
        clips: Both AUCs of every clip, ``[clips, 2]``.
    """

    raw: Estimate
    averaged: Estimate
    step: float
    average: float
    clips: Float[np.ndarray, "clips 2"]


@dataclass(frozen=True, eq=False)
class LocalisationTable:
    """Every clip by every measure at every time resolution.

    Attributes:
        clips: One number each.
        averages: Lengths of the moving averages in seconds; 0 leaves the values as they are.
        metrics: Names of the measures.
        step: Length of a frame in seconds.
        prevalence: Share of each clip's frames that are true.
    """

    clips: Float[np.ndarray, "clips averages metrics"]
    averages: tuple[float, ...]
    metrics: tuple[str, ...]
    step: float
    prevalence: Float[np.ndarray, " clips"]

    def of(self, metric: str, average: float = 0.0) -> Float[np.ndarray, " clips"]:
        """One measure at one resolution, per clip.

        Raises:
            ExplanationError: It was not measured; the message says what was.
        """
        if metric not in self.metrics or average not in self.averages:
            known = ", ".join(f"{one:g}" for one in self.averages)
            raise ExplanationError(
                f"'{metric}' over {average} s was not measured; there are "
                f"{', '.join(self.metrics)} over {known} s."
            )
        return self.clips[:, self.averages.index(average), self.metrics.index(metric)]

    def estimate(
        self,
        metric: str,
        average: float = 0.0,
        clusters: Sequence[Hashable] | None = None,
        seed: int = 0,
    ) -> Estimate:
        """The mean over clips with its interval, see `bootstrap_mean`."""
        return bootstrap_mean(self.of(metric, average), clusters, seed=seed)

    def difference(
        self,
        other: "LocalisationTable",
        metric: str,
        average: float = 0.0,
        clusters: Sequence[Hashable] | None = None,
        seed: int = 0,
    ) -> Estimate:
        """By how much this exceeds `other` on the same clips, see `bootstrap_difference`."""
        mine, theirs = self.of(metric, average), other.of(metric, average)
        return bootstrap_difference(mine, theirs, clusters, seed=seed)


def localise(
    values: Sequence[Float[np.ndarray, " frames"]],
    segments: Sequence[Sequence[Stretch]],
    step: float = STEP,
    average: float = AVERAGE,
    clusters: Sequence[Hashable] | None = None,
    seed: int = 0,
) -> Localisation:
    """Frame ROC-AUC per clip, raw and averaged, and its mean over clips with a 95 % interval.

    Args:
        values: Per clip: one value per frame, high where the synthetic stretch should be; from
            `frame_values` or `evidence_values`.
        segments: Per clip: the true stretches (start, end) in seconds.
        step: Length of a frame in seconds.
        average: Length of the moving average in seconds.
        clusters: Which clips belong together, for the interval; None where each stands alone.
        seed: Of the bootstrap.

    Raises:
        ExplanationError: A clip whose frames are all true or all false, which has no ROC curve.
    """
    table = measure_localisation(values, segments, step, (0.0, average))
    areas = table.clips[:, :, table.metrics.index("roc-auc")]
    raw, averaged = (bootstrap_mean(column, clusters, seed=seed) for column in areas.T)
    return Localisation(raw, averaged, step, average, areas)


def measure_localisation(
    values: Sequence[Float[np.ndarray, " _"]],
    segments: Sequence[Sequence[Stretch]],
    step: float = STEP,
    averages: Sequence[float] = AVERAGES,
) -> LocalisationTable:
    """Every measure of every clip, at every time resolution.

    Args:
        values: Per clip: one value per frame, high where the true stretch should be.
        segments: Per clip: the true stretches (start, end) in seconds.
        step: Length of a frame in seconds.
        averages: Lengths of moving averages in seconds; 0 for none.

    Raises:
        ExplanationError: A clip whose frames are all true or all false; values not finite.
    """
    if len(values) != len(segments) or not len(values):
        raise ExplanationError(f"{len(values)} clips and {len(segments)} annotations were given.")
    if not averages or min(averages) < 0 or not step > 0:
        raise ExplanationError(
            f"Averages over {list(averages)} s of frames of {step} s were asked for; give a step "
            "above zero and averages of zero or more."
        )
    widths = [max(round(average / step), 1) for average in averages]
    lengths = np.array([len(one) for one in values])
    clips = np.empty((len(values), len(averages), len(METRICS)))
    prevalence = np.empty(len(values))
    for length in np.unique(lengths):
        which = np.flatnonzero(lengths == length).tolist()
        truth = np.stack([frame_truth(segments[index], step, int(length)) for index in which])
        rows = np.stack([values[index] for index in which]).astype(np.float64)
        at_all = np.stack([moving_average(rows, width) for width in widths], axis=1)
        truths = np.broadcast_to(truth[:, None], at_all.shape)
        measured = [metric(at_all, truths) for metric in METRICS.values()]
        clips[which], prevalence[which] = np.stack(measured, axis=-1), truth.mean(axis=1)
    return LocalisationTable(clips, tuple(averages), tuple(METRICS), step, prevalence)


def measure_chance(
    frames: Sequence[int],
    segments: Sequence[Sequence[Stretch]],
    step: float = STEP,
    averages: Sequence[float] = AVERAGES,
    draws: int = 50,
    seed: int = 0,
) -> LocalisationTable:
    """What normal noise in place of relevance gets on the same clips, the mean over `draws`.

    Args:
        frames: Per clip: how many.
        segments: As for `measure_localisation`.
        step: As for `measure_localisation`.
        averages: As for `measure_localisation`.
        draws: Maps of noise per clip.
        seed: Of the noise.
    """
    if draws < 1:
        raise ExplanationError(f"{draws} draws were asked for; chance needs at least one.")
    random = np.random.default_rng(seed)
    tables = [
        measure_localisation(
            [random.standard_normal(count) for count in frames], segments, step, averages
        )
        for _ in range(draws)
    ]
    return replace(tables[0], clips=np.mean([table.clips for table in tables], axis=0))


def frame_auc(values: Float[np.ndarray, " frames"], truth: Bool[np.ndarray, " frames"]) -> float:
    """ROC-AUC of one clip's frames: the chance that a true frame outranks a false one."""
    return roc_auc(values, truth)


def relevance_masses(
    values: Float[np.ndarray, "*rows frames"], truth: Bool[np.ndarray, "*rows frames"]
) -> Float[np.ndarray, "*rows"]:
    """Share of the positive relevance that lies on true frames, 0 to 1 (Arras et al. 2022).

    A row without any positive relevance points nowhere and gets what an even one would: the share
    of true frames.

    >>> relevance_masses(np.array([1.0, 3.0, -5.0]), np.array([False, True, True]))
    array(0.75)
    """
    check_two_kinds(values, truth)
    positive = np.maximum(values, 0)
    positive = np.where(positive.any(axis=-1, keepdims=True), positive, 1.0)
    # relative to the largest, for sums of relevance too faint or too strong for its precision
    positive = positive / positive.max(axis=-1, keepdims=True)
    inside = np.where(truth, positive, 0.0).sum(axis=-1)
    return np.asarray(inside / positive.sum(axis=-1))


def pointing_accuracies(
    values: Float[np.ndarray, "*rows frames"], truth: Bool[np.ndarray, "*rows frames"]
) -> Float[np.ndarray, "*rows"]:
    """Whether the highest frame is a true one (Zhang et al. 2018); among equals, the share.

    >>> pointing_accuracies(np.array([1.0, 3.0, 3.0]), np.array([False, True, False]))
    array(0.5)
    """
    check_two_kinds(values, truth)
    highest = values == values.max(axis=-1, keepdims=True)
    return np.asarray((highest & truth).sum(axis=-1) / highest.sum(axis=-1))


METRICS: Mapping[str, Metric] = {
    "roc-auc": roc_areas,
    "average-precision": average_precisions,
    "relevance-mass": relevance_masses,
    "pointing": pointing_accuracies,
}
"""The measures by name: values and truth ``[..., frames]`` to one number each."""
