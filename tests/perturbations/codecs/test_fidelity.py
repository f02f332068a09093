"""Every codec at every common rate: nothing moves, little enough is lost, the band is its own."""

from dataclasses import dataclass

import pytest
import torch

from perturbations.codecs.alignment import lag
from perturbations.corruption import load_corruption
from tests.perturbations.codecs.fidelity import in_band, log_spectral_distance
from tests.perturbations.signals import keys, sine, snr, speech_like


@dataclass(frozen=True)
class Limit:
    """What a codec must keep of synthesised voices at severity 1 and 5, and may move by."""

    snr_db: tuple[float, float]
    log_spectral_db: tuple[float, float]
    delay_ms: float = 0.1


LIMITS = {
    "aac": Limit((16, 4), (1.5, 9)),
    "amr-nb": Limit((2.5, 2.5), (4.5, 7.5), 0.25),  # its filters turn the phases of low harmonics
    "g711-a": Limit((36, 28), (1.5, 3)),
    "g711-mu": Limit((36, 28), (1.5, 3)),
    "g722": Limit((15, 9), (2.5, 4)),
    "g723-1": Limit((12, 1), (5.5, 10.5)),
    "g726": Limit((18, 9), (4.5, 7.5)),
    "gsm": Limit((12, 7), (6, 10.5)),
    "ima-adpcm": Limit((15, 6.5), (6, 9)),
    "mp3": Limit((14, 4), (3, 12.5)),
    "opus": Limit((8.5, 2), (4, 9)),
    "vorbis": Limit((18, 9.5), (2.5, 6)),
}
NARROW = ("amr-nb", "g711-a", "g711-mu", "g723-1", "g726", "gsm")


def coder_rate(corruption, sample_rate, severity):
    level = corruption.levels[severity - 1]
    needs_level = corruption.quantity != "passes"
    return corruption.coder(*[sample_rate, level][: 1 + needs_level]).sample_rate


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("name", LIMITS)
def test_what_comes_back_is_the_clip(name, sample_rate):
    clips, limit = 0.5 * speech_like(2, 0.9, sample_rate), LIMITS[name]
    corruption = load_corruption(name)
    for which, severity in enumerate((1, 5)):
        corrupted = corruption.apply(clips, sample_rate, severity, keys(2))
        coded = corrupted.waveform
        assert coded.shape == clips.shape
        assert corrupted.time_map.is_identity
        for clip, heard in zip(clips, coded, strict=True):
            moved = abs(lag(clip, heard, sample_rate))
            assert moved <= 1 + limit.delay_ms / 1000 * sample_rate
        lower = min(sample_rate, coder_rate(corruption, sample_rate, severity))
        pair = [in_band(each, sample_rate, lower) for each in (clips, coded)]
        assert snr(*pair).min() > limit.snr_db[which]
        distance = log_spectral_distance(clips, coded, sample_rate, lower)
        assert distance < limit.log_spectral_db[which]


@pytest.mark.parametrize("sample_rate", [16_000, 44_100])
@pytest.mark.parametrize("name", NARROW)
def test_nothing_is_left_above_4_khz(name, sample_rate):
    noise = 0.3 * torch.randn(1, sample_rate, generator=torch.Generator().manual_seed(0))
    coded = load_corruption(name).apply(noise.clamp(-1, 1), sample_rate, 1, keys(1)).waveform
    windowed = coded * torch.hann_window(coded.shape[1])
    power = torch.fft.rfft(windowed.double()).abs().square()[0]
    edge = 4_000 * coded.shape[1] // sample_rate + 2
    assert power[edge:].sum() < 1e-6 * power.sum()
    assert power[edge // 2 : edge].sum() > 0.05 * power.sum()


def test_g722_leaves_nothing_above_8_khz():
    noise = 0.3 * torch.randn(1, 48_000, generator=torch.Generator().manual_seed(0))
    coded = load_corruption("g722").apply(noise.clamp(-1, 1), 48_000, 1, keys(1)).waveform
    power = torch.fft.rfft(coded * torch.hann_window(48_000)).abs().square()[0]
    assert power[8_002:].sum() < 1e-6 * power.sum()


@pytest.mark.parametrize("name", LIMITS)
def test_the_last_samples_are_there(name):
    """Lengths around the frames of all coders: what an encoder looks ahead over is sent too."""
    corruption, tone = load_corruption(name), sine(437, 1.1)
    for length in (15_360, 15_361, 15_499, 15_623, 15_700):
        clip = tone[:, :length]
        coded = corruption.apply(clip, 16_000, 1, keys(1)).waveform
        for last in (240, 20):
            left = coded[:, -last:].square().sum() / clip[:, -last:].square().sum()
            assert 0.3 < left < 2
