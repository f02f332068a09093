"""Clips of any length, rate and level, and several at once."""

import math
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from perturbations.corruption import load_corruption
from tests.perturbations.signals import keys, speech_like

CODECS = (
    *("aac", "amr-nb", "g711-a", "g711-mu", "g722", "g723-1", "g726", "gsm"),
    *("ima-adpcm", "mp3", "opus", "vorbis"),
)


def check(corrupted, clip):
    assert corrupted.waveform.shape == clip.shape
    assert torch.isfinite(corrupted.waveform).all()
    assert corrupted.waveform.abs().max() <= 1 + 1e-6
    assert all(math.isfinite(fact) for fact in corrupted.facts[0].values())


@pytest.mark.parametrize("sample_rate", [4_000, 4_001, 16_000, 191_999, 192_000])
@pytest.mark.parametrize("name", CODECS)
def test_clips_shorter_than_a_frame(name, sample_rate):
    for length in (2, 3, 160, 577):
        for clip in ((-1.0) ** torch.arange(length)[None], 0.3 * torch.ones(1, length)):
            check(load_corruption(name).apply(clip, sample_rate, 3, keys(1)), clip)


@pytest.mark.parametrize("name", CODECS)
def test_silence_stays_silent(name):
    """GSM in tandem idles at -43 dB."""
    silence = torch.zeros(1, 4_000)
    corrupted = load_corruption(name).apply(silence, 16_000, 5, keys(1))
    check(corrupted, silence)
    assert corrupted.waveform.abs().max() < (0.01 if name == "gsm" else 3e-3)


@pytest.mark.parametrize("name", CODECS)
def test_full_scale(name):
    square = torch.sign(torch.sin(torch.arange(8_000) / 11 + 0.1))[None]
    corrupted = load_corruption(name).apply(square, 16_000, 1, keys(1))
    check(corrupted, square)
    kept = (corrupted.waveform * square).sum() / square.square().sum()
    assert (0.2 if name == "amr-nb" else 0.8) < kept < 1.05


@pytest.mark.parametrize("name", ["vorbis", "gsm", "mp3", "opus", "aac", "g711-mu"])
def test_a_minute(name):
    clip = 0.5 * speech_like(1, 4.0).repeat(1, 15)
    corruption = load_corruption(name, levels=load_corruption(name).levels[:1])
    check(corruption.apply(clip, 16_000, 1, keys(1)), clip)


@pytest.mark.parametrize("name", CODECS)
def test_threads_do_not_get_in_each_others_way(name):
    corruption, clips = load_corruption(name), 0.5 * speech_like(6, 0.4, 22_050)
    alone = [corruption.apply(clip[None], 22_050, 2, keys(1)) for clip in clips]
    with ThreadPoolExecutor(3) as threads:
        together = list(
            threads.map(lambda clip: corruption.apply(clip[None], 22_050, 2, keys(1)), clips)
        )
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one.waveform, other.waveform)
        assert one.facts == other.facts
