"""Relevance of overlapping windows as one relevance over the whole recording.

A cell of the recording has the sum of what its windows give it, divided by how many windows hear
it; a window that hears half a cell counts half. So each instant belongs in equal parts to the
windows that hear it, and nothing is counted twice. What that does to the total is accounted for:

    score = sum over windows of share x score of the window
    score = total of the merged relevance + ledger

`share` is how much of a window counts, given the windows beside it; the shares add up to the time
that was heard, in windows. The ledger holds what windows kept off their input (biases, baselines)
in the same shares, and what lay where many windows overlap instead of few (``overlap``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

OVERLAP = "overlap of windows"
LEFT_OVER = "left over by the method"


@dataclass(frozen=True, eq=False)
class WindowRelevance:
    """What a method found in one window.

    Attributes:
        start: In seconds of the recording.
        end: In seconds.
        score: The target's value for the window.
        ledger: Named amounts that reached no part of the window.
        first_cell: The recording's cell in which the window begins.
        relevance: Of each of its cells.
    """

    start: float
    end: float
    score: float
    ledger: dict[str, float]
    first_cell: int
    relevance: Float[ndarray, " cells"]

    @property
    def total(self) -> float:
        """All its relevance, summed."""
        return float(self.relevance.sum(dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Merged:
    """One relevance over the whole recording.

    Attributes:
        relevance: Of each cell.
        coverage: How many windows hear each cell; 0 where none was explained.
        shares: How much of each window counts, 0 to 1.
        score: The windows' scores, in these shares.
        ledger: What the score has beyond the relevance.
    """

    relevance: Float[ndarray, " cells"]
    coverage: Float[ndarray, " cells"]
    shares: Float[ndarray, " windows"]
    score: float
    ledger: dict[str, float]


def merged(windows: Sequence[WindowRelevance], edges: Float[ndarray, " edges"]) -> Merged:
    """The windows' relevance on the recording's cells; see above for the rule.

    Args:
        windows: In any order.
        edges: Of the recording's cells, in seconds.

    >>> edges = np.array([0.0, 1.0, 2.0, 3.0])
    >>> first = WindowRelevance(0.0, 2.0, 3.0, {}, 0, np.array([1.0, 2.0]))
    >>> second = WindowRelevance(1.0, 3.0, 4.0, {}, 1, np.array([4.0, 0.0]))
    >>> both = merged([first, second], edges)
    >>> both.relevance, both.shares, both.score, both.ledger
    (array([1., 3., 0.]), array([0.75, 0.75]), 5.25, {'overlap of windows': 1.25})
    """
    summed, coverage = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    heard = [_heard(window, edges) for window in windows]
    for window, parts in zip(windows, heard, strict=True):
        cells = _cells(window)
        summed[cells] += window.relevance
        coverage[cells] += parts
    divisor = np.maximum(coverage, 1.0)  # a cell of which one window hears a part keeps all of it
    relevance, widths = summed / divisor, np.diff(edges)
    shares = np.array(
        [
            float((parts * widths[_cells(window)] / divisor[_cells(window)]).sum())
            / (window.end - window.start)
            for window, parts in zip(windows, heard, strict=True)
        ]
    )
    score = float(sum(share * one.score for share, one in zip(shares, windows, strict=True)))
    return Merged(relevance, coverage, shares, score, _ledger(windows, shares, score, relevance))


def _ledger(
    windows: Sequence[WindowRelevance],
    shares: Float[ndarray, " windows"],
    score: float,
    relevance: Float[ndarray, " cells"],
) -> dict[str, float]:
    """Everything between the score and the relevance, by name; amounts of zero are left out."""
    names = dict.fromkeys(name for window in windows for name in window.ledger)
    found = {
        name: float(
            sum(
                share * one.ledger.get(name, 0.0)
                for share, one in zip(shares, windows, strict=True)
            )
        )
        for name in names
    }
    totals = sum(share * one.total for share, one in zip(shares, windows, strict=True))
    kept = float(relevance.sum())
    found[OVERLAP] = float(totals) - kept
    found[LEFT_OVER] = score - kept - sum(found.values())
    least = 1e-5 * max(1.0, abs(score))  # below lies rounding
    return {name: amount for name, amount in found.items() if abs(amount) > least}


def _cells(window: WindowRelevance) -> slice:
    return slice(window.first_cell, window.first_cell + len(window.relevance))


def _heard(window: WindowRelevance, edges: Float[ndarray, " edges"]) -> Float[ndarray, " cells"]:
    """How much of each of its cells the window hears, 0 to 1."""
    own = _cells(window)
    low, high = edges[:-1][own], edges[1:][own]
    inside = np.minimum(high, window.end) - np.maximum(low, window.start)
    return np.maximum(inside, 0.0) / (high - low)
