"""How far two charts agree, what that would be by chance, and how sure it is.

**Value**: Spearman's correlation over all cells, with sign where both maps have one and explain the
same number; else of their strengths, which asks where and not for what.

**Chance**: one of the two charts is given random phases along its last axis, again and again
(Theiler et al., Physica D 58, 1992), which keeps how smooth it is and how much each band has, and
forgets when. Two maps that know nothing of each other stay below the level in 19 draws of 20.

**Interval**: Student's by a jackknife over blocks of time, on the logit scale. Cells are no
independent draws, for relevance is smooth; blocks come close to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from explainers.quality.ranking import middle_ranks
from xaudio.comparing.grounds import Chart
from xaudio.metrics.intervals import ValueRange, student_interval
from xaudio.sweeps.explanation_drift.chance import with_random_phases

DRAWS = 200
CHANCE_LEVEL = 0.95
SEED = 20260
BLOCK_SECONDS = 0.25
FEWEST_BLOCKS, MOST_BLOCKS = 8, 16
CORRELATIONS = ValueRange(-1.0, 1.0)


@dataclass(frozen=True)
class Agreement:
    """How alike two looks are.

    Attributes:
        value: Rank correlation, -1 to 1; None where it cannot be told.
        low: Lower end of its 95 % interval; None where there is none.
        high: Upper end.
        chance: What two maps that know nothing of each other stay below in 19 draws of 20.
        signed: Whether signs were compared, or only strengths.
        problem: Why there is no value.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    chance: float | None = None
    signed: bool = False
    problem: str | None = None

    @property
    def beats_chance(self) -> bool:
        """Whether there is a value above the chance level."""
        return self.value is not None and self.chance is not None and self.value > self.chance


ITSELF = Agreement(1.0, signed=True)


def agreements(charts: Sequence[Chart | str]) -> tuple[tuple[Agreement, ...], ...]:
    """Every pair of charts; a sentence in place of a chart is the reason of all its pairs."""
    ranked = [_Ranks(each) if isinstance(each, Chart) else each for each in charts]
    rows: list[list[Agreement]] = [[ITSELF] * len(ranked) for _ in ranked]
    for place, one in enumerate(ranked):
        if isinstance(one, str):
            rows[place][place] = Agreement(None, problem=one)
        for other_place, other in enumerate(ranked[:place]):
            found = _agreement(other, one)
            rows[place][other_place] = rows[other_place][place] = found
    return tuple(map(tuple, rows))


class _Ranks:
    """A chart, ranked with its signs and without, each when it is first asked for."""

    def __init__(self, chart: Chart):
        self.chart = chart

    @cached_property
    def signed(self) -> "_Directions":
        return _Directions(self.chart.relevance)

    @cached_property
    def strengths(self) -> "_Directions":
        return _Directions(np.abs(self.chart.relevance))


class _Directions:
    """Ranks as vectors of length one, so that a rank correlation is a product of two."""

    def __init__(self, relevance: Float[np.ndarray, "rows cells"]):
        self._relevance = relevance.astype(np.float64)

    @cached_property
    def whole(self) -> Float[np.ndarray, " all"]:
        return _directions(self._relevance.ravel())

    @property
    def is_even(self) -> bool:
        """Whether there is one value throughout, so that nothing ranks."""
        return not self.whole.any()

    @cached_property
    def without_phase(self) -> Float[np.ndarray, "draws all"]:
        random = np.random.default_rng(SEED)
        drawn = [with_random_phases(self._relevance, random).ravel() for _ in range(DRAWS)]
        return _directions(np.stack(drawn))

    def without_block(self, block: slice) -> Float[np.ndarray, " rest"]:
        return _directions(np.delete(self._relevance, block, axis=1).ravel())


def _agreement(one: _Ranks | str, other: _Ranks | str) -> Agreement:
    if isinstance(one, str) or isinstance(other, str):
        return Agreement(None, problem=one if isinstance(one, str) else str(other))
    if one.chart.relevance.shape != other.chart.relevance.shape:
        return Agreement(None, problem=_unlike(one.chart, other.chart))
    signed = one.chart.signed and other.chart.signed and one.chart.target == other.chart.target
    pair = (one.signed, other.signed) if signed else (one.strengths, other.strengths)
    if pair[0].is_even or pair[1].is_even:
        return Agreement(
            None,
            signed=signed,
            problem="One of the two has the same relevance everywhere, so nothing in it ranks.",
        )
    value = _product(pair[0].whole, pair[1].whole)
    low, high = _interval(value, pair, one.chart)
    return Agreement(value, low, high, _chance(*pair), signed)


def _chance(one: _Directions, other: _Directions) -> float:
    """The level that two maps reach by chance in one draw of twenty."""
    drawn = [one.without_phase @ other.whole, other.without_phase @ one.whole]
    return float(np.quantile(np.concatenate(drawn), CHANCE_LEVEL))


def _interval(
    value: float, pair: tuple[_Directions, _Directions], chart: Chart
) -> tuple[float, float] | tuple[None, None]:
    """None for what is too short for blocks, has no time, or agrees to the last rank."""
    blocks = time_blocks(chart)
    if not blocks or CORRELATIONS.is_at_end(value):
        return None, None
    left = np.array([_product(*(each.without_block(block) for each in pair)) for block in blocks])
    count = len(blocks)
    standard_error = float(np.sqrt((count - 1) / count * ((left - left.mean()) ** 2).sum()))
    found = student_interval(value, standard_error, count - 1.0, CORRELATIONS)
    return found.low, found.high


def time_blocks(chart: Chart) -> list[slice]:
    """Stretches of cells, a quarter of a second long or longer; none where they would be too few.

    >>> chart = Chart(np.zeros((1, 200)), 0.02, signed=True, target="spoof")
    >>> len(time_blocks(chart))
    16
    """
    if chart.cell_seconds is None:
        return []
    cells = chart.relevance.shape[1]
    count = min(MOST_BLOCKS, int(cells * chart.cell_seconds / BLOCK_SECONDS + 1e-6))
    if count < FEWEST_BLOCKS:
        return []
    edges = np.linspace(0, cells, count + 1).round().astype(int)
    return [slice(int(start), int(end)) for start, end in pairwise(edges)]


def _directions(values: Float[np.ndarray, "*rows cells"]) -> Float[np.ndarray, "*rows cells"]:
    """Ranks along the last axis, less their mean, of length one; zeros where all are equal."""
    ranks = middle_ranks(values)
    deviations = ranks - ranks.mean(axis=-1, keepdims=True)
    length = np.sqrt((deviations**2).sum(axis=-1, keepdims=True))
    return np.divide(deviations, length, out=np.zeros_like(deviations), where=length > 0)


def _product(one: Float[np.ndarray, " cells"], other: Float[np.ndarray, " cells"]) -> float:
    """Exactly 1 for equal ranks, which rounding must not make less."""
    return 1.0 if np.array_equal(one, other) else float(np.clip(one @ other, -1.0, 1.0))


def _unlike(one: Chart, other: Chart) -> str:
    if one.cell_seconds is None or other.cell_seconds is None:
        return "The two have no bands in common."
    lengths = [each.relevance.shape[1] * each.cell_seconds for each in (one, other)]
    return (
        f"They last {lengths[0]:.2f} and {lengths[1]:.2f} s, so their instants do not belong "
        "together; compare them over frequency."
    )
