import numpy as np
import pytest
import torch

from perturbations.attacks.psychoacoustics import (
    MaskingModel,
    from_spectrum,
    lines_per_band,
    masking_threshold,
    spectrum,
    spreading,
    threshold_in_quiet,
    to_bark,
    tones,
)
from perturbations.errors import CorruptionError
from tests.perturbations.signals import sine, speech_like

RATE, SIZE = 16_000, 512
HERTZ = torch.arange(SIZE // 2 + 1) * (RATE / SIZE)


def levels_of_a_tone(line=32, level=80.0, floor=-100.0):
    """A windowed sine on a line, as a Hann window shows it."""
    levels = torch.full((1, 1, len(HERTZ)), floor)
    levels[0, 0, line] = level
    levels[0, 0, [line - 1, line + 1]] = level - 6.02
    return levels


def bark(hertz):
    return 13 * np.arctan(0.00076 * hertz) + 3.5 * np.arctan((hertz / 7500) ** 2)


def masked_by_one_tone(hertz, tone_hertz, level):
    """ISO/IEC 11172-3, annex D, steps 6 and 7, for one tonal masker, a line at a time."""
    place, distance = bark(tone_hertz), bark(hertz) - bark(tone_hertz)
    index = -1.525 - 0.275 * place - 4.5
    if -3 <= distance < -1:
        spread = 17 * (distance + 1) - (0.4 * level + 6)
    elif -1 <= distance < 0:
        spread = (0.4 * level + 6) * distance
    elif 0 <= distance < 1:
        spread = -17 * distance
    elif 1 <= distance < 8:
        spread = -(distance - 1) * (17 - 0.15 * level) - 17
    else:
        return 0.0
    return 10 ** ((level + index + spread) / 10)


def test_one_tone_masks_as_the_standard_says():
    found = masking_threshold(levels_of_a_tone(), HERTZ)[0, 0]
    summed = 80 + 10 * np.log10(1 + 2 * 10**-0.602)
    quiet = threshold_in_quiet(HERTZ)
    for line in range(1, len(HERTZ), 3):
        masked = masked_by_one_tone(line * RATE / SIZE, 1000.0, summed)
        expected = 10 * np.log10(10 ** (float(quiet[line]) / 10) + masked)
        assert float(found[line]) == pytest.approx(expected, abs=0.01)


def test_the_threshold_of_a_tone_peaks_at_it_and_spreads_upwards():
    found = masking_threshold(levels_of_a_tone(), HERTZ)[0, 0] - threshold_in_quiet(HERTZ)
    assert int(found.argmax()) == 32
    below = found[to_bark(HERTZ) <= to_bark(HERTZ[32]) - 2]
    above = found[to_bark(HERTZ) >= to_bark(HERTZ[32]) + 2]
    assert above.max() > below.max() + 10
    louder = masking_threshold(levels_of_a_tone(level=90.0), HERTZ)[0, 0]
    softer = masking_threshold(levels_of_a_tone(level=70.0), HERTZ)[0, 0]
    far = int((HERTZ - 2000).abs().argmin())
    assert louder[far] - softer[far] > 25  # more than the 20 dB that the tone rose by


def test_noise_masks_more_than_a_tone_of_the_same_power():
    noise = torch.full((1, 1, len(HERTZ)), -100.0)
    band = (to_bark(HERTZ) >= 8) & (to_bark(HERTZ) < 9)
    total = 80 + 10 * np.log10(1 + 2 * 10**-0.602)
    noise[0, 0, band] = float(total - 10 * np.log10(int(band.sum())))
    by_noise = masking_threshold(noise, HERTZ)[0, 0]
    by_tone = masking_threshold(levels_of_a_tone(), HERTZ)[0, 0]
    assert not tones(noise).any()
    difference = float(by_noise.max() - by_tone.max())
    assert difference == pytest.approx(4.0 + 0.1 * 8.5, abs=1.0)  # the masking indices differ so


def test_maskers_add_up_and_weak_tones_close_by_do_not_count():
    alone = masking_threshold(levels_of_a_tone(100), HERTZ)[0, 0]
    near, far = levels_of_a_tone(100), levels_of_a_tone(100)
    near[0, 0, 94:97] = torch.tensor([70.0, 76.0, 70.0])  # five lines are a third of a Bark
    far[0, 0, 39:42] = torch.tensor([70.0, 76.0, 70.0])
    assert torch.allclose(masking_threshold(near, HERTZ)[0, 0], alone, atol=0.1)
    with_far = masking_threshold(far, HERTZ)[0, 0]
    assert with_far[40] > alone[40] + 30 and (with_far >= alone - 1e-4).all()


def test_nothing_masks_below_the_threshold_in_quiet():
    silent = torch.full((1, 2, len(HERTZ)), -200.0)
    found = masking_threshold(silent, HERTZ)
    assert torch.allclose(found, threshold_in_quiet(HERTZ).expand_as(found), atol=1e-3)
    # At 1 kHz one hears from 3.4 dB on: 1.0 dB and its neighbours are 2.8 dB together.
    tone = masking_threshold(levels_of_a_tone(level=1.0), HERTZ)[0, 0]
    assert torch.allclose(tone, found[0, 0], atol=1e-3)
    assert (masking_threshold(levels_of_a_tone(level=3.0), HERTZ)[0, 0] > found[0, 0])[32]
    for level, heard in ((-6.0, False), (0.0, True)):  # in every line of a band of five
        noise = torch.full((1, 1, len(HERTZ)), -100.0)
        noise[0, 0, (to_bark(HERTZ) >= 8) & (to_bark(HERTZ) < 9)] = level
        more = masking_threshold(noise, HERTZ)[0, 0] - found[0, 0]
        assert bool(more.max() > 0.3) == heard and (heard or more.abs().max() < 1e-3)


def test_hearing_is_sharpest_at_three_kilohertz():
    hertz = torch.linspace(20, 16_000, 2000)
    quiet = threshold_in_quiet(hertz)
    assert 3000 < hertz[quiet.argmin()] < 3600
    assert quiet.max() <= 70 and quiet.isfinite().all()
    assert threshold_in_quiet(torch.zeros(1)).isfinite().all()


def test_bark_follows_zwickers_bands():
    # Edges of the critical bands 1 to 24 (Zwicker 1961), some of them.
    edges = {100: 1, 510: 5, 1270: 10, 2700: 15, 6400: 20, 15500: 24}
    found = to_bark(torch.tensor([float(hertz) for hertz in edges]))
    assert found.tolist() == pytest.approx(list(edges.values()), abs=0.25)


def test_spreading_is_the_standards_and_has_no_jumps():
    distance = torch.linspace(-3, 7.99, 2000)
    found = spreading(distance, torch.tensor(80.0))
    assert found.diff().abs().max() < 0.3 and float(found.max()) == pytest.approx(0, abs=0.1)
    by_hand = spreading(torch.tensor([-2.0, -0.5, 0.5, 3.0, 9.0]), torch.tensor(60.0))
    assert by_hand.tolist() == pytest.approx([-47.0, -15.0, -8.5, -33.0, -200.0])


def test_a_band_as_loud_as_its_lines_allow_is_as_loud_as_the_threshold():
    share = lines_per_band(HERTZ)
    inside = (to_bark(HERTZ) >= 15) & (to_bark(HERTZ) < 16)
    assert float((1 / share[inside]).sum()) == pytest.approx(1.0, abs=0.15)


def test_the_limit_of_a_sine_is_below_it_and_follows_its_loudness():
    model = MaskingModel()
    loud, soft = sine(1000.0, amplitude=0.5), sine(1000.0, amplitude=0.05)
    limit = model.threshold(loud, RATE)
    ratio = spectrum(loud, SIZE).abs()[0, 20, 32] / limit[0, 20, 32]
    summed = 10 * np.log10(1 + 2 * 10**-0.602)
    expected = -summed + 1.525 + 4.5 + 0.275 * bark(1000.0)
    expected += 10 * np.log10(float(lines_per_band(HERTZ)[32]))
    assert 20 * float(torch.log10(ratio)) == pytest.approx(expected, abs=0.1)
    assert torch.allclose(model.threshold(soft, RATE) * 10, limit, rtol=1e-3)


@pytest.mark.parametrize(("seconds", "rate"), [(0.0003, 16_000), (0.3, 8000), (0.2, 44_100)])
def test_spectrum_and_back_for_any_length_and_rate(seconds, rate):
    waveform = speech_like(2, max(seconds, 0.1), rate)[:, : max(2, round(seconds * rate))]
    size = MaskingModel().size(rate)
    lines = spectrum(waveform, size)
    back = from_spectrum(lines, size, waveform.shape[1])
    assert torch.allclose(back, waveform, atol=1e-5)
    limit = MaskingModel().threshold(waveform, rate)
    assert limit.shape == lines.shape and limit.isfinite().all() and (limit > 0).all()


def test_silence_has_a_limit_too():
    limit = MaskingModel().threshold(torch.zeros(1, 2000), RATE)
    assert limit.isfinite().all() and 0 < limit.max() < 1


@pytest.mark.parametrize("settings", [{"window_seconds": 0.0}, {"loudest_db": float("nan")}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(CorruptionError):
        MaskingModel(**settings)
