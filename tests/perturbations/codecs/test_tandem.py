import numpy as np
import pytest
import torch
from scipy.signal import resample_poly

from perturbations.codecs.g711 import MuLawCoder
from perturbations.codecs.tandem import delayed, snr_db, tandem
from perturbations.corruption import load_corruption
from tests.perturbations.signals import keys, sine, speech_like

TANDEM = ("g711-mu", "g711-a", "g722", "g726", "g723-1", "gsm", "ima-adpcm")


@pytest.mark.parametrize("name", TANDEM)
def test_each_pass_costs_more(name):
    clips = 0.5 * speech_like(2, 0.9)
    corruption = load_corruption(name)
    facts = [corruption.apply(clips, 16_000, severity, keys(2)).facts for severity in range(1, 6)]
    for row in range(2):
        found = [each[row]["in_band_snr_db"] for each in facts]
        assert sorted(set(found), reverse=True) == found
        assert found[0] - found[4] > 1.5


def test_conversions_of_pcm_add_up_as_qdus_do():
    """ITU-T G.113: each conversion adds as much noise as the first, so five cost 7 dB."""
    clip = 0.5 * speech_like(1, 3.0, 8_000)[0].numpy()
    once, five = (tandem(MuLawCoder(), clip, passes) for passes in (1, 5))
    lost = snr_db(clip, once.samples) - snr_db(clip, five.samples)
    assert lost == pytest.approx(10 * np.log10(5), abs=1)


def test_a_pass_on_the_same_grid_would_cost_nothing():
    """Why there is a line between two coders."""
    clip = 0.5 * speech_like(1, 1.0, 8_000)[0].numpy()
    once = MuLawCoder().round_trip(clip).samples
    assert np.array_equal(MuLawCoder().round_trip(once).samples, once)


@pytest.mark.parametrize("delay", [37.618, 0.5, -20.25, 3.0])
def test_a_fraction_of_a_sample_is_what_it_is_at_a_hundred_times_the_rate(delay):
    clip = 0.5 * speech_like(1, 0.2)[0].numpy()
    smooth = resample_poly(clip, 2, 1)[:6_000].astype(np.float32)
    fine = np.roll(resample_poly(smooth.astype(float), 1_000, 1), round(1_000 * delay))
    error = delayed(smooth, delay) - fine[::1_000]
    assert np.abs(error[200:-200]).max() < 2e-4


def test_silence_has_a_ratio_too():
    silence = torch.zeros(1, 4_000)
    for name in TANDEM:
        (facts,) = load_corruption(name).apply(silence, 16_000, 5, keys(1)).facts
        assert np.isfinite(facts["in_band_snr_db"])


def test_the_line_is_undone():
    """A click train comes out of five passes where it went in."""
    clip = torch.zeros(1, 8_000)
    clip[0, 400::1_000] = 0.5
    clip = torch.nn.functional.avg_pool1d(clip[:, None], 5, 1, 2)[:, 0] + 0.001 * sine(
        440, 1, 8_000
    )
    coded = load_corruption("g711-a").apply(clip, 8_000, 5, keys(1)).waveform
    for start in range(400, 8_000, 1_000):
        near = slice(start - 50, start + 50)
        centre = (coded[0, near].abs() * torch.arange(100)).sum() / coded[0, near].abs().sum()
        assert centre.item() == pytest.approx(50, abs=0.5)
