"""Relevance at the bins of the short-time Fourier transform that a model computes itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.arrays import to_array
from explainers.axes import halfway_edges
from explainers.errors import ExplanationError
from explainers.lrp.taps import Tapped, Taps

TAP = ":stft"


@dataclass(frozen=True)
class Grid:
    """Relevance of one clip.

    Attributes:
        relevance: Per bin and frame.
        edges: Of the cells, by the names that explanations have for them.
    """

    relevance: Float[np.ndarray, "bins frames"]
    edges: Mapping[str, Float[np.ndarray, " edges"]]


def on_bins(taps: Taps, sample_rate: int, samples: int) -> list[Grid]:
    """What the tap on the transform saw, one grid per clip.

    Raises:
        ExplanationError: The model computes no transform, or several, or not of the clip as it is.
    """
    seen = [one for one in taps.found if one.name == TAP and one.relevance is not None]
    if len(seen) != 1:
        raise ExplanationError(
            f"The model computes {len(seen)} short-time Fourier transforms (torch.stft) on the way "
            "to the score; this method needs exactly one. Use 'lrp', and carry its relevance to "
            "frequencies with explainers.inspection.to_time_frequency."
        )
    (tapped,) = seen
    assert tapped.relevance is not None
    relevance = to_array(tapped.relevance)
    length, hop = _framing(tapped)
    bins, frames = relevance.shape[-2:]
    if relevance.ndim != 3 or bins != length // 2 + 1 or frames != samples // hop + 1:
        raise ExplanationError(
            f"The model's transform has {bins} bins and {frames} frames; of a clip of {samples} "
            f"samples one expects {length // 2 + 1} and {samples // hop + 1}. The clip was tiled, "
            "cut or filtered before it: use 'lrp'."
        )
    seconds = samples / sample_rate
    edges = {
        "time_edges": halfway_edges(frames, hop / sample_rate, seconds),
        "frequency_edges": halfway_edges(bins, sample_rate / length, sample_rate / 2),
    }
    return [Grid(one, edges) for one in relevance]


def _framing(tapped: Tapped) -> tuple[int, int]:
    """Length of the transform and hop, in samples."""
    length = tapped.settings.get("n_fft")
    if not isinstance(length, int) or not tapped.settings.get("center", True):
        raise ExplanationError("Only transforms with centred frames can be seen; use 'lrp'.")
    hop = tapped.settings.get("hop_length")
    return length, length // 4 if hop is None else int(hop)
