"""How far relevance has moved: measures between the clean map and that of the corrupted clip.

Which sign counts, measure by measure:

- Spearman and the cosine take relevance with its sign: evidence turned into counter-evidence is as
  far as it gets, -1.
- The strongest cells, the earth mover's distance and the peak ask where the model looks: they take
  the magnitude.
- The mass inside annotated stretches asks where the model finds evidence *for* the target. It takes
  the positive part, as relevance mass does in localisation, and so does a second earth mover's
  distance.

Parts are taken of the sums over cells, not of samples, within which relevance swings with the wave.
"""

import numpy as np
from jaxtyping import Float

from explainers.projection import Stretch, overlap_shares
from explainers.quality.ranking import middle_ranks
from explainers.quality.similarity import cosine, pearson
from xaudio.errors import MetricError

TOP_SHARE = 0.1


def strongest_shares(
    strength: Float[np.ndarray, " cells"], share: float = TOP_SHARE
) -> Float[np.ndarray, " cells"]:
    """To what part each cell belongs to the strongest: 1 or 0, and a fraction for ties at the edge.

    Args:
        strength: Per cell.
        share: Of all cells, above 0 and at most 1; at least one cell.

    >>> strongest_shares(np.array([5.0, 1.0, 1.0, 0.0]), 0.5)
    array([1. , 0.5, 0.5, 0. ])
    """
    count = top_count(len(strength), share)
    edge = np.sort(strength)[-count]
    above, tied = strength > edge, strength == edge
    return above + tied * (count - above.sum()) / tied.sum()


def top_count(cells: int, share: float = TOP_SHARE) -> int:
    """How many cells are that share of all, at least one.

    >>> top_count(200), top_count(4)
    (20, 1)
    """
    if not 0 < share <= 1:
        raise MetricError(f"A share of {share} was given; it must be above 0 and at most 1.")
    return max(1, round(share * cells))


def top_overlap(
    strength: Float[np.ndarray, " cells"],
    other: Float[np.ndarray, " cells"],
    share: float = TOP_SHARE,
) -> float:
    """Share of the strongest cells that two maps have in common, 0 to 1.

    Maps drawn at random share `top_count` / cells of them. Tied cells belong to the strongest in
    equal parts, so that a map of wide steps shares all of them with itself.

    >>> top_overlap(np.array([3.0, 4.0, 1.0]), np.array([0.0, 2.0, 1.0]), 0.6)
    0.5
    """
    both = np.minimum(strongest_shares(strength, share), strongest_shares(other, share))
    return float(both.sum() / top_count(len(strength), share))


def earth_mover_seconds(
    mass: Float[np.ndarray, " cells"],
    other: Float[np.ndarray, " cells"],
    middles: Float[np.ndarray, " cells"],
) -> float | None:
    """How far mass must be carried, on average, to make one map of the other, in seconds.

    The first Wasserstein distance in one dimension: the area between the two cumulative shares
    (Vallender 1974). None where a map has no mass.

    Args:
        mass: Per cell, nowhere negative; only its shares count.
        other: The same of the other map.
        middles: Of the cells, in seconds, ascending.

    >>> earth_mover_seconds(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 1.0]),
    ...                     np.array([0.1, 0.2, 0.3]))
    0.15
    """
    if not (mass.any() and other.any()):
        return None
    ahead = np.cumsum(_shares(mass) - _shares(other))[:-1]
    return float(np.abs(ahead) @ np.diff(middles))


def peak_seconds(
    strength: Float[np.ndarray, " cells"],
    other: Float[np.ndarray, " cells"],
    middles: Float[np.ndarray, " cells"],
) -> float:
    """How far apart the strongest cells of two maps are, in seconds; the first of equals.

    >>> middles = np.array([0.1, 0.2, 0.3])
    >>> peak_seconds(np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0]), middles)
    0.2
    """
    return float(abs(middles[strength.argmax()] - middles[other.argmax()]))


def covered_shares(
    segments: tuple[Stretch, ...], edges: Float[np.ndarray, " edges"]
) -> Float[np.ndarray, " cells"]:
    """Which share of each cell lies in the segments (start, end) in seconds, without overlap.

    >>> covered_shares(((0.1, 0.4),), np.array([0.0, 0.2, 0.4, 0.6]))
    array([0.5, 1. , 0. ])
    """
    if not segments:
        return np.zeros(len(edges) - 1)
    starts, ends = np.array(segments, dtype=np.float64).T
    inside = (overlap_shares(starts, ends, edges) * (ends - starts)[:, None]).sum(axis=0)
    return np.minimum(inside / np.diff(edges), 1.0)


def mass_inside(
    evidence: Float[np.ndarray, " cells"], covered: Float[np.ndarray, " cells"], elsewhere: float
) -> float | None:
    """Share of the evidence that lies in the segments, 0 to 1; None where there is no evidence.

    Args:
        evidence: Per cell, nowhere negative.
        covered: Which share of each cell lies in the segments.
        elsewhere: Further evidence that lies in no cell.

    >>> mass_inside(np.array([3.0, 1.0]), np.array([1.0, 0.0]), elsewhere=2.0)
    0.5
    """
    largest = max(float(evidence.max(initial=0.0)), elsewhere)
    if largest == 0:
        return None
    # relative to the largest, for sums of relevance too faint or too strong for their precision
    inside = (evidence / largest * covered).sum()
    return float(inside / ((evidence / largest).sum() + elsewhere / largest))


def rank_correlation(
    relevance: Float[np.ndarray, " cells"], other: Float[np.ndarray, " cells"]
) -> float:
    """Spearman's correlation of signed relevance, -1 to 1; 0 where a map has one value throughout.

    Exactly 1 for maps that rank alike, which rounding must not make a drift of.
    """
    ranks, others = middle_ranks(relevance), middle_ranks(other)
    if np.array_equal(ranks, others) and np.ptp(ranks) > 0:
        return 1.0
    return float(pearson(ranks, others))


def direction_cosine(
    relevance: Float[np.ndarray, " cells"], other: Float[np.ndarray, " cells"]
) -> float:
    """Cosine of the angle between two maps of signed relevance, -1 to 1; 0 where one is zero.

    Exactly 1 for equal maps, which rounding must not make a drift of.
    """
    if np.array_equal(relevance, other) and relevance.any():
        return 1.0
    return float(cosine(relevance, other))


def _shares(mass: Float[np.ndarray, " cells"]) -> Float[np.ndarray, " cells"]:
    """Of the whole; relative to the largest first, which faint relevance needs."""
    scaled = mass / mass.max()
    return scaled / scaled.sum()
