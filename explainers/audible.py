"""Relevance as something to hear: the clip with only its relevant parts, or relevance itself.

Gains never exceed one and what a filter rings up is turned down, so nothing clips.
"""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from perturbations.masking import SpectrumGrid

FADE = 0.01  # seconds: shorter joints click

Evidence = Callable[[Float[np.ndarray, "..."]], Float[np.ndarray, "..."]]


def either_way(relevance: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Weight of what speaks for or against the target."""
    return np.abs(relevance)


def speaking_for(relevance: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Weight of what speaks for the target."""
    return np.maximum(relevance, 0)


def speaking_against(relevance: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Weight of what speaks against the target."""
    return np.maximum(-relevance, 0)


def relevant_part(
    explanation: Explanation,
    waveform: Float[Tensor, " time"],
    share: float = 0.5,
    step: float = 0.05,
    evidence: Evidence = either_way,
) -> Float[Tensor, " time"]:
    """The clip with everything muted but the fewest parts that hold `share` of the evidence.

    Parts are stretches of `step` seconds, or the cells of a time-frequency grid.

    Args:
        explanation: Of this clip.
        waveform: The clip, at the explanation's sample rate.
        share: 0 to 1; 1 keeps all that has any evidence.
        step: Length of a stretch in seconds, for relevance without a frequency axis.
        evidence: What counts: `either_way`, `speaking_for` or `speaking_against`.
    """
    if not 0 < share <= 1:
        raise ExplanationError(f"A share of {share} was given; it must be above 0 and at most 1.")
    cells = _cells(explanation, step)
    kept = strongest_cells(evidence(cells.relevance), share)
    return _with_gains(cells, waveform, kept.astype(np.float64))


def weighted_by_relevance(
    explanation: Explanation,
    waveform: Float[Tensor, " time"],
    step: float = 0.05,
    evidence: Evidence = either_way,
) -> Float[Tensor, " time"]:
    """The clip with every part as loud as its evidence, the strongest as loud as it was.

    Args and errors as for `relevant_part`.
    """
    cells = _cells(explanation, step)
    weights = evidence(cells.relevance).astype(np.float64)
    strongest = weights.max()
    return _with_gains(cells, waveform, weights / strongest if strongest > 0 else weights)


def relevance_as_sound(explanation: Explanation) -> Float[Tensor, " time"]:
    """Relevance on samples played as it is, its peak at one half of full scale.

    Raises:
        ExplanationError: The relevance is not on samples.
    """
    if explanation.domain != "waveform":
        raise ExplanationError(
            f"Relevance in the domain '{explanation.domain}' is not a sound; only relevance on "
            "samples can be played. Use relevant_part instead."
        )
    peak = np.abs(explanation.relevance).max()
    sound = explanation.relevance * (0.5 / peak) if peak > 0 else explanation.relevance
    return torch.from_numpy(sound.astype(np.float32))


def strongest_cells(
    weights: Float[np.ndarray, "*cells"], share: float
) -> Bool[np.ndarray, "*cells"]:
    """The fewest cells that together hold `share` of all weight; none where there is no weight.

    >>> strongest_cells(np.array([1.0, 5.0, 4.0]), 0.5)
    array([False,  True, False])
    """
    flat = weights.ravel().astype(np.float64)
    order = np.argsort(-flat, kind="stable")
    gathered = np.cumsum(flat[order])
    kept = np.zeros(flat.size, dtype=bool)
    if gathered[-1] > 0:
        enough = share * gathered[-1] * (1 - 1e-12)
        kept[order[: int(np.searchsorted(gathered, enough)) + 1]] = True
    return kept.reshape(weights.shape)


def _cells(explanation: Explanation, step: float) -> Explanation:
    """The explanation in cells that can be muted: stretches of time, or those of its grid."""
    if explanation.domain == "waveform":
        return explanation.over_time(step)
    if explanation.domain == "segments":
        return explanation.over_time(step) if _spans_all_bands(explanation) else explanation
    return explanation


def _spans_all_bands(explanation: Explanation) -> bool:
    segments = explanation.segments
    assert segments is not None
    nyquist = explanation.sample_rate / 2
    return bool((segments[:, 2] <= 0).all() and (segments[:, 3] >= nyquist).all())


def _with_gains(
    cells: Explanation, waveform: Float[Tensor, " time"], gains: Float[np.ndarray, "*cells"]
) -> Float[Tensor, " time"]:
    if abs(len(waveform) / cells.sample_rate - cells.seconds) > 0.5 / cells.sample_rate:
        raise ExplanationError(
            f"The waveform lasts {len(waveform) / cells.sample_rate:g} s and the explained clip "
            f"{cells.seconds:g} s; give the clip that was explained, at its sample rate."
        )
    if cells.segments is not None and _spans_all_bands(cells):
        heard = _gains_in_time(cells, waveform, gains)
    else:
        heard = _gains_in_time_frequency(cells, waveform, gains)
    loudest = heard.abs().max()
    return heard / loudest if loudest > 1 else heard


def _gains_in_time(
    cells: Explanation, waveform: Float[Tensor, " time"], gains: Float[np.ndarray, " cells"]
) -> Float[Tensor, " time"]:
    assert cells.segments is not None
    centres = (np.arange(len(waveform)) + 0.5) / cells.sample_rate
    edges = np.append(cells.segments[:, 0], cells.segments[-1, 1])
    envelope = gains[_cell_of(centres, edges)]
    fade = min(2 * int(FADE * cells.sample_rate / 2) + 1, 2 * ((len(waveform) - 1) // 2) + 1)
    padded = np.pad(envelope, fade // 2, mode="edge")
    smooth = np.convolve(padded, np.ones(fade) / fade, mode="valid")
    return waveform * torch.from_numpy(np.clip(smooth, 0, 1)).to(waveform)


def _gains_in_time_frequency(
    cells: Explanation, waveform: Float[Tensor, " time"], gains: Float[np.ndarray, "*cells"]
) -> Float[Tensor, " time"]:
    grid = SpectrumGrid.at(cells.sample_rate)
    spectrum = grid.transform(waveform[None])
    frequencies = np.arange(grid.size // 2 + 1) * cells.sample_rate / grid.size
    times = np.minimum(np.arange(spectrum.shape[-1]) * grid.hop / cells.sample_rate, cells.seconds)
    mask = torch.from_numpy(_mask(cells, gains, frequencies, times)).to(waveform)
    return grid.inverse(spectrum * mask, len(waveform))[0]


def _mask(
    cells: Explanation,
    gains: Float[np.ndarray, "*cells"],
    frequencies: Float[np.ndarray, " bins"],
    times: Float[np.ndarray, " frames"],
) -> Float[np.ndarray, "bins frames"]:
    """The gain at every bin and frame of a transform."""
    if cells.segments is not None:
        mask = np.zeros((len(frequencies), len(times)))
        for (start, end, low, high), gain in zip(cells.segments, gains, strict=True):
            in_band = (frequencies >= low) & (frequencies <= high)
            in_time = (times >= start) & (times <= end)
            mask = np.maximum(mask, gain * np.outer(in_band, in_time))
        return mask
    assert cells.frequency_edges is not None and cells.time_edges is not None
    rows = _cell_of(frequencies, cells.frequency_edges)
    columns = _cell_of(times, cells.time_edges)
    inside = np.outer(rows >= 0, columns >= 0)
    return np.where(inside, gains[np.ix_(rows, columns)], 0.0)


def _cell_of(
    places: Float[np.ndarray, " places"], edges: Float[np.ndarray, " edges"]
) -> np.ndarray:
    """Index of the cell that holds each place, -1 for none."""
    cell = np.searchsorted(edges, places, side="right") - 1
    cell = np.where(places == edges[-1], len(edges) - 2, cell)
    return np.where((cell < 0) | (cell > len(edges) - 2), -1, cell)
