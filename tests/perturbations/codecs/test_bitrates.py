"""What is coded, at which rates, and how many bits it takes."""

import av
import numpy as np
import pytest
import torch

from perturbations.codecs.aac import aac_coder
from perturbations.codecs.alignment import in_place
from perturbations.codecs.amr_nb import AMR_BITRATES_KBPS, amr_nb_coder
from perturbations.codecs.ffmpeg import FFmpegCoder
from perturbations.codecs.mp3 import mp3_coder
from perturbations.codecs.opus import opus_coder
from perturbations.codecs.sound_files import SoundFileCoder
from perturbations.codecs.vorbis import vorbis_coder
from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, snr, speech_like

SECONDS = 4.0


def measured_kbps(name, severity, sample_rate=16_000, **settings):
    clip = speech_like(1, SECONDS, sample_rate)
    (facts,) = load_corruption(name, **settings).apply(clip, sample_rate, severity, keys(1)).facts
    return facts["bitrate_kbps"]


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("name", ["mp3", "opus"])
def test_a_constant_bit_rate_is_the_one_named(name, sample_rate):
    levels = load_corruption(name).levels
    found = [measured_kbps(name, severity, sample_rate) for severity in (1, 2, 3, 4, 5)]
    assert found == pytest.approx(levels, rel=0.065)  # the last frames are half empty


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("name", ["aac", "vorbis", "amr-nb"])
def test_a_variable_bit_rate_falls_from_each_severity_to_the_next(name, sample_rate):
    found = [measured_kbps(name, severity, sample_rate) for severity in (1, 2, 3, 4, 5)]
    assert sorted(found, reverse=True) == found
    assert found[4] < 0.8 * found[0]


@pytest.mark.parametrize("level", [48.0, 32.0, 24.0, 16.0])
def test_aac_takes_about_what_it_is_told(level):
    assert measured_kbps("aac", 1, 48_000, levels=[level]) == pytest.approx(level, rel=0.06)


@pytest.mark.parametrize(
    ("name", "settings", "kbps"),
    [
        ("g711-mu", {}, 64.0),
        ("g711-a", {}, 64.0),
        ("g722", {}, 64.0),
        ("gsm", {}, 13.0),
        *[("g726", {"bitrate_kbps": rate}, rate) for rate in (16.0, 24.0, 32.0, 40.0)],
        ("g723-1", {}, 6.4),  # 24 bytes every 30 ms
        ("ima-adpcm", {}, 64.5),  # block headers
        *[("amr-nb", {"levels": [rate]}, rate) for rate in AMR_BITRATES_KBPS],
    ],
)
def test_a_telephone_codec_has_the_rate_of_its_standard(name, settings, kbps):
    """AMR frames of 20 ms have 95 to 244 bits and one byte of frame type, in whole bytes."""
    if name == "amr-nb":
        kbps = (np.ceil(kbps * 20 / 8) + 1) * 8 / 20
    for severity in (1, 3)[: 1 + (name != "amr-nb")]:
        assert measured_kbps(name, severity, **settings) == pytest.approx(kbps, rel=0.011)


def test_g722_does_without_the_bits_that_its_modes_give_away():
    clip = 0.5 * speech_like(1, 1.5)
    found = [
        snr(
            clip,
            load_corruption("g722", bitrate_kbps=kbps).apply(clip, 16_000, 1, keys(1)).waveform,
        )
        for kbps in (64.0, 56.0, 48.0)
    ]
    assert found[0] > found[1] + 0.1
    assert found[1] > found[2] + 0.5


@pytest.mark.parametrize(("sample_rate", "kbps"), [(16_000, 24.0), (48_000, 40.0), (8_000, 8.0)])
def test_mp3_is_what_another_build_of_lame_makes(sample_rate, kbps):
    """Of as many bits, counted in PyAV's packets; as like the clip; as like each other."""
    clip = 0.5 * speech_like(1, 2.0, sample_rate)[0].numpy()
    options = (("compression_level", "7"),)
    coder = FFmpegCoder(sample_rate, "libmp3lame", "mp3float", "fltp", kbps, options)
    ours, theirs = in_place(mp3_coder(sample_rate, kbps), clip), in_place(coder, clip)
    assert ours.bits == pytest.approx(theirs.bits, rel=0.02)
    told, heard, other = (
        torch.from_numpy(each)[None] for each in (clip, ours.samples, theirs.samples)
    )
    assert snr(told, heard) > snr(told, other) - 1.5
    assert snr(other, heard) > snr(told, other) - 2


