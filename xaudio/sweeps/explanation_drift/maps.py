"""An explanation as maps that can be compared: over time, and over time and frequency."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.inspection import to_time_frequency
from perturbations.time_map import NOTHING_MOVES, TimeMap
from xaudio.sweeps.explanation_drift.carrying import STEP_SECONDS, CarriedBack, carried_back

# Octaves, and all below: ours. Fine bands would ask more of the transform than 20 ms can tell.
BAND_EDGES = (500.0, 1000.0, 2000.0, 4000.0)
FINE_SECONDS = 0.001
FINE_TILE_SECONDS = 0.005  # windows of a transform are no shorter


@dataclass(frozen=True, eq=False)
class RelevanceMaps:
    """Relevance of one clip, clean or corrupted, on the original's clock.

    Attributes:
        over_time: Per cell of time.
        over_tiles: Per band and cell of time; None where the method knows no frequencies.
    """

    over_time: CarriedBack
    over_tiles: CarriedBack | None


def relevance_maps(
    explanation: Explanation,
    seconds: float,
    time_map: TimeMap = NOTHING_MOVES,
    step: float = STEP_SECONDS,
    band_edges: Sequence[float] = BAND_EDGES,
) -> RelevanceMaps:
    """Carry an explanation back to the original, over time and over time x frequency.

    Frequencies stay what they are in the corrupted clip: where it speaks faster and higher, time is
    undone and pitch is not.

    Args:
        explanation: Of the corrupted clip, or of the original where nothing moved.
        seconds: Length of the original.
        time_map: Where each instant of the original went.
        step: Length of the cells in seconds.
        band_edges: Between the bands, in hertz; bands down to 0 and up to half the rate are added.

    Raises:
        ExplanationError: The method explains the whole voice and knows no places.
    """
    if "curves" in explanation.provenance:
        raise ExplanationError(
            f"The method '{explanation.method}' explains the whole voice and no place in it, so "
            "there is nothing that could drift; use a method that has places."
        )
    fine = explanation.over_time(FINE_SECONDS)
    assert fine.segments is not None
    edges = np.append(fine.segments[:, 0], fine.segments[-1, 1])
    over_time = carried_back(fine.relevance, edges, time_map, seconds, step)
    tiles = _on_tiles(explanation, band_edges)
    if tiles is None:
        return RelevanceMaps(over_time, None)
    relevance, edges = tiles
    return RelevanceMaps(over_time, carried_back(relevance, edges, time_map, seconds, step))


def _on_tiles(
    explanation: Explanation, band_edges: Sequence[float]
) -> tuple[Float[np.ndarray, "bands cells"], Float[np.ndarray, " edges"]] | None:
    """Relevance by band and fine time, and the edges of time; None where there is none."""
    if explanation.domain == "waveform":
        if explanation.coefficient is None:
            return None
        explanation = to_time_frequency(explanation)
    below = [edge for edge in band_edges if edge < explanation.sample_rate / 2]
    if not below:
        return None
    grid = explanation.over_time_frequency(FINE_TILE_SECONDS, below)
    assert grid.time_edges is not None
    return grid.relevance, grid.time_edges
