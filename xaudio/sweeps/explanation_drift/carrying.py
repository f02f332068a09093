"""Relevance of a corrupted clip on the original's clock, through the corruption's time map.

A cell of the original from a to b gets what the corrupted clip holds between f(a) and f(b), where f
is the map. Relevance is taken to be spread evenly within each cell it was found on. Nothing is
lost: what lies on instants that the original does not have (silence that was put before it, its
second round) is kept beside, in cells of the same length on the same clock.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from explainers.axes import TOLERANCE, regular_edges
from explainers.projection import regrid
from perturbations.time_map import TimeMap

STEP_SECONDS = 0.02  # the frames on which localisation is measured elsewhere here


@dataclass(frozen=True, eq=False)
class CarriedBack:
    """Relevance on the original's clock; the last axis is time, any before it stay as they were.

    Attributes:
        relevance: On the cells of the original.
        there: Which of these cells the corrupted clip still holds, their middles at least. The
            others have no relevance, and no one can say what it would be.
        outside: On cells before and after the original.
    """

    relevance: Float[np.ndarray, "*rows cells"]
    there: Bool[np.ndarray, " cells"]
    outside: Float[np.ndarray, "*rows outer"]

    @property
    def total(self) -> float:
        """All relevance, on the original and outside it: what the corrupted clip had."""
        return float(self.relevance.sum() + self.outside.sum())


def carried_back(
    relevance: Float[np.ndarray, "*rows found"],
    found_edges: Float[np.ndarray, " found_edges"],
    time_map: TimeMap,
    seconds: float,
    step: float = STEP_SECONDS,
) -> CarriedBack:
    """Relevance of a corrupted clip, summed over cells of the original's time.

    Args:
        relevance: Along the last axis: per cell of the corrupted clip.
        found_edges: Of these cells, from 0 to the corrupted clip's end, in seconds.
        time_map: From the original's seconds to the corrupted clip's.
        seconds: Length of the original.
        step: Length of the original's cells in seconds; the last one is shorter where it must be.

    >>> halved = carried_back(np.array([3.0, 5.0]), np.array([0.0, 1.0, 2.0]),
    ...                       TimeMap.speed(0.5), seconds=1.0, step=0.5)
    >>> halved.relevance
    array([3., 5.])
    """
    edges = regular_edges(seconds, step)
    begins, ends = sorted(time_map.inverse(found_edges[[0, -1]]).tolist())
    before, after = _cells_before(begins, step), _cells_after(seconds, ends, step)
    middles = time_map.forward((edges[:-1] + edges[1:]) / 2)
    return CarriedBack(
        relevance=_between(relevance, found_edges, time_map, edges),
        there=(middles >= found_edges[0]) & (middles <= found_edges[-1]),
        outside=np.concatenate(
            [_between(relevance, found_edges, time_map, each) for each in (before, after)], axis=-1
        ),
    )


def _between(
    relevance: Float[np.ndarray, "*rows found"],
    found_edges: Float[np.ndarray, " found_edges"],
    time_map: TimeMap,
    edges: Float[np.ndarray, " edges"],
) -> Float[np.ndarray, "*rows cells"]:
    """What lies between the images of the edges; a map that falls turns their order around."""
    images = time_map.forward(edges)
    if images[-1] < images[0]:
        return regrid(relevance, found_edges, images[::-1])[..., ::-1]
    return regrid(relevance, found_edges, images)


def _cells_before(begins: float, step: float) -> Float[np.ndarray, " edges"]:
    """Edges of cells from where the corrupted clip begins to the original's first instant."""
    if begins > -TOLERANCE:
        return np.zeros(1)
    return -regular_edges(-begins, step)[::-1]


def _cells_after(seconds: float, ends: float, step: float) -> Float[np.ndarray, " edges"]:
    """Edges of cells from the original's end to where the corrupted clip ends."""
    if ends < seconds + TOLERANCE:
        return np.array([seconds])
    return seconds + regular_edges(ends - seconds, step)
