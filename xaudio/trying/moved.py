"""What a corruption did to the explanation: relevance carried back to the original, and how far.

The corrupted clip is explained as it is, and its relevance is carried back through the time map,
so that both maps lie on the original's clock. How alike they are is told by the measures of
`xaudio.sweeps.explanation_drift`, beside what a map would get that knows nothing of the clip.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from explainers.axes import regular_edges
from explainers.explainer import Explainer, Progress
from explainers.explanation import Explanation
from explainers.targets import parse_target
from perturbations.corruption import Key, generator
from perturbations.time_map import NOTHING_MOVES, TimeMap
from xaudio.classifiers import Classifier
from xaudio.corrupting import CorruptedClip
from xaudio.reports.relevance_image import in_time_frequency
from xaudio.sweeps.explanation_drift.carrying import STEP_SECONDS, CarriedBack, carried_back
from xaudio.sweeps.explanation_drift.chance import with_random_phases
from xaudio.sweeps.explanation_drift.comparing import Comparison, compare
from xaudio.sweeps.explanation_drift.maps import (
    FINE_SECONDS,
    FINE_TILE_SECONDS,
    RelevanceMaps,
    relevance_maps,
)
from xaudio.sweeps.explanation_drift.measures import rank_correlation

BANDS = 64
DRAWS = 199  # of maps that know nothing
VERSION = 1
OUTSIDE = "on instants that the original does not have"


@dataclass(frozen=True, eq=False)
class MovedExplanation:
    """An explanation before and after a corruption.

    Attributes:
        before: Of the clean clip.
        after: Of the corrupted clip, on its own clock.
        carried: `after` on the original's clock; what lies on instants that the original does not
            have is an entry of its ledger.
        difference: `carried` less `before`, cell by cell, where the corrupted clip still holds the
            original; signed.
        drift: How alike the two are.
        chance: The rank correlation that a map as smooth as `carried`, but which knows nothing of
            the clip, exceeds in one draw of twenty.
    """

    before: Explanation
    after: Explanation
    carried: Explanation
    difference: Explanation
    drift: Comparison
    chance: float

    @property
    def beats_chance(self) -> bool:
        """Whether the two maps agree better than chance."""
        return self.drift.spearman > self.chance

    @property
    def sentence(self) -> str:
        """How far the two maps agree, in words."""
        than = "more than" if self.beats_chance else "no more than"
        return (
            f"Before and after, the explanations agree by {self.drift.spearman:.2f} (rank "
            f"correlation over time, 1 for the same), {than} maps that know nothing of the clip: "
            f"those stay below {self.chance:.2f} in 19 of 20."
        )


def moved_explanation(
    before: Explanation,
    made: CorruptedClip,
    classifier: Classifier,
    explainer: Explainer,
    progress: Progress | None = None,
) -> MovedExplanation:
    """Explain the corrupted clip and lay it over the explanation of the clean one.

    Args:
        before: The clean clip's, by the same method and for the same number.
        made: The corrupted clip, at any rate.
        classifier: What is explained.
        explainer: The method.
        progress: Told the share done; it may raise to stop.

    Raises:
        ExplanationError: The method explains the whole voice, or fails on the corrupted clip.
        MetricError: The corrupted clip holds too little of the original to compare.
    """
    maps = relevance_maps(before, before.seconds)  # first: it refuses methods that know no places
    heard = made.clip.resampled(classifier.sample_rate)
    target = parse_target(before.target, classifier.labels)
    (after,) = explainer.explain(classifier, heard.waveform, target, progress)
    seconds, time_map = before.seconds, made.time_map
    moved = relevance_maps(after, seconds, time_map)
    carried = on_original_clock(after, time_map, seconds)
    return MovedExplanation(
        before=before,
        after=after,
        carried=carried,
        difference=_difference(
            on_original_clock(before, NOTHING_MOVES, seconds), carried, moved.over_time.there
        ),
        drift=compare(maps, moved, seconds),
        chance=_chance(maps, moved, made.clip.digest),
    )


def on_original_clock(
    explanation: Explanation, time_map: TimeMap, seconds: float, step: float = STEP_SECONDS
) -> Explanation:
    """A corrupted clip's explanation on the original's clock, its total kept by the ledger.

    Args:
        explanation: Of the corrupted clip.
        time_map: From the original's seconds to the corrupted clip's.
        seconds: Length of the original.
        step: Length of the cells in seconds.
    """
    grid = in_time_frequency(explanation)
    if grid is None:
        fine = explanation.over_time(FINE_SECONDS)
        assert fine.segments is not None
        edges = np.append(fine.segments[:, 0], fine.segments[-1, 1])
        return _placed(
            explanation, carried_back(fine.relevance, edges, time_map, seconds, step), seconds, step
        )
    bands = np.linspace(0.0, explanation.sample_rate / 2, BANDS + 1)
    tiles = grid.over_time_frequency(FINE_TILE_SECONDS, bands)
    assert tiles.time_edges is not None
    carried = carried_back(tiles.relevance, tiles.time_edges, time_map, seconds, step)
    return _placed(explanation, carried, seconds, step, tiles.frequency_edges)


def _placed(
    explanation: Explanation,
    carried: CarriedBack,
    seconds: float,
    step: float,
    bands: Float[np.ndarray, " bands"] | None = None,
) -> Explanation:
    """What was carried back as an explanation of a clip of the original's length."""
    edges = regular_edges(seconds, step)
    top = explanation.sample_rate / 2
    boxes = np.column_stack(
        [edges[:-1], edges[1:], np.zeros(len(edges) - 1), np.full(len(edges) - 1, top)]
    )
    outside = float(carried.outside.sum())
    return replace(
        explanation,
        relevance=carried.relevance,
        domain="segments" if bands is None else "stft",
        seconds=seconds,
        time_edges=None if bands is None else edges,
        frequency_edges=bands,
        segments=boxes if bands is None else None,
        segment_names=(),
        ledger={**explanation.ledger, OUTSIDE: outside} if outside else explanation.ledger,
        standard_error=None,
        coefficient=None,
        activation=None,
        children=(),
    )


def _difference(before: Explanation, carried: Explanation, there: np.ndarray) -> Explanation:
    """Cell by cell; none where the corrupted clip does not hold the original any more."""
    return replace(
        carried,
        relevance=np.where(there, carried.relevance - before.relevance, 0.0),
        score=carried.score - before.score,
        signed=True,
        ledger={},
    )


def _chance(maps: RelevanceMaps, moved: RelevanceMaps, digest: str) -> float:
    """The 95th percentile of the rank correlation with maps of the same spectrum, other phases."""
    there = moved.over_time.there
    before, after = maps.over_time.relevance[there], moved.over_time.relevance[there]
    random = generator("tried-explanation", VERSION, Key(digest))
    drawn = [rank_correlation(before, with_random_phases(after, random)) for _ in range(DRAWS)]
    return float(np.quantile(drawn, 0.95))
