"""A random forest through the scores: what parts are worth where they do not simply add up."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Float32

from explainers.errors import ExplanationError
from explainers.removal.designs import parse_design, with_everything
from explainers.removal.estimators.regression import CONSTANT
from explainers.removal.estimators.rounds import ROUND, ask_in_rounds
from explainers.removal.game import Coalitions, Estimates, Estimator, Play, Scores
from explainers.removal.stopping import check_sampling, ranking_settled

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeRegressor

SPLITS = 16
"""Times the evaluations are split into halves."""
TREES = 6
"""Grown on each half, so 192 in all."""
SHARE_OF_PARTS = 1 / 3
"""Of the parts, tried at every branching."""
TESTED = 128
"""Most unseen evaluations on which the parts' importance to one tree is read."""
LEAST = 20
"""Evaluations."""

Importance = Callable[
    ["DecisionTreeRegressor", Float32[np.ndarray, "rows players"], Float[np.ndarray, " rows"]],
    Float[np.ndarray, " players"],
]
"""Takes a tree, and coalitions that it was not grown on with their scores."""


def signed(
    tree: "DecisionTreeRegressor",
    coalitions: Float32[np.ndarray, "rows players"],
    scores: Float[np.ndarray, " rows"],  # noqa: ARG001
) -> Float[np.ndarray, " players"]:
    """What the tree says each part adds to the score: its partial dependence, present minus absent.

    Each row's prediction with the part minus that without it, all other parts as they are, averaged
    over rows (Friedman 2001, section 8.2). It has the score's unit and a sign. A path that never
    asks about a part counts as no effect, which draws all values towards zero, small ones most.
    """
    told = tree.tree_.predict(coalitions)[:, 0]
    values = np.zeros(coalitions.shape[1])
    for part, told_opposite in _opposites(tree, coalitions):
        values[part] = ((2 * coalitions[:, part] - 1) * (told - told_opposite)).mean()
    return values


def impurity(
    tree: "DecisionTreeRegressor",
    coalitions: Float32[np.ndarray, "rows players"],  # noqa: ARG001
    scores: Float[np.ndarray, " rows"],  # noqa: ARG001
) -> Float[np.ndarray, " players"]:
    """Share of the reduction in variance that splits on each part bring; unsigned, sums to 1.

    Never quite zero for a part without effect, as splits on chance reduce variance too.
    """
    return tree.feature_importances_


def permutation(
    tree: "DecisionTreeRegressor",
    coalitions: Float32[np.ndarray, "rows players"],
    scores: Float[np.ndarray, " rows"],
) -> Float[np.ndarray, " players"]:
    """How much the squared error on unseen rows grows when a part's column is shuffled; unsigned.

    After Breiman (2001), with the mean over all shuffles in place of one: a shuffled entry turns
    into its opposite as often as the opposite stands in the column. Parts without effect get 0 on
    average, so values may fall below it.
    """
    error = np.square(tree.tree_.predict(coalitions)[:, 0] - scores)
    shares = coalitions.mean(axis=0)
    values = np.zeros(coalitions.shape[1])
    for part, told_opposite in _opposites(tree, coalitions):
        becomes_opposite = np.abs(coalitions[:, part] - shares[part])
        values[part] = (becomes_opposite * (np.square(told_opposite - scores) - error)).mean()
    return values


def _opposites(
    tree: "DecisionTreeRegressor", coalitions: Float32[np.ndarray, "rows players"]
) -> Iterator[tuple[int, Float[np.ndarray, " rows"]]]:
    """For each part the tree asks about, what it predicts where the part is there if it was not."""
    turned = coalitions.copy()
    asked = tree.tree_.feature
    for part in np.unique(asked[asked >= 0]):
        turned[:, part] = 1 - coalitions[:, part]
        yield int(part), tree.tree_.predict(turned)[:, 0]
        turned[:, part] = coalitions[:, part]


IMPORTANCES: dict[str, Importance] = {
    "signed": signed,
    "impurity": impurity,
    "permutation": permutation,
}


