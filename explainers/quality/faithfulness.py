"""Does the score follow what relevance points at? Deletion and insertion curves.

Parts of the clip are replaced in the order of their relevance (Samek et al. 2017; Petsiuk et al.
2018). Deletion takes the most relevant first: the sooner the score falls, the better. Insertion
starts from the fill and brings back the most relevant first: this is taking the least relevant
first, read backwards, so two rankings give both curves. Random orders say what is chance.

The fill is part of the result, and so are the joints: a random order cuts the clip into more pieces
than a map with broad peaks does, and a detector may take the cuts for evidence. That shifts
`deletion_gain` and `insertion_gain` against each other. `separation` is free of it: the parts left
by the one ranking are those taken by the other, so both cut the clip at the same places, and a map
that knows nothing gets 0 on average. Compare methods by `separation`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Progress, Scoring
from explainers.explanation import Explanation
from explainers.quality.removal_curves import (
    RemovalCurves,
    RemovalSettings,
    random_curves,
    ranked_curves,
)

__all__ = [
    "Faithfulness",
    "RemovalCurves",
    "RemovalSettings",
    "faithfulness",
    "random_curves",
    "segment_relevance",
]


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """A map's curves beside those of chance; areas and gains are in units of the target.

    Attributes:
        ranked: By relevance: the most relevant replaced first, then the least relevant first.
        random: In random orders.
    """

    ranked: RemovalCurves
    random: RemovalCurves

    @property
    def deletion(self) -> Float[np.ndarray, "batch points"]:
        """Scores with the most relevant replaced first, at `ranked.shares` of the parts."""
        return self.ranked.scores[:, 0]

    @property
    def insertion(self) -> Float[np.ndarray, "batch points"]:
        """Scores with the most relevant brought back first, at `inserted` of the parts."""
        return self.ranked.scores[:, 1, ::-1]

    @property
    def inserted(self) -> Float[np.ndarray, " points"]:
        """Shares of the parts that are brought back, from 0 to 1."""
        return 1 - self.ranked.shares[::-1]

    @property
    def deletion_area(self) -> Float[np.ndarray, " batch"]:
        """The lower, the better."""
        return self.ranked.areas[:, 0]

    @property
    def insertion_area(self) -> Float[np.ndarray, " batch"]:
        """The higher, the better."""
        return self.ranked.areas[:, 1]

    @property
    def random_area(self) -> Float[np.ndarray, " batch"]:
        """The mean over random orders: chance, for deletion and insertion alike."""
        return self.random.areas.mean(axis=1)

    @property
    def random_error(self) -> Float[np.ndarray, " batch"]:
        """The standard error of `random_area`."""
        return _standard_error(self.random.areas)

    @property
    def random_curve(self) -> Float[np.ndarray, "batch points"]:
        """Scores while parts are replaced at random, the mean over orders."""
        return self.random.scores.mean(axis=1)

    @property
    def random_curve_error(self) -> Float[np.ndarray, "batch points"]:
        """The standard error of `random_curve`."""
        return _standard_error(self.random.scores)

    @property
    def deletion_gain(self) -> Float[np.ndarray, " batch"]:
        """How far deletion lies below chance; 0 is chance, above is better."""
        return self.random_area - self.deletion_area

    @property
    def insertion_gain(self) -> Float[np.ndarray, " batch"]:
        """How far insertion lies above chance; 0 is chance, above is better."""
        return self.insertion_area - self.random_area

    @property
    def separation(self) -> Float[np.ndarray, " batch"]:
        """Area with the least relevant first minus the most relevant first: both gains."""
        return self.insertion_area - self.deletion_area


def segment_relevance(
    explanations: Sequence[Explanation], settings: RemovalSettings
) -> Float[np.ndarray, "batch segments"]:
    """Relevance of each part, of clips of one length, as `faithfulness` takes it."""
    rows = []
    for one in explanations:
        size = max(1, round(settings.segment * one.sample_rate))
        rows.append(one.over_time(size / one.sample_rate).relevance)
    if len({len(row) for row in rows}) != 1:
        raise ExplanationError(
            f"Explanations of {sorted({one.seconds for one in explanations})} s were given; give "
            "one or more, of clips of one length."
        )
    return np.stack(rows).astype(np.float64)


def faithfulness(
    scoring: Scoring,
    waveform: Float[Tensor, "batch time"],
    relevance: Float[np.ndarray, "clips segments"],
    chance: RemovalCurves,
    settings: RemovalSettings | None = None,
    progress: Progress | None = None,
) -> Faithfulness:
    """Curves of a map beside those of chance.

    Args:
        scoring: The target as a function of the waveform; it counts what it scores.
        waveform: Clips of one length at the model's sample rate.
        relevance: Of each part, from `segment_relevance`; what is equal is ordered at random.
        chance: From `random_curves` for the same clips; one will do for many maps.
        settings: The same that `chance` was made with.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ExplanationError: Relevance is not finite or not of the clips' parts, or chance is not
            that of these clips.
    """
    settings = settings or RemovalSettings()
    ranked = ranked_curves(scoring, waveform, relevance, settings, progress)
    if not _same_ends(ranked, chance):
        raise ExplanationError(
            "The random curves begin or end elsewhere than those of relevance; make them with "
            "random_curves from the same clips, model, target and settings."
        )
    return Faithfulness(ranked, chance)


def _same_ends(ranked: RemovalCurves, chance: RemovalCurves) -> bool:
    """Whether both begin with the clips and end with the fills, as far as scores tell."""
    mine, theirs = ranked.scores[:, 0], chance.scores[:, 0]
    return np.array_equal(ranked.shares, chance.shares) and (
        mine.shape == theirs.shape
        and np.allclose(mine[:, [0, -1]], theirs[:, [0, -1]], rtol=1e-3, atol=1e-3)
    )


def _standard_error(values: Float[np.ndarray, "batch orders *points"]) -> np.ndarray:
    return np.asarray(values.std(axis=1, ddof=1) / np.sqrt(values.shape[1]))
