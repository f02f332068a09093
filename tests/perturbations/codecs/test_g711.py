"""G.711 against the tables of the recommendation, libsndfile and FFmpeg."""

from io import BytesIO

import av
import numpy as np
import pytest
import soundfile
import torch

from perturbations.codecs.g711 import (
    a_law_decode,
    a_law_encode,
    mu_law_decode,
    mu_law_encode,
)
from perturbations.corruption import load_corruption
from tests.perturbations.signals import keys, snr, speech_like

SAMPLES = np.arange(-32_768, 32_768).astype(np.int16)
CHARACTERS = np.arange(256).astype(np.uint8)
LAWS = {
    "mu": (mu_law_encode, mu_law_decode, "pcm_mulaw", "ULAW"),
    "a": (a_law_encode, a_law_decode, "pcm_alaw", "ALAW"),
}


def mu_law_decision_values():
    """G.711, table 2a: 0, 1, then 15 intervals of 2, then 16 each of 4, 8 ... 256; up to 8159."""
    widths = [1, *[2] * 15, *np.repeat(4 * 2 ** np.arange(7), 16)]
    decisions = np.concatenate([[0], np.cumsum(widths)])
    assert decisions[-1] == 8159
    assert list(decisions[16::16]) == [31, 95, 223, 479, 991, 2015, 4063, 8159]
    return decisions


def a_law_decision_values():
    """G.711, table 1a: 32 intervals of 2, then 16 each of 4, 8 ... 128; up to 4096."""
    widths = [*[2] * 32, *np.repeat(4 * 2 ** np.arange(6), 16)]
    decisions = np.concatenate([[0], np.cumsum(widths)])
    assert list(decisions[32::16]) == [64, 128, 256, 512, 1024, 2048, 4096]
    return decisions


def interval(samples, decisions):
    """Number of the interval from zero; a negative sample on a border belongs to the inner one."""
    magnitude = np.abs(samples.astype(np.int64))
    outer = np.searchsorted(decisions, magnitude, side="right") - 1
    inner = np.searchsorted(decisions, magnitude, side="left") - 1
    return np.clip(np.where(samples < 0, inner, outer), 0, 127)


def test_mu_law_is_table_2_for_every_sample():
    decisions = mu_law_decision_values()
    number = interval(SAMPLES, decisions * 4)
    expected = np.where(SAMPLES < 0, 0x7F - number, 0xFF - number)
    assert np.array_equal(mu_law_encode(SAMPLES), expected)
    outputs = np.concatenate([[0], (decisions[1:-1] + decisions[2:]) // 2])
    assert outputs[-1] == 8031
    expected = np.concatenate([-outputs[::-1], outputs[::-1]]) * 4
    assert np.array_equal(mu_law_decode(CHARACTERS), expected)


def test_a_law_is_table_1_for_every_sample():
    decisions = a_law_decision_values()
    number = interval(SAMPLES, decisions * 8)
    expected = np.where(SAMPLES < 0, number, number | 0x80) ^ 0x55
    assert np.array_equal(a_law_encode(SAMPLES), expected)
    outputs = (decisions[:-1] + decisions[1:]) // 2
    assert outputs[-1] == 4032
    expected = np.concatenate([-outputs, outputs])[CHARACTERS ^ 0x55] * 8
    assert np.array_equal(a_law_decode(CHARACTERS), expected)


def by_libsndfile(subtype):
    file = BytesIO()
    soundfile.write(file, SAMPLES, 8_000, format="RAW", subtype=subtype)
    settings = {"format": "RAW", "subtype": subtype, "samplerate": 8_000, "channels": 1}
    decoded, _ = soundfile.read(BytesIO(CHARACTERS.tobytes()), dtype="int16", **settings)
    return np.frombuffer(file.getvalue(), np.uint8), decoded


def by_ffmpeg(codec):
    encoder, decoder = av.CodecContext.create(codec, "w"), av.CodecContext.create(codec, "r")
    for context in (encoder, decoder):
        context.sample_rate, context.layout = 8_000, "mono"
    encoder.format = "s16"
    frame = av.AudioFrame.from_ndarray(SAMPLES[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts = 8_000, 0
    encoded = b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))
    (decoded,) = decoder.decode(av.Packet(CHARACTERS.tobytes()))
    return np.frombuffer(encoded, np.uint8), decoded.to_ndarray()[0]


@pytest.mark.parametrize("law", LAWS)
def test_libsndfile_reads_and_writes_the_same_bytes(law):
    """But for negative samples on the 127 decision values, where the ITU's goes inwards."""
    encode, decode, _, subtype = LAWS[law]
    written, read = by_libsndfile(subtype)
    assert np.array_equal(read, decode(CHARACTERS))
    borders = mu_law_decision_values() * 4 if law == "mu" else a_law_decision_values() * 8
    assert set(SAMPLES[written != encode(SAMPLES)]) == set(-borders[1:-1])


@pytest.mark.parametrize("law", LAWS)
def test_ffmpeg_reads_the_same_and_writes_the_nearest_value(law):
    """1.5 % of the samples: those between a decision value and the middle of two output values."""
    encode, decode, codec, _ = LAWS[law]
    written, read = by_ffmpeg(codec)
    assert np.array_equal(read, decode(CHARACTERS))
    ours = encode(SAMPLES)
    differ = written != ours
    assert differ.sum() == 964
    error_ours, error_theirs = (
        np.abs(decode(each[differ]) - SAMPLES[differ].astype(np.int64)) for each in (ours, written)
    )
    assert (error_theirs <= error_ours + 6).all()


@pytest.mark.parametrize("law", LAWS)
def test_every_character_survives_another_round(law):
    """But for mu-law's two zeros, of which the encoder knows one."""
    encode, decode, *_ = LAWS[law]
    again = encode(decode(CHARACTERS))
    assert list(CHARACTERS[again != CHARACTERS]) == ([0x7F] if law == "mu" else [])


@pytest.mark.parametrize("name", ["g711-mu", "g711-a"])
def test_companding_keeps_the_ratio_from_loud_to_soft(name):
    """About 38 dB over 30 dB of levels, where 8 plain bits would fall from 45 to 15."""
    corruption, clip = load_corruption(name), speech_like(1, 1.0, 8_000)
    clip = clip / clip.abs().max()
    for gain in (1.0, 0.1, 0.03):
        coded = corruption.apply(gain * clip, 8_000, 1, keys(1)).waveform
        assert snr(gain * clip, coded).item() > (28 if gain < 0.1 else 35)


def test_full_scale_does_not_wrap():
    clip = torch.sign(torch.sin(torch.arange(800) / 9))[None]
    coded = load_corruption("g711-mu").apply(clip, 8_000, 1, keys(1)).waveform
    assert (coded - clip).abs().max() < 0.03
