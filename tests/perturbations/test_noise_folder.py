import os

import numpy as np
import pytest
import soundfile
import torch

from perturbations.errors import CorruptionError
from perturbations.noise import BackgroundNoise
from perturbations.noise_folder import prolong, recorded_noise, recordings_digest
from perturbations.waveform import noise_folder
from tests.perturbations.signals import keys, snr, speech_like


@pytest.fixture
def recordings(tmp_path):
    """Three recordings: 8 kHz mono, 44.1 kHz stereo, and one much shorter than a clip."""
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "a.wav", 0.1 * random.standard_normal(8_000 * 4), 8_000)
    soundfile.write(tmp_path / "b.flac", 0.1 * random.standard_normal((44_100 * 4, 2)), 44_100)
    soundfile.write(tmp_path / "c.wav", 0.1 * random.standard_normal(3_000), 16_000)
    return tmp_path


def test_a_short_recording_gets_no_period(tmp_path):
    random = np.random.default_rng(0)
    soundfile.write(tmp_path / "short.wav", 0.1 * random.standard_normal(16_000), 16_000)
    noise = recorded_noise(noise_folder(tmp_path), 320_000, 16_000, random).samples
    repeats = torch.fft.irfft(torch.fft.rfft(noise, n=640_000).abs().square(), n=640_000)
    shares = repeats[480:160_000] / repeats[0]
    assert shares.max() < 0.3  # tiling would give 0.95


def test_prolonging_keeps_the_level_at_the_joints():
    recording = torch.from_numpy(np.random.default_rng(1).standard_normal(4_000)).float()
    original = recording.clone()
    longer = prolong(recording, 100_000, 800, np.random.default_rng(0))
    levels = longer[:100_000].reshape(-1, 500).square().mean(dim=1)
    assert levels.min() > 0.75 and levels.max() < 1.3
    assert torch.equal(longer[:3_200], recording[:3_200])
    assert torch.equal(recording, original)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 48_000])
def test_recordings_of_any_rate_at_the_snr_named(recordings, sample_rate):
    clips = 0.3 * speech_like(6, 1.0, sample_rate)
    corruption = BackgroundNoise(folder=recordings)
    noisy = corruption.apply(clips, sample_rate, 4, keys(6)).waveform
    assert snr(clips, noisy).tolist() == pytest.approx([10.0] * 6, abs=0.02)
    again = corruption.apply(clips[4:5], sample_rate, 4, keys(6)[4:5]).waveform
    assert torch.equal(again[0], noisy[4])


def test_a_recording_is_heard_as_it_is(tmp_path):
    tone = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(44_100 * 2) / 44_100)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 44_100)
    noise = recorded_noise(
        noise_folder(str(tmp_path)), 24_000, 16_000, np.random.default_rng(0)
    ).samples
    spectrum = torch.fft.rfft(noise * torch.hann_window(len(noise))).abs().square()
    loudest = spectrum.argmax().item() * 16_000 / len(noise)
    assert loudest == pytest.approx(1_000, abs=1)
    assert spectrum[spectrum.argmax() - 3 : spectrum.argmax() + 4].sum() / spectrum.sum() > 0.999


def test_the_facts_tell_what_was_taken_from_where(tmp_path):
    """A ramp's first sample tells the second at which the stretch begins."""
    (tmp_path / "below").mkdir()
    for number, name in enumerate(["one.wav", "below/two.wav"]):
        ramp = np.linspace(0.0, 1.0, 10 * 16_000) * (1 - 2 * number)
        soundfile.write(tmp_path / name, ramp, 16_000, subtype="FLOAT")
    silence = torch.full((12, 16_000), 1e-4)
    corruption = BackgroundNoise(folder=tmp_path)
    corrupted = corruption.apply(silence, 16_000, 5, keys(12))
    assert {facts["file"] for facts in corrupted.facts} == {"one.wav", "below/two.wav"}
    for row, facts in enumerate(corrupted.facts):
        noise = corrupted.waveform[row].double() - 1e-4
        rising = noise[-1] - noise[0]
        start = noise[0] / rising * (15_999 / 16_000)
        assert start.item() == pytest.approx(facts["start_seconds"], abs=0.01)
        assert (noise[0] < 0) == (facts["file"] == "below/two.wav")


def test_the_identity_is_the_content(recordings):
    corruption = BackgroundNoise(folder=recordings)
    before = corruption.parameters(2)
    assert before["snr_db"] == 30.0
    assert recordings.name in before["noise"]
    assert corruption.parameters(2) == before

    file = recordings / "c.wav"
    content, times = bytearray(file.read_bytes()), file.stat()
    content[-1] ^= 1  # one bit; name and size stay
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns + 1))
    changed = corruption.parameters(2)
    assert changed != before

    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns + 2))
    assert corruption.parameters(2) == before
    file.rename(recordings / "d.wav")
    assert BackgroundNoise(folder=recordings).parameters(2) not in (before, changed)


def test_the_digest_is_the_same_wherever_the_folder_lies(recordings, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("copy")
    for file in recordings.iterdir():
        (elsewhere / file.name).write_bytes(file.read_bytes())
    digests = {recordings_digest(each, noise_folder(each)) for each in (recordings, elsewhere)}
    assert len(digests) == 1


def test_bad_folders_and_recordings(tmp_path):
    with pytest.raises(CorruptionError, match="no folder"):
        BackgroundNoise(folder=tmp_path / "nowhere")
    recording = tmp_path / "one.wav"
    recording.write_text("not a sound")
    corruption = BackgroundNoise(folder=tmp_path)
    clip = speech_like(1, 0.3)

    def refused(told):
        with pytest.raises(CorruptionError, match=told):
            corruption.apply(clip, 16_000, 1, keys(1))

    refused("cannot be read")
    soundfile.write(recording, np.zeros(16_000), 16_000)
    refused("silent")
    soundfile.write(recording, np.full(16_000, np.nan), 16_000, subtype="FLOAT")
    refused("NaN")
    soundfile.write(recording, np.full(2, 0.1), 16_000)
    refused("less than 0.1 s")
    recording.unlink()
    refused("cannot be read")
    with pytest.raises(CorruptionError, match="cannot be read"):
        corruption.parameters(1)


def test_a_recording_all_but_silent_is_heard(tmp_path):
    faint = 1e-30 * np.random.default_rng(0).standard_normal(16_000)
    soundfile.write(tmp_path / "faint.wav", faint, 16_000, subtype="FLOAT")
    clip = 0.3 * speech_like(1, 0.5)
    corruption = BackgroundNoise(folder=tmp_path)
    noisy = corruption.apply(clip, 16_000, 4, keys(1)).waveform
    assert snr(clip, noisy).item() == pytest.approx(10.0, abs=0.02)
