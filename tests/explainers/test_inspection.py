import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.inspection import (
    dft_relevance,
    stft_relevance,
    to_frequency,
    to_time_frequency,
)


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def dense_inverse(length):
    """The inverse real DFT as a matrix from real and imaginary parts to samples."""
    bins = length // 2 + 1
    columns = []
    for unit in (1.0, 1j):
        for index in range(bins):
            spectrum = torch.zeros(bins, dtype=torch.complex128)
            spectrum[index] = unit
            columns.append(torch.fft.irfft(spectrum, n=length))
    return torch.stack(columns, dim=1)


def dense_dft(activation, coefficient):
    """DFT-LRP by matrices: spectrum entries times the coefficient carried through the inverse."""
    length = len(activation)
    spectrum = torch.fft.rfft(activation)
    entries = torch.cat([spectrum.real, spectrum.imag])
    both = entries * (dense_inverse(length).T @ coefficient)
    return both.reshape(2, -1).sum(dim=0)


@pytest.mark.parametrize("length", [2, 3, 16, 97, 256])
def test_the_whole_transform_is_the_dense_one(length):
    activation, coefficient = draw(2, length), draw(2, length, seed=1)
    found = dft_relevance(activation, coefficient)
    for row, one, other in zip(found, activation, coefficient, strict=True):
        torch.testing.assert_close(row, dense_dft(one, other))


def dense_stft(activation, coefficient, window, hop):
    """The clip as a weighted overlap-add of windowed frames, relevance carried through by hand."""
    samples, half = len(activation), window // 2
    frames = samples // hop + 1
    hann = torch.hann_window(window, dtype=torch.float64)
    place = torch.zeros(frames, window, samples, dtype=torch.float64)
    for frame in range(frames):
        for offset in range(window):
            sample = frame * hop + offset - half
            if 0 <= sample < samples:
                place[frame, offset, sample] = 1
    cover = torch.einsum("o,fos->s", hann.square(), place)
    relevance = []
    for selection in place:
        frame_activation = hann * (selection @ activation)
        frame_coefficient = hann * (selection @ (coefficient / cover))
        relevance.append(dense_dft(frame_activation, frame_coefficient))
    return torch.stack(relevance, dim=1)


@pytest.mark.parametrize(
    ("length", "window", "hop"), [(64, 16, 4), (100, 32, 8), (256, 32, 16), (57, 16, 7)]
)
def test_the_short_time_transform_is_the_dense_one(length, window, hop):
    activation, coefficient = draw(1, length), draw(1, length, seed=1)
    found = stft_relevance(activation, coefficient, window, hop)
    torch.testing.assert_close(found[0], dense_stft(activation[0], coefficient[0], window, hop))


@pytest.mark.parametrize("length", [5, 100, 1603, 16000])
@pytest.mark.parametrize(("window", "hop"), [(32, 8), (64, 32), (512, 128), (1024, 500)])
def test_the_total_is_kept(length, window, hop):
    activation, coefficient = draw(3, length), draw(3, length, seed=1)
    samples = activation * coefficient
    allowed = 1e-6 * samples.abs().sum(dim=1)
    bins = stft_relevance(activation, coefficient, window, hop).sum(dim=(1, 2))
    assert ((bins - samples.sum(dim=1)).abs() <= allowed).all()
    whole = dft_relevance(activation, coefficient).sum(dim=1)
    assert ((whole - samples.sum(dim=1)).abs() <= allowed).all()


def test_a_batch_is_its_clips():
    activation, coefficient = draw(3, 500), draw(3, 500, seed=1)
    together = stft_relevance(activation, coefficient, 64, 16)
    for row, one, other in zip(together, activation, coefficient, strict=True):
        torch.testing.assert_close(row, stft_relevance(one[None], other[None], 64, 16)[0])


def explanation(activation, coefficient, rate=8000):
    return Explanation(
        relevance=activation * coefficient,
        domain="waveform",
        sample_rate=rate,
        seconds=len(activation) / rate,
        target="spoof",
        score=1.0,
        method="by-hand",
        signed=True,
        activation=activation,
        coefficient=coefficient,
    )


def burst(hertz, start, end, rate=8000, samples=8000):
    time = np.arange(samples) / rate
    return np.sin(2 * np.pi * hertz * time) * ((time >= start) & (time < end))


def test_a_tones_relevance_is_found_at_its_time_and_frequency():
    clip = burst(1000, 0.2, 0.4) + burst(3000, 0.6, 0.9)
    one = explanation(clip, clip)
    seen = to_time_frequency(one)
    assert seen.domain == "stft"
    assert seen.total == pytest.approx(one.total, rel=1e-9)
    first = (burst(1000, 0.2, 0.4) ** 2).sum()
    bands = seen.over_bands([800.0, 1200.0, 2800.0, 3200.0]).relevance
    assert bands[1] == pytest.approx(first, rel=0.02)
    assert bands[3] == pytest.approx(one.total - first, rel=0.02)
    grid = seen.over_time_frequency(0.1, [2000.0])
    row, column = np.unravel_index(grid.relevance.argmax(), grid.relevance.shape)
    assert row == 1 and 6 <= column <= 8
    assert seen.over_segments({"first": [(0.18, 0.42)]})["first"] == pytest.approx(first, rel=0.01)
    assert seen.provenance["inspection"]["window_samples"] == 256


@pytest.mark.parametrize("samples", [8000, 8001])
def test_whole_clip_bins_lie_at_their_frequencies(samples):
    clip = burst(1000, 0.0, 2.0, samples=samples)
    seen = to_frequency(explanation(clip, clip))
    peak = int(seen.relevance[:, 0].argmax())
    assert seen.frequency_edges[peak] < 1000 < seen.frequency_edges[peak + 1]
    assert seen.frequency_edges[-1] == 4000
    assert np.diff(seen.frequency_edges)[-1] <= 1.01
    assert seen.total == pytest.approx((clip**2).sum())


def test_single_precision_is_enough():
    activation = draw(64000).float().numpy()
    coefficient = draw(64000, seed=1).float().numpy()
    one = explanation(activation, coefficient, 16000)
    for seen in (to_time_frequency(one), to_frequency(one)):
        assert abs(seen.total - one.total) <= 1e-6 * np.abs(one.relevance).sum()


def test_relevance_without_a_coefficient_is_refused():
    clip = burst(1000, 0.0, 1.0)
    bare = explanation(clip, clip)
    bare = Explanation(
        relevance=bare.relevance,
        domain="waveform",
        sample_rate=8000,
        seconds=1.0,
        target="spoof",
        score=1.0,
        method="saliency",
        signed=False,
    )
    for look in (to_time_frequency, to_frequency):
        with pytest.raises(ExplanationError, match="'saliency' carries no coefficient"):
            look(bare)


@pytest.mark.parametrize(("window", "hop"), [(32, 17), (31, 8), (32, 0), (0, 0)])
def test_windows_that_leave_samples_out_are_refused(window, hop):
    with pytest.raises(ExplanationError, match="hop at most half"):
        stft_relevance(draw(1, 100), draw(1, 100), window, hop)


def test_one_sample_has_no_frequencies():
    with pytest.raises(ExplanationError, match="one sample"):
        dft_relevance(draw(1, 1), draw(1, 1))
