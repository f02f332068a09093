import numpy as np
import pytest
import torch

from perturbations.errors import CorruptionError
from perturbations.silence import (
    Dropouts,
    NoisePadding,
    SilencePadding,
    SilenceTrimming,
    joined_map,
    kept_spans,
    sounding_spans,
)
from tests.perturbations.signals import keys, sine, speech_like

ALL = (Dropouts, SilenceTrimming, SilencePadding, NoisePadding)
SEVERITIES = (1, 2, 3, 4, 5)
RATE = 16_000


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("length", [2, 3, 1_001])
@pytest.mark.parametrize("sample_rate", [4_000, 192_000])
def test_short_clips_and_silence(kind, length, sample_rate):
    clips = speech_like(2, 1.0, sample_rate)[:, 1_000 : 1_000 + length].contiguous()
    clips[1] = 0
    for severity in SEVERITIES:
        corrupted = kind().apply(clips, sample_rate, severity, keys(2))
        for row in (0, 1):
            clip = corrupted.clip(row)
            seconds = clip.facts.get("seconds", clip.time_map.forward(length / sample_rate))
            assert len(clip.samples) > 0
            assert abs(len(clip.samples) - seconds * sample_rate) <= 1
            assert torch.isfinite(clip.samples).all()
        assert not corrupted.waveform[1].any()


def lost_samples(severity, clip, key=0, sample_rate=RATE):
    return Dropouts().apply(clip, sample_rate, severity, keys(key + 1)[key:]).waveform[0] == 0


@pytest.mark.parametrize("seconds", [0.01, 3.0, 40.0])
def test_dropouts_lose_the_share_named_and_each_severity_all_of_the_last(seconds):
    clip = torch.full((1, round(seconds * RATE)), 0.25)
    before = torch.zeros(clip.shape[1], dtype=torch.bool)
    for severity, share in enumerate(Dropouts().levels, start=1):
        lost = lost_samples(severity, clip)
        assert lost.sum().item() == max(1, round(share * clip.shape[1]))
        assert (lost | ~before).all()
        told = Dropouts().apply(clip, RATE, severity, keys(1)).facts[0]["lost_share"]
        assert told == pytest.approx(lost.double().mean().item())
        before = lost


def test_dropouts_have_the_lengths_named_and_fall_everywhere():
    clip = torch.full((1, 4 * RATE), 0.25)
    lengths, places = [], torch.zeros(4 * RATE)
    for key in range(150):
        lost = lost_samples(3, clip, key)
        places += lost
        turns = np.flatnonzero(np.diff(lost.numpy(), prepend=False, append=False))
        lengths += (turns[1::2] - turns[::2]).tolist()
    inner = np.array(lengths) / RATE
    assert np.quantile(inner, 0.25) > 0.02
    assert np.quantile(inner, 0.85) < 0.11  # some gaps touch
    quarters = places.reshape(4, -1).mean(dim=1) / 150
    assert quarters.tolist() == pytest.approx([0.1] * 4, abs=0.03)
    assert places[:80].mean() / 150 > 0.04 and places[-80:].mean() / 150 > 0.04


def test_what_does_not_drop_out_is_untouched():
    clip = speech_like(1)
    corrupted = Dropouts().apply(clip, RATE, 4, keys(1)).waveform
    kept = corrupted != 0
    assert torch.equal(corrupted[kept], clip[kept])


def spoken_with_silence():
    """0.3 s of nothing, a tone, 0.5 s at -45 dB, a tone, 0.2 s at -55 dB; 2.0 s."""
    tone = sine(500, 0.5)[0]
    return torch.cat(
        [torch.zeros(4_800), tone, 10 ** (-45 / 20) * tone, tone, 10 ** (-55 / 20) * tone[:3_200]]
    )[None]


@pytest.mark.parametrize(
    ("threshold_db", "removed_seconds"),
    [  # 20 ms of margin stay at the ends, 100 ms of a pause
        (-60.0, 0.28),
        (-50.0, 0.28 + 0.18),
        (-40.0, 0.28 + 0.18 + 0.4),
        (-20.0, 0.28 + 0.18 + 0.4),
    ],
)
def test_trimming_by_hand(threshold_db, removed_seconds):
    corruption = SilenceTrimming(levels=(threshold_db,))
    trimmed = corruption.apply(spoken_with_silence(), RATE, 1, keys(1))
    assert trimmed.lengths == (32_000 - round(removed_seconds * RATE),)
    assert trimmed.facts[0]["seconds"] == pytest.approx(2.0 - removed_seconds)
    assert trimmed.facts[0]["removed_share"] == pytest.approx(removed_seconds / 2.0)