def test_each_rate_of_g726_is_decoded_at_its_own():
    clip = 0.5 * speech_like(1, 1.5)
    found = []
    for kbps in (16.0, 24.0, 32.0, 40.0):
        coded = load_corruption("g726", bitrate_kbps=kbps).apply(clip, 16_000, 1, keys(1))
        found.append(coded.facts[0]["in_band_snr_db"])
    assert found[0] > 5
    assert min(np.diff(found)) > 3


def test_opus_packets_begin_with_opus_tables_of_contents():
    coder = opus_coder(16_000, 16.0)
    packets = [bytes(packet) for packet in coder.packets(speech_like(1)[0].numpy())]
    assert {packet[0] >> 3 for packet in packets} <= {9, 13, 1, 5, 21, 17}  # 20 ms frames
    assert not any(packet[0] & 4 for packet in packets)  # mono


def test_amr_packets_begin_with_the_frame_type_of_their_mode():
    for mode, kbps in enumerate(AMR_BITRATES_KBPS):
        packets = amr_nb_coder(kbps).packets(speech_like(1, 1.0, 8_000)[0].numpy())
        assert {bytes(packet)[0] for packet in packets} == {mode << 3 | 4}


def test_vorbis_is_a_vorbis_file_that_ffmpeg_reads_alike():
    clip = speech_like(1, 2.0)[0].numpy()
    coder = vorbis_coder(16_000, 2.0)
    file = coder.encoded(clip)
    assert file.getvalue()[28:35] == b"\x01vorbis"
    coded = coder.round_trip(clip)
    with av.open(file) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        frames = [frame.to_ndarray()[0] for packet in packets for frame in packet.decode()]
    theirs = np.concatenate(frames)
    assert len(theirs) > 31_000
    assert np.abs(coded.samples[: len(theirs)] - theirs).max() < 1e-5
    assert coded.bits == 8 * sum(packet.size for packet in packets)


@pytest.mark.parametrize(
    ("coder", "sample_rate", "level", "expected"),
    [
        (mp3_coder, 16_000, 8.0, 16_000),
        (mp3_coder, 48_000, 40.0, 48_000),
        (mp3_coder, 48_000, 24.0, 24_000),  # MPEG-1 begins at 32 kbit/s
        (mp3_coder, 8_000, 128.0, 16_000),  # MPEG-2.5 ends at 64
        (mp3_coder, 11_000, 16.0, 11_025),
        (mp3_coder, 192_000, 320.0, 48_000),
        (mp3_coder, 4_000, 8.0, 8_000),
        (opus_coder, 4_000, 16.0, 8_000),
        (opus_coder, 22_050, 16.0, 24_000),
        (opus_coder, 96_000, 16.0, 48_000),
        (aac_coder, 4_000, 16.0, 8_000),
        (aac_coder, 22_050, 16.0, 22_050),
        (aac_coder, 96_000, 16.0, 48_000),
        (vorbis_coder, 4_000, 1.0, 8_000),
        (vorbis_coder, 22_050, 1.0, 22_050),
        (vorbis_coder, 192_000, 1.0, 48_000),
    ],
)
def test_a_codec_runs_at_a_rate_it_has(coder, sample_rate, level, expected):
    assert coder(sample_rate, level).sample_rate == expected


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("mp3", {"levels": [33]}, "8, 16, 24"),
        ("opus", {"levels": [4]}, "6 to 256 kbit/s"),
        ("opus", {"complexity": 11}, "0 to 10"),
        ("opus", {"complexity": 2.5}, "whole"),
        ("aac", {"levels": [1000]}, "8 to 256 kbit/s"),
        ("vorbis", {"levels": [-1]}, "0 to 10"),
        ("amr-nb", {"levels": [12.65]}, "4.75, 5.15"),
        ("g722", {"bitrate_kbps": 32.0}, "48, 56, 64"),
        ("g726", {"bitrate_kbps": 64.0}, "16, 24, 32, 40"),
        ("gsm", {"levels": [1.5]}, "whole"),
        ("gsm", {"levels": [0]}, "from 1 to 20"),
    ],
)
def test_a_setting_that_is_none_is_answered_with_those_there_are(name, settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption(name, **settings)


def test_an_encoder_that_is_not_there_is_named():
    coder = FFmpegCoder(16_000, "libvo_amrwbenc", "amrwb", "s16", 12.65)
    with pytest.raises(CorruptionError, match="'libvo_amrwbenc' cannot be had"):
        coder.round_trip(np.zeros(320, np.float32))


def test_a_coding_that_libsndfile_lacks_is_named():
    coder = SoundFileCoder(8_000, "WAV", "VORBIS", 0.5)
    with pytest.raises(CorruptionError, match="WAV VORBIS at 8000 Hz"):
        coder.round_trip(np.zeros(320, np.float32))
