import itertools

import numpy as np
import pytest
import torch

from perturbations.codecs.alignment import lag
from perturbations.contract import check_corruption
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.telephony.telephone import CODERS, in_telephone_band
from perturbations.waveform import resample
from tests.perturbations.signals import keys, sine, speech_like

RATE = 16_000


@pytest.mark.parametrize("codec", ["gsm", "g711-a"])
def test_promises_are_kept(codec):
    check_corruption(load_corruption("telephone", codec=codec), speech_like(2, 0.6))


@pytest.mark.parametrize("hertz", [60, 150, 300, 1000, 2500, 3400, 3700])
def test_the_band_is_that_of_the_telephone(hertz):
    from scipy.signal import butter, freqz_sos

    sections = butter(5, [300, 3400], "bandpass", fs=8000, output="sos")
    _, response = freqz_sos(sections, [hertz], fs=8000)
    tone = sine(hertz, 2.0, 8000)[0].numpy()
    heard = in_telephone_band(tone)[4000:12000]
    gain = np.sqrt(np.mean(heard**2) / np.mean(tone[4000:12000] ** 2))
    assert gain == pytest.approx(abs(response[0]), rel=0.02, abs=1e-4)


@pytest.mark.parametrize("codec", sorted(CODERS))
def test_a_call_arrives_in_place_and_narrow(codec):
    clip = speech_like(1, 2.0)
    telephone = load_corruption("telephone", codec=codec, loss_percent=0.01)
    narrow = in_telephone_band(resample(clip, RATE, 8000)[0].numpy())
    sent = resample(torch.from_numpy(narrow)[None], 8000, RATE)[0]
    for severity in (1, 3):
        heard = telephone.apply(clip, RATE, severity, keys(1)).waveform
        # AMR keeps no phase, so that its delay is known to a part of a millisecond only.
        assert abs(lag(sent, heard[0], RATE)) <= (10 if codec == "amr-nb" else 2)
        power = torch.fft.rfft(heard[0]).abs().square()
        hertz = torch.arange(len(power)) * RATE / clip.shape[1]
        assert power[hertz > 4050].sum() < 1e-5 * power.sum()


def test_every_leg_adds_its_own_losses():
    telephone = load_corruption("telephone", codec="g711-mu", loss_percent=10.0)
    clip = speech_like(1, 30.0)
    shares, ratios = [], []
    for severity in telephone.severities:
        facts = telephone.apply(clip, RATE, severity, keys(1)).facts[0]
        shares.append(facts["lost_share"])
        ratios.append(facts["in_band_snr_db"])
    expected = [1 - 0.9**legs for legs in (1, 2, 3, 4, 5)]
    assert shares == pytest.approx(expected, abs=0.06)
    assert sorted(shares) == shares and sorted(ratios, reverse=True) == ratios


def test_what_is_told_as_lost_is_missing():
    telephone = load_corruption(
        "telephone", codec="g711-mu", loss_percent=20.0, concealment="silence"
    )
    tone = sine(1000, 20.0)
    for severity in (1, 2, 5):
        corrupted = telephone.apply(tone, RATE, severity, keys(1))
        short = corrupted.waveform[0].unfold(0, 32, 16).square().mean(1)
        missing = (short < 0.01 * short.max()).float().mean()
        assert missing == pytest.approx(corrupted.facts[0]["lost_share"], abs=0.035)


def test_the_severities_of_a_clip_share_their_losses():
    telephone = load_corruption(
        "telephone", codec="g711-mu", loss_percent=5.0, concealment="silence"
    )
    tone = sine(1000, 10.0)
    one, two = (telephone.apply(tone, RATE, legs, keys(1)).waveform[0] for legs in (1, 2))
    quiet = [each.unfold(0, 64, 64).square().mean(1) < 0.001 for each in (one, two)]
    assert quiet[1][quiet[0]].float().mean() > 0.9
    assert quiet[1].sum() > quiet[0].sum()


def test_any_length_at_any_rate():
    telephone = load_corruption("telephone", codec="g711-a")
    for rate, length in itertools.product((4_000, 11_025, 192_000), (2, 3, 81, 1000)):
        for clip in (torch.zeros(1, length), torch.ones(1, length)):
            corrupted = telephone.apply(clip, rate, 5, [Key("clip")]).waveform
            assert corrupted.shape == clip.shape
            assert torch.isfinite(corrupted).all()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"levels": [0.0]}, "whole and from 1 to 10"),
        ({"levels": [1.5]}, "whole and from 1 to 10"),
        ({"codec": "mp3"}, "There are: amr-nb, g711-a"),
        ({"loss_percent": 0.0}, "above 0"),
        ({"mean_burst_packets": 0.5}, "bursts of 1.02"),
        ({"concealment": "magic"}, "silence"),
    ],
)
def test_settings_are_checked(settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption("telephone", **settings)
