import numpy as np
import pytest
import soxr
import torch

from perturbations.errors import CorruptionError
from perturbations.stretching import stretch_time
from perturbations.timing import (
    PitchShift,
    Resampling,
    Speed,
    TimeShift,
    TimeStretch,
    change_speed,
    shift_time,
)
from tests.perturbations.signals import keys, sine, snr, speech_like

ALL = (TimeStretch, Speed, PitchShift, Resampling, TimeShift)
SEVERITIES = (1, 2, 3, 4, 5)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("length", [2, 3, 1_001])
@pytest.mark.parametrize("sample_rate", [4_000, 192_000])
def test_short_clips_and_silence(kind, length, sample_rate):
    clips = speech_like(2, 1.0, sample_rate)[:, 1_000 : 1_000 + length].contiguous()
    clips[1] = 0
    for severity in SEVERITIES:
        corrupted = kind().apply(clips, sample_rate, severity, keys(2))
        seconds = corrupted.facts[0].get("seconds")
        length_told = seconds or corrupted.time_maps[0].forward(length / sample_rate)
        assert abs(corrupted.waveform.shape[1] - length_told * sample_rate) <= 1
        assert torch.isfinite(corrupted.waveform).all()
        assert not corrupted.waveform[1].any()


@pytest.mark.parametrize("kind", [TimeStretch, Speed, PitchShift])
def test_each_severity_goes_further(kind):
    levels = np.array(kind().levels)
    distance = np.abs(levels if kind is PitchShift else np.log(levels))
    assert (np.diff(distance) > 0).all()


def test_the_stretch_tells_its_map():
    clips = speech_like(1)
    for severity, rate in enumerate(TimeStretch().levels, start=1):
        corrupted = TimeStretch().apply(clips, 16_000, severity, keys(1))
        assert corrupted.time_map.forward(0.9) == pytest.approx(0.9 / rate)
        assert torch.equal(corrupted.waveform, stretch_time(clips, 16_000, rate))


def blip(sample_rate, instant, seconds=2.0, hertz=700.0):
    """A Gaussian burst of a tone around an instant."""
    time = torch.arange(round(seconds * sample_rate), dtype=torch.float64) / sample_rate - instant
    burst = torch.exp(-((time / 0.003) ** 2)) * torch.cos(2 * torch.pi * hertz * time)
    return (0.5 * burst).float()[None]


def centre(samples, sample_rate):
    energy = samples.double().square()
    return ((energy * torch.arange(len(energy))).sum() / energy.sum()).item() / sample_rate


@pytest.mark.parametrize("sample_rate", [11_025, 16_000])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_speed_moves_instants_to_a_sample_and_pitch_by_the_rate(severity, sample_rate):
    rate = Speed().levels[severity - 1]
    for instant in (0.3, 1.6):
        clip = blip(sample_rate, instant)
        corrupted = Speed().apply(clip, sample_rate, severity, keys(1))
        landed = centre(corrupted.waveform[0], sample_rate)
        assert landed == pytest.approx(corrupted.time_map.forward(instant), abs=0.2 / sample_rate)
    tone = change_speed(sine(400, 2.0, sample_rate), sample_rate, rate)[0]
    expected = sine(400 * rate, 3.0, sample_rate)[0][: len(tone)]
    inner = slice(sample_rate // 10, len(tone) - sample_rate // 10)
    assert torch.allclose(tone[inner], expected[inner], atol=2e-3)


def test_a_minute_at_another_speed_ends_where_it_should():
    """A rate that no pair of small whole numbers gives."""
    clip = blip(11_025, 59.5, 60.0)
    faster = change_speed(clip, 11_025, 1.0373)[0]
    assert centre(faster, 11_025) == pytest.approx(59.5 / 1.0373, abs=0.5 / 11_025)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_resampling_keeps_the_pass_band_and_nothing_above(severity, sample_rate):
    share = Resampling().levels[severity - 1]
    nyquist = share * sample_rate / 2
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3 * sample_rate)))
    clip = 0.1 * noise.float()
    through = Resampling().apply(clip, sample_rate, severity, keys(1)).waveform
    assert through.shape == clip.shape
    before, after = (
        torch.fft.rfft(each[0] * torch.hann_window(clip.shape[1])) for each in (clip, through)
    )
    hertz = torch.linspace(0, sample_rate / 2, len(before))
    passed, gone = hertz < 0.9 * nyquist, hertz > 1.02 * nyquist
    error = (after - before)[passed].abs().square().sum() / before[passed].abs().square().sum()
    assert error < 1e-5  # untouched, in phase too: no delay
    left = after[gone].abs().square().mean() / before[gone].abs().square().mean()
    assert left < 1e-8


def test_resampling_against_soxr():
    clip = speech_like(1)[0].numpy()
    low = soxr.resample(clip, 16_000, 4_000)
    expected = torch.from_numpy(soxr.resample(low, 4_000, 16_000))[: len(clip)]
    through = Resampling().apply(torch.from_numpy(clip)[None], 16_000, 4, keys(1)).waveform[0]
    assert torch.allclose(through, expected, atol=1e-6)


@pytest.mark.parametrize("count", [-3, 0, 4])
def test_a_shift_by_hand(count):
    samples = torch.arange(1.0, 7.0)
    expected = {
        -3: [4.0, 5.0, 6.0, 0.0, 0.0, 0.0],
        0: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        4: [0.0, 0.0, 0.0, 0.0, 1.0, 2.0],
    }[count]
    assert shift_time(samples, count).tolist() == expected


def test_shifts_lie_where_they_may_and_are_told():
    clips = speech_like(1, 1.0).expand(40, -1).contiguous()
    for severity, largest in enumerate(TimeShift().levels, start=1):
        corrupted = TimeShift().apply(clips, 16_000, severity, keys(40))
        shifts = np.array([facts["shift_seconds"] for facts in corrupted.facts])
        assert (np.abs(shifts) <= largest + 1e-4).all()
        assert (np.abs(shifts) >= largest / 2 - 1e-4).all()
        assert 8 < (shifts > 0).sum() < 32
        for row in (0, 1, 2):
            count = round(shifts[row] * 16_000)
            moved = corrupted.waveform[row]
            assert torch.equal(moved, shift_time(clips[row], count))
            assert corrupted.time_maps[row].forward(0.5) == pytest.approx(0.5 + shifts[row])
            assert corrupted.facts[row]["lost_share"] == abs(count) / 16_000


def test_a_shift_grows_with_severity():
    clip = speech_like(1, 1.0)
    shifts = [
        TimeShift().apply(clip, 16_000, severity, keys(1)).facts[0]["shift_seconds"]
        for severity in SEVERITIES
    ]
    assert len(set(np.sign(shifts))) == 1
    assert (np.diff(np.abs(shifts)) > 0).all()


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (TimeStretch, 0.2),
        (Speed, 5.0),
        (PitchShift, 25.0),
        (Resampling, 1.0),
        (Resampling, 0.001),
        (TimeShift, 0.0),
        (TimeShift, 1.0),
    ],
)
def test_levels_that_are_none(kind, bad):
    with pytest.raises(CorruptionError, match=kind.name):
        kind(levels=(bad,) * 5)


def test_the_pitch_keeps_the_level():
    clips = speech_like(2)
    shifted = PitchShift().apply(clips, 16_000, 5, keys(2)).waveform
    assert torch.allclose(shifted.square().mean(1), clips.square().mean(1), rtol=0.01)
    assert (snr(clips, shifted) < 3).all()