def test_pauses_can_be_left_alone():
    trimmed = SilenceTrimming(pause_seconds=60.0).apply(spoken_with_silence(), RATE, 5, keys(1))
    assert trimmed.lengths == (32_000 - round((0.28 + 0.18) * RATE),)


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("sample_rate", [8_000, 44_100])
def test_every_kept_sample_is_where_the_map_says(severity, sample_rate):
    clips = speech_like(3, 4.0, sample_rate)
    corruption = SilenceTrimming()
    corrupted = corruption.apply(clips, sample_rate, severity, keys(3))
    for row in range(3):
        clip = corrupted.clip(row)
        now = np.arange(len(clip.samples)) / sample_rate
        source = np.round(clip.time_map.inverse(now) * sample_rate).astype(int)
        assert torch.equal(clip.samples, clips[row][source])
        assert (np.diff(source) > 0).all()
        there = clip.time_map.forward(source / sample_rate)
        np.testing.assert_allclose(there, now, atol=1e-6)


def test_a_harsher_threshold_removes_all_that_a_milder_one_does():
    for clip in speech_like(6, 4.0).numpy():
        before = np.ones(len(clip), dtype=bool)
        for threshold in np.arange(-70.0, -9.0, 2.0):
            kept = np.zeros(len(clip), dtype=bool)
            for start, end in kept_spans(clip, 160, threshold, 320, 1_600):
                kept[start:end] = True
            assert kept.sum() <= before.sum()
            before = kept
        assert before.sum() < 0.9 * len(clip)


def test_sounding_spans_by_hand():
    samples = np.zeros(50, dtype=np.float32)
    samples[[12, 25, 49]] = [0.5, -1.0, 0.011]
    starts, ends = sounding_spans(samples, 10, -40.0)
    assert (starts.tolist(), ends.tolist()) == ([10, 40], [30, 50])
    starts, ends = sounding_spans(samples, 10, -20.0)
    assert (starts.tolist(), ends.tolist()) == ([10], [30])
    starts, ends = sounding_spans(samples[:47], 20, -40.0)
    assert (starts.tolist(), ends.tolist()) == ([0], [40])


def test_a_map_of_joined_spans_by_hand():
    joined = joined_map([(10, 20), (50, 60)], 10)
    assert joined.forward(1.0) == 0.0
    assert joined.forward(1.5) == pytest.approx(0.5)
    assert joined.forward(3.5) == pytest.approx(1.0, abs=1e-6)  # within the cut
    assert joined.forward(5.0) == pytest.approx(1.0)
    assert joined.forward(6.0) == pytest.approx(2.0)
    assert joined.inverse(1.5) == pytest.approx(5.5)
    assert joined.forward(0.0) == pytest.approx(-1.0, abs=1e-5)


def test_nothing_soft_means_nothing_cut_and_all_silence_is_a_pause():
    tone = sine(500, 1.0)
    assert torch.equal(SilenceTrimming().apply(tone, RATE, 5, keys(1)).waveform, tone)
    trimmed = SilenceTrimming().apply(torch.zeros(1, RATE), RATE, 1, keys(1))
    assert trimmed.lengths == (RATE // 10,)
    assert SilenceTrimming().apply(torch.zeros(1, 50), RATE, 1, keys(1)).lengths == (50,)


@pytest.mark.parametrize("kind", [SilencePadding, NoisePadding])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_padding(kind, severity):
    clips = 0.3 * speech_like(2, 1.0)
    corrupted = kind().apply(clips, RATE, severity, keys(2))
    count = round(kind().levels[severity - 1] * RATE)
    assert corrupted.lengths == (RATE + 2 * count,) * 2
    assert corrupted.facts[0]["seconds"] == pytest.approx(1.0 + 2 * count / RATE)
    assert corrupted.time_map.forward(0.25) == pytest.approx(0.25 + count / RATE)
    assert torch.equal(corrupted.waveform[:, count:-count], clips)
    around = torch.cat([corrupted.waveform[:, :count], corrupted.waveform[:, -count:]], dim=1)
    if kind is SilencePadding:
        assert not around.any()
    else:
        level = 10 * torch.log10(clips.square().mean(1) / around.square().mean(1))
        assert level.tolist() == pytest.approx([60.0] * 2, abs=0.5)
        assert not torch.equal(around[0, :count], around[0, count:])


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Dropouts, {"levels": (0.0,)}),
        (Dropouts, {"levels": (1.0,)}),
        (SilenceTrimming, {"levels": (0.0,)}),
        (SilenceTrimming, {"levels": (-121.0,)}),
        (SilenceTrimming, {"margin_seconds": -0.1}),
        (SilenceTrimming, {"pause_seconds": 61.0}),
        (SilencePadding, {"levels": (0.0,)}),
        (NoisePadding, {"levels": (61.0,)}),
    ],
)
def test_settings_that_are_none(kind, settings):
    with pytest.raises(CorruptionError, match=kind.name):
        kind(**settings)
