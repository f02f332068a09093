import io

import numpy as np
import pytest
from PIL import Image

from xaudio.errors import AudioError
from xaudio.reports.spectrogram import spectrogram, spectrogram_png

RATE = 16000


def tone(hertz: float, seconds: float, level: float = 1.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


def test_a_full_scale_sine_is_at_zero_decibels_in_its_own_row():
    image = spectrogram(tone(2000.0, 1.0), RATE)
    middle = image.decibels[:, image.decibels.shape[1] // 2]
    row = int(middle.argmax())
    assert middle[row] == pytest.approx(0.0, abs=0.1)
    assert image.frequency_edges[row] <= 2000 <= image.frequency_edges[row + 1]


def test_ten_times_quieter_is_twenty_decibels_less():
    loud, quiet = (spectrogram(tone(1000.0, 0.5, a), RATE).decibels.max() for a in (1.0, 0.1))
    assert loud - quiet == pytest.approx(20.0, abs=0.01)


def test_a_click_appears_at_its_time():
    samples = np.zeros(RATE)
    samples[12000] = 1.0
    image = spectrogram(samples, RATE)
    column = int(image.decibels.mean(axis=0).argmax())
    centre = (image.time_edges[column] + image.time_edges[column + 1]) / 2
    assert centre == pytest.approx(0.75, abs=0.005)


def test_axes_cover_the_clip_and_fit_the_cells():
    image = spectrogram(np.random.default_rng(0).normal(size=12345) * 0.1, 8000)
    rows, columns = image.decibels.shape
    assert len(image.time_edges) == columns + 1
    assert len(image.frequency_edges) == rows + 1
    assert image.time_edges[[0, -1]] == pytest.approx([0, 12345 / 8000])
    assert image.frequency_edges[[0, -1]] == pytest.approx([0, 4000])


def test_a_long_clip_gets_longer_columns_instead_of_more():
    image = spectrogram(np.ones(60 * RATE, np.float32), RATE, most_columns=500)
    assert image.decibels.shape[1] <= 500
    assert image.time_edges[-1] == pytest.approx(60.0)


@pytest.mark.parametrize("length", [2, 3, 79, 81])
def test_very_short_clips_and_silence_have_a_picture(length):
    assert np.isfinite(spectrogram(np.zeros(length), RATE).decibels).all()


def test_no_samples_are_refused():
    with pytest.raises(AudioError, match="no samples"):
        spectrogram(np.zeros(0), RATE)


def test_the_picture_has_a_pixel_per_cell_and_low_frequencies_below():
    image = spectrogram(tone(500.0, 0.3), RATE)
    with Image.open(io.BytesIO(spectrogram_png(image))) as picture:
        pixels = np.asarray(picture.convert("L")).astype(float)
    assert pixels.shape == image.decibels.shape
    brightest = int(pixels.mean(axis=1).argmax())
    assert brightest > 0.9 * pixels.shape[0]


def test_headroom_makes_the_picture_paler():
    image = spectrogram(np.random.default_rng(0).normal(size=RATE) * 0.1, RATE)
    pictures = (spectrogram_png(image, "gray", headroom) for headroom in (0.0, 30.0))
    full, paler = (np.asarray(Image.open(io.BytesIO(one)).convert("L")) for one in pictures)
    assert full.max() == 255
    assert paler.max() == pytest.approx(255 * 80 / 110, abs=2)
