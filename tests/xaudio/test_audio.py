import hashlib
import io
import os

import av
import numpy as np
import pytest
import soundfile
import torch

from xaudio.audio import clip_from_bytes, clip_from_samples, read_clip, wav_bytes, write_audio
from xaudio.decoding import reading
from xaudio.errors import AudioError


def tone(seconds: float = 1.0, rate: int = 16000, frequency: float = 440.0) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def encoded(samples: np.ndarray, rate: int = 16000, **kind: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, **({"format": "WAV"} | kind))
    return buffer.getvalue()


def encoded_by_ffmpeg(container: str, codec: str, rate: int, seconds: float = 2.0) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate)
        stream.layout = "mono"
        samples = (32767 * tone(seconds, rate)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return buffer.getvalue()


def loudest_frequency(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


def test_wav_keeps_samples_rate_and_digest(tmp_path):
    path = tmp_path / "tone.wav"
    write_audio(path, tone(), 16000)
    clip = read_clip(path)
    assert np.array_equal(clip.samples, tone())
    assert (clip.sample_rate, clip.name, clip.seconds) == (16000, "tone.wav", 1.0)
    assert clip.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert clip.decode_chain == ("soundfile: WAV FLOAT, 16000 Hz",)


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "AIFF"])
def test_soundfile_formats(kind):
    clip = clip_from_bytes(encoded(tone(2.0), format=kind), f"tone.{kind.lower()}")
    assert clip.seconds == pytest.approx(2.0, abs=0.05)
    assert loudest_frequency(clip.samples, clip.sample_rate) == pytest.approx(440, abs=1)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("ipod", "aac", 44100),
        ("adts", "aac", 16000),
        ("webm", "libopus", 48000),
        ("amr", "libopencore_amrnb", 8000),
        ("g722", "g722", 16000),
    ],
)
def test_ffmpeg_formats(container, codec, rate):
    clip = clip_from_bytes(encoded_by_ffmpeg(container, codec, rate), f"tone.{container}")
    assert clip.sample_rate == rate
    assert clip.seconds == pytest.approx(2.0, abs=0.15)
    assert clip.decode_chain[0].startswith("FFmpeg: ")
    middle = clip.samples[len(clip.samples) // 4 : -len(clip.samples) // 4]
    assert loudest_frequency(middle, rate) == pytest.approx(440, abs=2)
    assert np.abs(middle).max() == pytest.approx(0.3, abs=0.05)


def test_channels_are_averaged_once():
    channels = np.random.default_rng(0).uniform(-0.5, 0.5, (200_000, 8)).astype(np.float32)
    clip = clip_from_bytes(encoded(channels, 192_000, subtype="FLOAT"), "array.wav")
    assert clip.sample_rate == 192_000
    assert np.allclose(clip.samples, channels.mean(axis=1), atol=1e-7)
    assert clip.decode_chain[-1] == "mixed 8 channels to one (mean)"


def test_resampling_and_cutting_keep_the_digest_and_say_what_was_done():
    clip = clip_from_bytes(encoded(tone(2.0, 44100), 44100), "tone.wav")
    piece = clip.resampled(16000).cut(0.5, 1.5)
    assert piece.digest == clip.digest
    assert (piece.sample_rate, len(piece.samples)) == (16000, 16000)
    assert piece.decode_chain[1:] == (
        "resampled 44100 -> 16000 Hz (soxr HQ)",
        "cut 0.500-1.500 s",
    )
    assert np.abs(piece.samples - tone(2.0)[8000:24000]).max() < 1e-3
    assert clip.resampled(44100) is clip


def test_waveform_is_a_copy():
    clip = clip_from_samples(tone(), 16000)
    clip.waveform.zero_()
    assert clip.waveform.shape == (1, 16000)
    assert np.array_equal(clip.samples, tone())


def test_samples_from_arrays_and_tensors_agree():
    stereo = np.stack([tone(), -0.5 * tone()]).astype(np.float64)
    one, other = clip_from_samples(stereo, 8000), clip_from_samples(torch.tensor(stereo), 8000)
    assert one.digest == other.digest
    assert np.allclose(one.samples, 0.25 * tone(), atol=1e-7)


def test_nothing_to_cut():
    with pytest.raises(AudioError, match=r"lasts 1\.000 s; there is nothing to cut"):
        clip_from_samples(tone(), 16000).cut(2.0, 3.0)


SPOILED = tone()
SPOILED[8000] = np.nan
WAV = encoded(tone())
BAD = {
    "empty": (b"", r"is empty \(0 bytes\)"),
    "text": (b"this is a letter, not a sound\n" * 50, "is not a recording"),
    "zero-length": (encoded(tone()[:0]), "holds 0 samples"),
    "one-sample": (encoded(tone()[5:6]), "holds 1 samples"),
    "all-zero": (encoded(0 * tone()), "is silent"),
    "nan": (encoded(SPOILED, subtype="FLOAT"), r"NaN or infinite samples, the first at 0\.500 s"),
    "truncated-wav": (WAV[: len(WAV) // 2], "is truncated"),
    "cut-inside-wav-header": (WAV[:30], "is truncated"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_files_are_refused(tmp_path, fault):
    data, message = BAD[fault]
    path = tmp_path / f"{fault}.wav"
    path.write_bytes(data)
    with pytest.raises(AudioError, match=message) as caught:
        read_clip(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "MP3", "AIFF"])
def test_truncated_files_are_refused(kind):
    data = encoded(tone(3.0), format=kind)
    with pytest.raises(AudioError, match="truncated"):
        clip_from_bytes(data[: len(data) // 2], "half")


def test_an_ogg_file_cut_after_many_pages_is_refused():
    noise = 0.1 * np.random.default_rng(0).standard_normal(160_000)
    data = encoded(noise, format="OGG")
    with pytest.raises(AudioError, match="announces are missing"):
        clip_from_bytes(data[: int(0.7 * len(data))], "cut.ogg")


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("webm", "libopus")])
def test_truncated_containers_are_refused(container, codec):
    data = encoded_by_ffmpeg(container, codec, 48000)
    with pytest.raises(AudioError, match="truncated"):
        clip_from_bytes(data[: len(data) // 2], "half")


def test_wav_written_to_a_pipe_is_complete():
    data = bytearray(encoded(tone()))
    size = data.index(b"data") + 4
    data[size : size + 4] = b"\xff\xff\xff\xff"
    assert clip_from_bytes(bytes(data), "piped.wav").seconds == 1.0


def test_a_playlist_opens_no_other_file(tmp_path):
    (tmp_path / "secret.wav").write_bytes(encoded(tone()))
    playlist = f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n"
    with pytest.raises(AudioError, match="is not a recording"):
        clip_from_bytes(playlist.encode(), "playlist.wav")


def test_missing_files_and_folders_are_refused(tmp_path):
    with pytest.raises(AudioError, match="There is no file"):
        read_clip(tmp_path / "nothing.wav")
    with pytest.raises(AudioError, match="cannot be read"):
        read_clip(tmp_path)


@pytest.mark.parametrize("samples", [np.arange(9), np.zeros((2, 2, 2))])
def test_samples_of_another_kind_are_refused(samples):
    with pytest.raises(AudioError, match="expected floating point in"):
        clip_from_samples(samples, 16000)


def test_writing_refuses_what_would_be_lost_and_leaves_nothing(tmp_path):
    with pytest.raises(AudioError, match="would clip"):
        write_audio(tmp_path / "loud.flac", 4 * tone(), 16000)
    with pytest.raises(AudioError, match="not all finite"):
        write_audio(tmp_path / "spoiled.wav", SPOILED, 16000)
    with pytest.raises(AudioError, match=r"use a name ending in \.wav"):
        write_audio(tmp_path / "tone.docx", tone(), 16000)
    with pytest.raises(AudioError, match="cannot be written"):
        write_audio(tmp_path / "nowhere" / "tone.wav", tone(), 16000)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "folder.wav").mkdir()
    with pytest.raises(AudioError, match="cannot be written"):
        write_audio(tmp_path / "folder.wav", tone(), 16000)
    assert [file.name for file in tmp_path.iterdir()] == ["folder.wav"]


LONG = {
    "wav": encoded(tone(3.0)),
    "opus": encoded(tone(3.0, 48000), 48000, format="OGG", subtype="OPUS"),
    "m4a": encoded_by_ffmpeg("ipod", "aac", 44100, 3.0),
    "g722": encoded_by_ffmpeg("g722", "g722", 16000, 3.0),
}


@pytest.mark.parametrize("kind", LONG)
def test_what_lasts_too_long_is_refused_and_what_does_not_is_read_whole(tmp_path, kind):
    path = tmp_path / f"tone.{kind}"
    path.write_bytes(LONG[kind])
    whole = read_clip(path)
    assert np.array_equal(read_clip(path, longest=whole.seconds).samples, whole.samples)
    with pytest.raises(AudioError, match=rf"'tone\.{kind}' lasts longer than 2\.5 s, the most"):
        read_clip(path, longest=2.5)


@pytest.mark.parametrize("kind", LONG)
def test_decoding_stops_at_the_longest(kind, monkeypatch):
    decoded, blocks = [], reading.Reading._blocks

    def watched(self):
        for block, rate in blocks(self):
            decoded.append(len(block) / rate)
            yield block, rate

    monkeypatch.setattr(reading.Reading, "_blocks", watched)
    monkeypatch.setattr(reading, "_BLOCK", 4096)
    with pytest.raises(AudioError, match=r"longer than 0\.5 s"):
        clip_from_bytes(LONG[kind], f"tone.{kind}", longest=0.5)
    assert 0.5 < sum(decoded) < 1.0


def test_wav_in_memory_is_16_bit_and_clipped():
    samples, rate = soundfile.read(io.BytesIO(wav_bytes(4 * tone(), 16000)), dtype="float32")
    assert rate == 16000
    assert np.abs(samples - np.clip(4 * tone(), -1, 1)).max() < 1e-4


@pytest.mark.parametrize("shape", [(16000, 2), (65, 16000), (3, 2)])
def test_samples_the_wrong_way_round_are_refused(shape):
    samples = np.full(shape, 0.1)
    with pytest.raises(AudioError, match=r"samples\.T"):
        clip_from_samples(samples, 16000)


def test_soundfile_read_and_transposed_is_the_file(tmp_path):
    soundfile.write(tmp_path / "stereo.wav", np.stack([tone(), 0.5 * tone()], axis=1), 16000)
    samples, rate = soundfile.read(tmp_path / "stereo.wav")
    clip = clip_from_samples(samples.T, rate)
    assert np.allclose(clip.samples, read_clip(tmp_path / "stereo.wav").samples, atol=1e-6)


def test_a_name_that_is_no_text_becomes_text(tmp_path):
    bad = os.fsdecode(b"bad\xff.wav")
    for clip in (clip_from_bytes(encoded(tone()), bad), clip_from_samples(tone(), 16000, bad)):
        assert clip.name == "bad\ufffd.wav"
    with pytest.raises(AudioError) as refused:
        clip_from_bytes(b"", bad)
    assert "bad\ufffd.wav" in str(refused.value)


def test_what_is_too_loud_is_turned_down_and_says_so():
    loud = clip_from_samples(np.array([0.5, -2.0, 1.0], np.float32), 16_000, "loud")
    turned = loud.within_full_scale()
    np.testing.assert_allclose(turned.samples, [0.25, -1.0, 0.5])
    assert "turned down" in turned.decode_chain[-1]
    assert turned.within_full_scale() is turned