@dataclass(frozen=True)
class Forest(Estimator):
    """What a random forest fitted to the scores finds important (Breiman 2001).

    All rows weigh alike. (The published benchmark, Bolaños et al. 2025, weighs each by its distance
    from the whole clip, so that the farthest count most and the whole clip itself not at all.)

    Each tree is grown on a random half of the evaluations, which for a forest does what resampling
    all of them does (Friedman and Hall 2007), and some trees on the other half. What the two halves
    say differs as two experiments of half the size do, so half their difference is one draw of the
    values' error; the standard error is the root of its mean square over all splits. It is about
    right for ``permutation``. For the others it is a fifth to a half too large as a rule, for it
    holds the chance of a few trees where the values average over all. It is the error of the values
    as estimates of what forests on other draws of as many coalitions say on average; how far such
    forests miss the truth, by drawing small effects towards zero, it does not tell.

    The fit is on rows the trees have not seen, each predicted by the trees of the other half.
    On what it has seen any forest fits well.

    Attributes:
        importance: ``signed``, ``impurity`` or ``permutation``, see the functions of that name.
        design: How coalitions are drawn, see `designs`.
        evaluations: The most coalitions to ask about, the whole clip included.
        confidence: Of the ranking, from which sampling stops early; 0 for never.
    """

    importance: str = "signed"
    design: str = "pooled"
    evaluations: int = 1000
    confidence: float = 0.0

    def __post_init__(self) -> None:
        parse_design(self.design)
        check_sampling(self.evaluations, self.confidence)
        if self.importance not in IMPORTANCES:
            raise ExplanationError(
                f"importance is '{self.importance}'; expected one of {', '.join(IMPORTANCES)}"
            )
        if self.evaluations < LEAST:
            raise ExplanationError(
                f"{self.evaluations} evaluations are too few for a forest; expected at least "
                f"{LEAST}"
            )

    def play(self, players: int, random: np.random.Generator) -> Play:
        """Draw, ask, grow; see `Estimator.play`."""
        design = parse_design(self.design)
        coalitions = with_everything(design, self.evaluations, players, random)
        seed = int(random.integers(2**31))
        scores = np.empty(0)
        for rows in self._looks():
            asked = yield from ask_in_rounds(coalitions[len(scores) : rows])
            scores = np.concatenate([scores, asked])
            estimates = grow(
                coalitions[:rows],
                scores,
                IMPORTANCES[self.importance],
                design.block,
                np.random.default_rng(seed),
            )
            if self.confidence:
                settled = ranking_settled(
                    estimates.values, estimates.standard_errors, self.confidence
                )
                estimates = replace(estimates, settled=settled)
            if estimates.settled:
                break
        return estimates

    def _looks(self) -> Iterator[int]:
        """After how many evaluations forests are grown: each time twice as many, for they cost."""
        rows = ROUND
        while self.confidence and rows < self.evaluations:
            yield rows
            rows *= 2
        yield self.evaluations


def grow(
    coalitions: Coalitions,
    scores: Scores,
    importance: Importance,
    block: int,
    random: np.random.Generator,
) -> Estimates:
    """Grow trees on both halves of many random splits, and see what they agree on.

    Args:
        coalitions: What was asked about, that of all parts first.
        scores: The answers.
        importance: What is read from a tree.
        block: Rows that were drawn together and stay together, see `Design`.
        random: Where chance comes from.
    """
    present = coalitions.astype(np.float32)
    blocks = (np.arange(len(scores)) + block - 1) // block
    values = np.empty((SPLITS, 2, TREES, coalitions.shape[1]))
    predicted = np.zeros(len(scores))
    for split in range(SPLITS):
        shuffled = random.permutation(blocks[-1] + 1)
        first = np.isin(blocks, shuffled[: len(shuffled) // 2])
        for half, seen in enumerate((first, ~first)):
            unseen = np.flatnonzero(~seen)
            for number in range(TREES):
                tree = _tree(present[seen], scores[seen], random)
                tested = random.permutation(unseen)[:TESTED]
                values[split, half, number] = importance(tree, present[tested], scores[tested])
                told = tree.tree_.predict(present[unseen])[:, 0]
                predicted[unseen] += told / (SPLITS * TREES)
    errors = np.diff(values.mean(axis=2), axis=1) / 2
    return Estimates(
        values=values.mean(axis=(0, 1, 2)),
        standard_errors=np.sqrt(np.square(errors).mean(axis=(0, 1))),
        fit=_share_explained(scores, predicted),
    )


def _tree(
    coalitions: Float32[np.ndarray, "rows players"], scores: Scores, random: np.random.Generator
) -> "DecisionTreeRegressor":
    from sklearn.tree import DecisionTreeRegressor

    seed = int(random.integers(2**31))
    tree = DecisionTreeRegressor(max_features=SHARE_OF_PARTS, random_state=seed)
    return tree.fit(coalitions, scores, check_input=False)


def _share_explained(scores: Scores, predicted: Scores) -> float | None:
    spread = np.square(scores - scores.mean()).sum()
    if spread <= CONSTANT * np.square(scores).sum():
        return None
    return float(1 - np.square(scores - predicted).sum() / spread)
