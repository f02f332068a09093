"""One relevance seen in another domain: from samples to time-frequency, exactly, by FFT.

Where relevance is activation x coefficient on samples, ``R_t = x_t c_t``, the clip is written as
the inverse of its own short-time transform and ``c`` is carried back through that inverse, as any
linear layer's relevance would be (Vielhaben et al. 2023 for the idea). With analysis window ``a``,
synthesis window ``s`` and ``D_t`` the sum over frames of ``a s``, bin k of frame m gets

    R_mk = w_k Re( conj(FFT(a x)_mk) FFT(s c / D)_mk ) / n,    w_k = 1 at 0 Hz and Nyquist, else 2.

There is no division by x, and the bins sum to the samples. The split is not unique: it depends on
the windows, so they are stated in the provenance.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.axes import halfway_edges
from explainers.errors import ExplanationError
from explainers.explanation import Explanation


def to_time_frequency(
    explanation: Explanation, window: float = 0.032, hop: float = 0.008
) -> Explanation:
    """Relevance on samples, seen on short-time Fourier bins; the total is kept.

    Args:
        explanation: On samples, carrying activation and coefficient.
        window: Length of the Hann windows in seconds.
        hop: Seconds from one frame to the next, at most half the window.

    Raises:
        ExplanationError: There is no coefficient, or the windows do not cover the clip.
    """
    activation, coefficient = _factors(explanation)
    length = 2 * max(round(window * explanation.sample_rate / 2), 1)
    step = max(round(hop * explanation.sample_rate), 1)
    relevance = stft_relevance(activation, coefficient, length, step)[0].numpy()
    frames = relevance.shape[1]
    edges = halfway_edges(frames, step / explanation.sample_rate, explanation.seconds)
    seen_with = {"window": "hann", "window_samples": length, "hop_samples": step}
    return _seen(explanation, relevance, edges, length, seen_with)


def to_frequency(explanation: Explanation) -> Explanation:
    """Relevance on samples, seen on the Fourier bins of the whole clip; the total is kept.

    Raises:
        ExplanationError: There is no coefficient.
    """
    activation, coefficient = _factors(explanation)
    relevance = dft_relevance(activation, coefficient)[0].numpy()[:, None]
    edges = np.array([0.0, explanation.seconds])
    return _seen(explanation, relevance, edges, activation.shape[-1], {"window": "whole clip"})


def stft_relevance(
    activation: Float[Tensor, "batch time"],
    coefficient: Float[Tensor, "batch time"],
    window: int,
    hop: int,
) -> Float[Tensor, "batch bins frames"]:
    """Relevance of every short-time Fourier bin; sums to that of the samples.

    Args:
        activation: What the coefficient multiplies, any device and precision.
        coefficient: Relevance divided by activation.
        window: Length of the Hann windows in samples, even.
        hop: Samples from one frame to the next; frame m is centred on sample ``m * hop``.
    """
    if window < 2 or window % 2 or not 0 < hop <= window // 2:
        raise ExplanationError(
            f"A window of {window} samples every {hop} was given; the window must be even and the "
            "hop at most half of it, or samples fall between the frames."
        )
    hann = torch.hann_window(window, dtype=activation.dtype, device=activation.device)
    cover = _overlap_added(hann.square(), activation.shape[-1], hop)
    frames = _transform(activation, hann, hop)
    slopes = _transform(coefficient / cover, hann, hop)
    return _shares(frames, slopes, window, dim=-2)


def dft_relevance(
    activation: Float[Tensor, "batch time"], coefficient: Float[Tensor, "batch time"]
) -> Float[Tensor, "batch bins"]:
    """Relevance of every Fourier bin of the whole clip; sums to that of the samples."""
    length = activation.shape[-1]
    if length < 2:
        raise ExplanationError("A clip of one sample has no frequencies; give a longer one.")
    return _shares(torch.fft.rfft(activation), torch.fft.rfft(coefficient), length, dim=-1)


def _shares(spectrum: Tensor, slopes: Tensor, length: int, dim: int) -> Tensor:
    """Bin by bin product of the two spectra, counting the mirrored half of the transform."""
    sides = torch.full((spectrum.shape[dim],), 2.0, dtype=spectrum.real.dtype).to(spectrum.device)
    sides[0] = 1
    if length % 2 == 0:
        sides[-1] = 1
    shape = [1] * spectrum.ndim
    shape[dim] = -1
    return sides.view(shape) * (spectrum.conj() * slopes).real / length


def _transform(
    samples: Float[Tensor, "batch time"], window: Float[Tensor, " window"], hop: int
) -> Tensor:
    """Fourier transforms of centred frames, silence assumed beyond both ends."""
    return torch.stft(
        samples, len(window), hop, window=window, pad_mode="constant", return_complex=True
    )


def _overlap_added(
    window: Float[Tensor, " window"], samples: int, hop: int
) -> Float[Tensor, " samples"]:
    """What the windows of all frames sum to at every sample."""
    frames = torch.ones(1, 1, samples // hop + 1, dtype=window.dtype, device=window.device)
    whole = torch.nn.functional.conv_transpose1d(frames, window[None, None], stride=hop)[0, 0]
    centred = torch.zeros(samples, dtype=window.dtype, device=window.device)
    inside = whole[len(window) // 2 :][:samples]
    centred[: len(inside)] = inside
    return centred


def _seen(
    explanation: Explanation,
    relevance: Float[np.ndarray, "bins frames"],
    time_edges: Float[np.ndarray, " edges"],
    window: int,
    seen_with: dict[str, Any],
) -> Explanation:
    """The explanation with its relevance on Fourier bins of `window` samples."""
    rate = explanation.sample_rate
    return replace(
        explanation,
        relevance=relevance,
        domain="stft",
        time_edges=time_edges,
        frequency_edges=halfway_edges(len(relevance), rate / window, rate / 2),
        standard_error=None,
        coefficient=None,
        activation=None,
        provenance={**explanation.provenance, "inspection": seen_with},
    )


def _factors(
    explanation: Explanation,
) -> tuple[Float[Tensor, "1 time"], Float[Tensor, "1 time"]]:
    activation, coefficient = explanation.activation, explanation.coefficient
    if activation is None or coefficient is None:
        raise ExplanationError(
            f"The relevance of '{explanation.method}' carries no coefficient, so it cannot be "
            "seen in frequency; use a method whose relevance is activation x coefficient, such as "
            "input-x-gradient or integrated-gradients."
        )
    return (
        torch.from_numpy(activation).double()[None],
        torch.from_numpy(coefficient).double()[None],
    )
