"""Cells against a Fourier transform written out here, window by window."""

import numpy as np
import pytest

from xaudio.audio import clip_from_samples
from xaudio.errors import AudioError
from xaudio.viewing import overview, tile

RATE = 16000
SIZE = 512  # samples of 25 ms at this rate, rounded up to a power of two


def noise(seconds, rate=RATE):
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * rate)).astype(np.float32)
    return clip_from_samples(samples, rate, "noise")


def power(samples, centre, row, size=SIZE):
    """Power of one bin of the Hann window around a sample; a full-scale sine has 1."""
    n = np.arange(size)
    places = centre - size // 2 + n
    inside = (places >= 0) & (places < len(samples))
    values = np.where(inside, samples[np.clip(places, 0, len(samples) - 1)], 0.0)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / size)
    bin_ = (values * window * np.exp(-2j * np.pi * row * n / size)).sum()
    return abs(bin_ / (window.sum() / 2)) ** 2


def test_the_cells_of_a_short_clip_are_the_levels_at_their_times_and_frequencies():
    clip = noise(2.0)
    found = overview(clip)
    assert found.cells.shape == (SIZE // 2 + 1, 250)
    for row, column in [(0, 0), (3, 0), (256, 249), (100, 125), (17, 249), (200, 3)]:
        level = 10 * np.log10(power(clip.samples, column * 128 + 64, row))
        assert found.values[row, column] == pytest.approx(level, abs=0.51)


def test_axes_of_the_overview():
    found = overview(noise(1.999))
    assert (found.start, found.end) == (0.0, 250 * 0.008)  # the last column reaches beyond the clip
    height = (found.high - found.low) / found.cells.shape[0]
    assert height == pytest.approx(RATE / SIZE)
    assert found.low == pytest.approx(-height / 2)  # row 0 has its middle at 0 Hz


def test_a_column_of_a_long_clip_is_the_mean_power_of_its_windows():
    clip = noise(4.0)
    found = overview(clip, columns=25)
    hop = 64000 // 100  # four windows in each of 25 columns
    assert found.cells.shape[1] == 25 and found.end == pytest.approx(4.0)
    for row, column in [(5, 0), (60, 12), (250, 24)]:
        centres = [(4 * column + i) * hop + hop // 2 for i in range(4)]
        mean = np.mean([power(clip.samples, centre, row) for centre in centres])
        assert found.values[row, column] == pytest.approx(10 * np.log10(mean), abs=0.51)


def test_neighbouring_bins_share_a_row_at_high_rates():
    clip = noise(0.2, rate=48000)
    found = overview(clip)
    assert found.cells.shape[0] == 257  # of 1025 bins, four to a row
    bins = [power(clip.samples, 10 * 384 + 192, 4 * 40 + i, 2048) for i in range(4)]
    assert found.values[40, 10] == pytest.approx(10 * np.log10(np.mean(bins)), abs=0.51)
    assert (found.high - found.low) / 257 == pytest.approx(4 * 48000 / 2048)
    highest = power(clip.samples, 10 * 384 + 192, 1024, 2048)  # alone in its row
    assert found.values[256, 10] == pytest.approx(10 * np.log10(highest), abs=0.51)


def test_a_tone_lies_in_the_row_of_its_frequency():
    times = np.arange(RATE) / RATE
    tone = clip_from_samples(np.sin(2 * np.pi * 3000 * times).astype(np.float32), RATE, "tone")
    found = overview(tone)
    row = int(found.cells[:, 60].argmax())
    height = (found.high - found.low) / found.cells.shape[0]
    assert found.low + row * height <= 3000 <= found.low + (row + 1) * height
    assert found.values[row, 60] == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.5), (0.7301, 0.9), (1.6, 2.0), (-1.0, 9.0)])
def test_the_cells_of_a_tile_are_the_levels_at_their_times(start, end):
    clip = noise(2.0)
    found = tile(clip, start, end, columns=200)
    first, last = max(int(start * RATE), 0), min(int(np.ceil(end * RATE)), 32000)
    hop = -(-(last - first) // 200)
    assert found.start == pytest.approx(first / RATE)
    assert found.cells.shape[1] == -(-(last - first) // hop) <= 200
    assert found.end == pytest.approx(found.start + found.cells.shape[1] * hop / RATE)
    for column in [0, 1, found.cells.shape[1] // 2, found.cells.shape[1] - 1]:
        level = 10 * np.log10(power(clip.samples, first + column * hop + hop // 2, 77))
        assert found.values[77, column] == pytest.approx(level, abs=0.51)


def test_a_short_tile_has_no_closer_columns_than_half_a_millisecond():
    assert tile(noise(1.0), 0.5, 0.51, columns=2048).cells.shape[1] == 20


@pytest.mark.parametrize(("start", "end"), [(2.0, 3.0), (0.5, 0.5), (0.9, 0.1), (-2.0, -1.0)])
def test_a_tile_of_nothing_is_refused(start, end):
    with pytest.raises(AudioError, match=r"from .* to .* s: it lasts 1 s"):
        tile(noise(1.0), start, end)


def test_sizes_are_bounded():
    long = clip_from_samples(np.resize(noise(10.0).samples, 600 * RATE), RATE, "long")
    assert overview(long).cells.shape == (257, 2048)
    assert tile(long, 0.0, 600.0, columns=300).cells.shape[1] <= 300
    assert max(overview(noise(0.3, rate=192000)).cells.shape) <= 320


def test_a_silent_cell_is_the_quietest():
    samples = np.zeros(RATE, np.float32)
    samples[:100] = 0.5
    found = overview(clip_from_samples(samples, RATE, "mostly silent"))
    assert found.values[:, 100].max() == -120.0


def test_two_samples_are_a_clip():
    assert overview(clip_from_samples(np.array([0.5, -0.5], np.float32), 8000, "x")).cells.size
