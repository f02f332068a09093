import numpy as np
import pytest
import torch

from perturbations.codecs.coders import (
    code,
    g722_coder,
    lag,
    measured_delay,
    mp3_coder,
    opus_coder,
    raw_round_trip,
)
from perturbations.corruption import load_corruption
from tests.perturbations.signals import keys, snr, speech_like

CODERS = {"mp3": mp3_coder, "opus": opus_coder}


def bitrate(coder, clip, seconds):
    return sum(packet.size for packet in coder.packets(clip)) * 8 / seconds / 1000


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize(
    ("name", "lowest_snr"),
    [("mp3", (14, 13, 11, 8, 4)), ("opus", (10, 7, 6, 4, 2))],
)
def test_more_is_lost_at_every_severity_and_nothing_moves(name, lowest_snr, sample_rate):
    clips = 0.5 * speech_like(2, 1.2, sample_rate)
    corruption, found = load_corruption(name), []
    for severity in (1, 2, 3, 4, 5):
        corrupted = corruption.apply(clips, sample_rate, severity, keys(2))
        assert corrupted.waveform.shape == clips.shape
        assert corrupted.time_map.is_identity
        late = [
            lag(clip, coded, sample_rate)
            for clip, coded in zip(clips, corrupted.waveform, strict=True)
        ]
        assert max(map(abs, late)) <= sample_rate * 0.0001 + 1  # a tenth of a millisecond
        found.append(snr(clips, corrupted.waveform).median().item())
    assert sorted(found, reverse=True) == found
    assert all(measured >= lowest for measured, lowest in zip(found, lowest_snr, strict=True))
    assert found[-1] < 0.7 * found[0]


@pytest.mark.parametrize(
    ("coder", "within"),
    [
        (mp3_coder(16_000, 8.0), 0.1),
        (mp3_coder(16_000, 40.0), 0.1),
        (mp3_coder(48_000, 8.0), 0.1),
        (mp3_coder(48_000, 128.0), 0.1),
        (mp3_coder(8_000, 128.0), 0.1),
        (opus_coder(16_000, 31.0), 0.1),
        (opus_coder(16_000, 12.0), 0.1),
        (opus_coder(16_000, 6.0), 0.1),
        (g722_coder(16_000), 0.01),
    ],
)
def test_the_bit_rate_is_the_one_named(coder, within):
    clip = speech_like(1, 4.0, coder.sample_rate)[0].numpy()
    assert bitrate(coder, clip, 4.0) == pytest.approx(coder.bitrate_kbps, rel=within)


@pytest.mark.parametrize(
    ("sample_rate", "bitrate_kbps", "expected"),
    [
        (16_000, 8, 16_000),
        (48_000, 40, 48_000),
        (48_000, 24, 24_000),  # MPEG-1 begins at 32 kbit/s
        (8_000, 128, 16_000),  # MPEG-2.5 ends at 64
        (11_000, 16, 11_025),
        (192_000, 320, 48_000),
        (4_000, 8, 8_000),
    ],
)
def test_mp3_runs_at_a_rate_that_has_the_bit_rate(sample_rate, bitrate_kbps, expected):
    assert mp3_coder(sample_rate, float(bitrate_kbps)).sample_rate == expected


@pytest.mark.parametrize(
    ("sample_rate", "expected"), [(4_000, 8_000), (22_050, 24_000), (96_000, 48_000)]
)
def test_opus_runs_at_the_next_rate(sample_rate, expected):
    assert opus_coder(sample_rate, 16.0).sample_rate == expected


@pytest.mark.parametrize("name", CODERS)
def test_it_is_the_named_codec(name):
    """The packets begin as the standards say: MPEG layer 3 sync words, Opus tables of contents."""
    coder = CODERS[name](16_000, 16.0)
    packets = [bytes(packet) for packet in coder.packets(speech_like(1)[0].numpy())]
    if name == "mp3":
        assert all(packet[0] == 0xFF and packet[1] & 0xE6 == 0xE2 for packet in packets)
        assert all(packet[1] >> 3 & 3 == 2 for packet in packets)  # MPEG-2: 16 kHz
    else:
        assert all(packet[0] >> 3 in range(32) and not packet[0] & 4 for packet in packets)
        configurations = {packet[0] >> 3 for packet in packets}
        assert configurations <= {9, 13, 1, 5, 21, 17}  # 20 ms frames, mono


def test_delay_is_measured_and_not_assumed():
    """libopus looks ahead 6.5 ms, which shows in the raw round trip and not in the result."""
    clip = speech_like(1, 1.0, 48_000)
    coder = opus_coder(48_000, 31.0)
    assert measured_delay(coder, 48_000) == pytest.approx(312, abs=2)
    assert lag(clip[0], raw_round_trip(clip, 48_000, coder)[0], 48_000) == pytest.approx(312, abs=2)
    assert lag(clip[0], code(clip, 48_000, coder)[0], 48_000) == pytest.approx(0, abs=2)


def test_lag_finds_a_shift_either_way():
    noise = torch.from_numpy(np.random.default_rng(0).standard_normal(8_000)).float()
    assert lag(noise, torch.nn.functional.pad(noise, (37, 0)), 16_000) == 37
    assert lag(noise, noise[55:], 16_000) == -55
    assert lag(noise, noise, 16_000) == 0


@pytest.mark.parametrize("name", CODERS)
def test_the_last_samples_are_there(name):
    clip = 0.5 * speech_like(1, 0.8)
    coded = load_corruption(name).apply(clip, 16_000, 1, keys(1)).waveform
    end = slice(-400, None)
    assert clip[:, end].abs().max() > 0.01
    assert snr(clip[:, end], coded[:, end]).item() > 5


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("length", [2, 3, 159, 577])
def test_clips_shorter_than_a_frame(name, length):
    clip = speech_like(1)[:, 4_000 : 4_000 + length]
    coded = load_corruption(name).apply(clip, 16_000, 3, keys(1)).waveform
    assert coded.shape == clip.shape
    assert torch.isfinite(coded).all()


@pytest.mark.parametrize("name", CODERS)
def test_silence_stays_silent(name):
    silence = torch.zeros(1, 4_000)
    coded = load_corruption(name).apply(silence, 16_000, 5, keys(1)).waveform
    assert coded.abs().max() < 1e-3


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
def test_g722_keeps_words_in_place_and_nothing_above_its_band(sample_rate):
    clips = 0.5 * speech_like(2, 1.2, sample_rate)
    coded = code(clips, sample_rate, g722_coder(sample_rate))
    assert coded.shape == clips.shape
    for clip, heard in zip(clips, coded, strict=True):
        assert abs(lag(clip, heard, sample_rate)) <= 1 + sample_rate // 16_000
    assert snr(clips, coded).min() > 12
    power = torch.fft.rfft(coded).abs().square().mean(dim=0)
    above = int(8_200 / sample_rate * coded.shape[1])
    if above < len(power):
        assert power[above:].sum() < 1e-4 * power.sum()
