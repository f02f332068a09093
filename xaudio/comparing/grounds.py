"""The cells on which explanations are compared: of time, of time and frequency, of frequency.

Methods differ in what they know: some have no frequencies, some no instants. An explanation that
lacks what a ground asks for is no chart but a sentence that says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.axes import TOLERANCE
from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from xaudio.reports.relevance_image import in_time_frequency
from xaudio.sweeps.explanation_drift.maps import BAND_EDGES, relevance_maps

OVER_TIME = "time"
OVER_TILES = "time and frequency"
OVER_FREQUENCY = "frequency"
BANDS = 24  # of equal width in mel


@dataclass(frozen=True, eq=False)
class Chart:
    """An explanation as numbers on cells.

    Attributes:
        relevance: Per band and cell, or one row. Neighbours along the last axis belong together.
        cell_seconds: Length of a cell along the last axis; None where that is not time.
        signed: Whether relevance against the target is negative.
        target: What was explained.
    """

    relevance: Float[np.ndarray, "rows cells"]
    cell_seconds: float | None
    signed: bool
    target: str


Charting = Callable[[Sequence[Explanation]], list[Chart | str]]


def over_time(explanations: Sequence[Explanation]) -> list[Chart | str]:
    """In cells of 20 ms."""

    def chart(explanation: Explanation) -> Chart:
        _need_instants(explanation)
        found = relevance_maps(explanation, explanation.seconds).over_time.relevance
        return _chart(explanation, found[None], explanation.seconds / found.shape[-1])

    return [_or_reason(chart, each) for each in explanations]


def over_tiles(explanations: Sequence[Explanation]) -> list[Chart | str]:
    """In cells of 20 ms by bands of about an octave, up to the highest frequency all have."""
    top = _common_top(explanations)
    edges = [*(edge for edge in BAND_EDGES if edge < top), top]

    def chart(explanation: Explanation) -> Chart:
        _need_instants(explanation)
        _need_frequencies(explanation)
        found = relevance_maps(explanation, explanation.seconds, band_edges=edges).over_tiles
        if found is None:
            raise _without_frequencies(explanation)
        shared = found.relevance[: len(edges)]
        return _chart(explanation, shared, explanation.seconds / shared.shape[-1])

    return [_or_reason(chart, each) for each in explanations]


def over_frequency(explanations: Sequence[Explanation]) -> list[Chart | str]:
    """In 24 bands of equal width in mel over the whole clip: what clips can share."""
    top = _common_top(explanations)
    highest_mel = 2595.0 * np.log10(1.0 + top / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, highest_mel, BANDS + 1) / 2595.0) - 1.0)

    def chart(explanation: Explanation) -> Chart:
        _need_frequencies(explanation)
        grid = in_time_frequency(explanation)
        if grid is None:
            raise _without_frequencies(explanation)
        return _chart(explanation, grid.over_bands(edges).relevance[None, :BANDS], None)

    return [_or_reason(chart, each) for each in explanations]


GROUNDS: Mapping[str, Charting] = {
    OVER_TILES: over_tiles,
    OVER_TIME: over_time,
    OVER_FREQUENCY: over_frequency,
}


def knows_instants(explanation: Explanation) -> bool:
    """Whether relevance differs along time at all."""
    if explanation.segments is not None:
        starts, ends = explanation.segments[:, 0], explanation.segments[:, 1]
        whole = (starts <= TOLERANCE) & (ends >= explanation.seconds - TOLERANCE)
        return not whole.all()
    return explanation.time_edges is not None and len(explanation.time_edges) > 2


def knows_frequencies(explanation: Explanation) -> bool:
    """Whether relevance differs along frequency, or can be carried there."""
    if explanation.domain == "waveform":
        return explanation.coefficient is not None
    if explanation.segments is not None:
        return in_time_frequency(explanation) is not None
    return explanation.frequency_edges is not None and len(explanation.frequency_edges) > 2


def _or_reason(chart: Callable[[Explanation], Chart], explanation: Explanation) -> Chart | str:
    try:
        return chart(explanation)
    except ExplanationError as error:
        return str(error)


def _chart(
    explanation: Explanation, relevance: Float[np.ndarray, "rows cells"], seconds: float | None
) -> Chart:
    return Chart(relevance, seconds, explanation.signed, explanation.target)


def _common_top(explanations: Sequence[Explanation]) -> float:
    """The highest frequency in hertz that all who know any have."""
    rates = [each.sample_rate for each in explanations if knows_frequencies(each)]
    return min(rates, default=2) / 2


def _need_instants(explanation: Explanation) -> None:
    if not knows_instants(explanation) and "curves" not in explanation.provenance:
        raise ExplanationError(
            f"The method '{explanation.method}' weighs the clip as a whole and knows no instants; "
            "compare it over frequency."
        )


def _need_frequencies(explanation: Explanation) -> None:
    if not knows_frequencies(explanation):
        raise _without_frequencies(explanation)


def _without_frequencies(explanation: Explanation) -> ExplanationError:
    return ExplanationError(
        f"The method '{explanation.method}' knows no frequencies here; compare it over time."
    )
