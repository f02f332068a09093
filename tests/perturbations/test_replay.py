import math

import numpy as np
import pytest
import scipy.signal
import torch

from perturbations.contract import check_corruption
from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.replay import (
    BEST,
    WORST,
    distort,
    draw_table,
    equipment,
    limit_band,
    record,
)
from tests.perturbations.signals import keys, sine, speech_like

RATE = 16_000


@pytest.mark.parametrize("amount", [0.003, 0.03, 0.1])
@pytest.mark.parametrize("amplitude", [0.02, 1.0])
def test_the_harmonic_distortion_of_a_sine(amount, amplitude):
    """Second and third harmonic alike, together `amount` of the fundamental, at any level."""
    tone = sine(1000, amplitude=amplitude).double()
    lines = torch.fft.rfft(distort(tone, amount))[0].abs()
    harmonics = lines[[2000, 3000, 4000, 5000, 6000, 7000]]
    assert harmonics.norm() / lines[1000] == pytest.approx(amount, rel=0.01)
    assert harmonics[0] == pytest.approx(harmonics[1].item(), rel=0.01)
    assert harmonics[2:].max() < 1e-3 * harmonics[0]


def test_harmonics_do_not_fold_back():
    """Those of 7 kHz are at 14 and 21 kHz: nothing of them is at 2 or at 5 kHz."""
    lines = torch.fft.rfft(distort(sine(7000).double(), 0.1) * torch.hann_window(RATE))[0].abs()
    assert lines[1000:6000].max() < 1e-5 * lines[7000]


def test_a_higher_input_is_a_higher_output():
    """At the most distortion there may be; and silence stays silent."""
    slow = sine(5, amplitude=1.0).double()
    bent = distort(slow, 0.1)[0, slow[0].argsort()]
    assert (bent.diff()[1:] > -1e-6).all() and bent[-1] > 0.7
    assert not distort(torch.zeros(1, 7), 0.1).any()


@pytest.mark.parametrize(("lowest", "highest"), [(700.0, 4500.0), (60.0, 7000.0), (90.0, 16_000.0)])
def test_bands_against_scipy(lowest, highest):
    noise = torch.randn(2, 6000, dtype=torch.float64)
    sections = [scipy.signal.butter(4, lowest, "highpass", fs=RATE, output="sos")]
    if highest < RATE / 2:
        sections.append(scipy.signal.butter(4, highest, "lowpass", fs=RATE, output="sos"))
    expected = scipy.signal.sosfilt(np.concatenate(sections), noise.numpy())
    np.testing.assert_allclose(limit_band(noise, RATE, lowest, highest), expected, atol=2e-5)


def test_edges_are_at_three_decibels():
    click = torch.zeros(1, RATE, dtype=torch.float64)
    click[0, 0] = 1
    response = torch.fft.rfft(limit_band(click, RATE, 300.0, 3000.0))[0].abs()
    for edge in (300, 3000):
        assert 20 * math.log10(response[edge]) == pytest.approx(-3.01, abs=0.02)
    assert response[1000] == pytest.approx(1, abs=0.01)
    assert response[150] < 0.07 and response[6000] < 0.05


def test_recording():
    """The level asked for, in steps of 16 bits; silence stays silent; full scale clips."""
    clips = torch.cat([speech_like(1, 0.3), torch.zeros(1, 4800)]).double()
    recorded, gain_db = record(clips, -26.0)
    assert 20 * torch.log10(recorded[0].square().mean().sqrt()) == pytest.approx(-26, abs=0.01)
    assert torch.equal(recorded * 2**15, (recorded * 2**15).round()) and not recorded[1].any()
    torch.testing.assert_close(
        recorded[0], clips[0] * 10 ** (gain_db[0] / 20), rtol=0, atol=2**-16 + 1e-9
    )
    assert gain_db[1] == 0
    clipped, _ = record(clips, 0.0)
    assert clipped.min() == -1 and clipped.max() == 1 - 2**-15


def test_the_microphone_noise_is_as_loud_as_stated(monkeypatch):
    """Two microphones that differ in their noise alone: the difference is that noise."""
    corruption = load_corruption("replay", levels=[5.0])
    clip, key = speech_like(1, 0.8), keys(1)
    noisy = corruption.apply(clip, RATE, 1, key).waveform.double()
    monkeypatch.setattr("perturbations.replay.mix_at_snr", lambda waveform, noise, snr_db: waveform)
    clean = corruption.apply(clip, RATE, 1, key).waveform.double()
    share = (noisy * clean).sum() / clean.square().sum()
    noise = noisy - share * clean
    snr_db = 20 * torch.log10((share * clean).norm() / noise.norm())
    assert snr_db == pytest.approx(WORST.microphone_snr_db, abs=0.2)


def test_equipment_goes_from_best_to_worst():
    for grade, end in ((1.0, BEST), (5.0, WORST)):
        assert vars(equipment(grade)) == pytest.approx(vars(end))
    graded = [equipment(grade) for grade in (1.0, 2.0, 3.0, 4.0, 5.0)]
    distances = [each.distance_metres for each in graded]
    np.testing.assert_allclose(np.divide(distances[1:], distances[:-1]), 12**0.25)
    assert np.diff([each.microphone_snr_db for each in graded]) == pytest.approx(-10)


def test_the_table_stands_in_the_room():
    random = np.random.default_rng(0)
    for _ in range(200):
        room = draw_table(random, WORST.distance_metres)
        assert room.distance_metres == pytest.approx(WORST.distance_metres)
        for who in (room.source, room.microphone):
            assert (np.array(who) > 0.3).all() and (np.subtract(room.size, who) > 0.3).all()


def test_what_is_told():
    corruption, clip = load_corruption("replay"), speech_like(1, 0.6)
    told = [
        corruption.apply(clip, RATE, severity, keys(1)).facts[0] for severity in (1, 2, 3, 4, 5)
    ]
    assert [each["asvspoof_distance"] for each in told] == list("AAABC")
    assert [each["asvspoof_quality"] for each in told] == list("BBCCC")
    ratio = told[4]["linear_to_nonlinear_db"]
    assert ratio == pytest.approx(20 * math.log10(1 / 0.08))
    bands = [each[corruption.primary] for each in told]
    assert bands == sorted(bands, reverse=True) and bands[4] == pytest.approx(3800)
    for each in told:
        assert each["rt60_seconds"] == pytest.approx(0.3, rel=0.1)
    assert corruption.parameters(5)["microphone_snr_db"] == 20
    assert corruption.parameters(0) == {}


@pytest.mark.parametrize("rate", [4_000, 48_000])
def test_other_rates_and_odd_clips(rate):
    corruption = load_corruption("replay")
    check_corruption(corruption, speech_like(2, 0.4, rate), rate)
    for clips in (torch.zeros(1, 2), torch.ones(1, 3), torch.full((1, 777), -1e-20)):
        done = corruption.apply(clips, rate, 5, keys(1)).waveform
        assert done.shape == clips.shape and torch.isfinite(done).all()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"levels": [0.5]}, "from 1"),
        ({"rt60_seconds": 20.0}, "reverberation times"),
        ({"level_dbfs": 3.0}, "recording level"),
    ],
)
def test_refused(settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption("replay", **settings)
