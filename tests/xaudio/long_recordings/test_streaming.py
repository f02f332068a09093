import numpy as np
import pytest
import soundfile

from tests.xaudio.long_recordings.recordings import CONTAINERS, RATE, sound, written
from xaudio.audio import clip_from_samples, read_clip
from xaudio.errors import AudioError
from xaudio.long_recordings.opening import open_recording
from xaudio.long_recordings.recording import BLOCK
from xaudio.long_recordings.streaming import heard, resampled, resampling_chain, windows


def in_blocks(samples, sizes):
    place = 0
    for size in sizes:
        yield samples[place : place + size]
        place += size
    yield samples[place:]


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("rate", [16000, 11025])
def test_streamed_is_what_reading_the_whole_file_gives(tmp_path, container, rate):
    path = written(tmp_path, container, 6.3)
    recording, whole = open_recording(path), read_clip(path).resampled(rate)
    streamed = np.concatenate(list(heard(recording, rate)))
    assert len(streamed) == len(whole.samples)
    assert np.abs(streamed - whole.samples).max() < 1e-6
    assert resampling_chain(recording, rate) == whole.decode_chain
    assert (recording.name, recording.digest) == (whole.name, whole.digest)


def test_blocks_stay_small(tmp_path):
    soundfile.write(tmp_path / "long.wav", sound(30.0, 48000), 48000)
    sizes = [len(block) for block in heard(open_recording(tmp_path / "long.wav"), RATE)]
    assert max(sizes) <= BLOCK and len(sizes) > 20


@pytest.mark.parametrize("rates", [(44100, 16000), (8000, 48000), (16000, 16000)])
@pytest.mark.parametrize("sizes", [[], [1, 1, 5000, 3], [100] * 200])
def test_resampling_does_not_depend_on_the_blocks(rates, sizes):
    samples = sound(1.7, rates[0])
    found = np.concatenate(list(resampled(in_blocks(samples, sizes), *rates)))
    whole = clip_from_samples(samples, rates[0]).resampled(rates[1]).samples
    assert len(found) == len(whole)
    assert np.abs(found - whole).max() < 1e-6


@pytest.mark.parametrize("length, hop", [(40, 20), (40, 40), (40, 7), (10, 30), (400, 1), (2, 1)])
@pytest.mark.parametrize("count", [2, 39, 40, 41, 60, 100, 101, 359])
def test_windows_against_slices(length, hop, count):
    samples = np.arange(count, dtype=np.float32)
    starts = list(range(0, max(count - length, 0) + 1, hop))
    if count > length and starts[-1] + length < count:
        starts.append(count - length)
    expected = [(start, samples[start : start + length].tolist()) for start in starts]
    for sizes in ([], [1] * 50, [13, 0, 70]):
        found = [
            (window.first, window.samples.tolist())
            for window in windows(in_blocks(samples, sizes), length, hop)
        ]
        assert found == expected


def test_a_window_is_a_copy():
    samples = np.ones(10, np.float32)
    for window in windows(iter([samples]), 4, 2):
        window.samples[:] = 7
    assert (samples == 1).all()


SPOILED = sound(10.0)
SPOILED[9 * RATE] = np.nan
BAD = {
    "nan": (SPOILED, r"'bad\.wav' holds NaN or infinite samples, the first at 9\.000 s"),
    "silent": (np.zeros(10 * RATE), r"'bad\.wav' is silent: all of its 160000 samples are zero"),
    "one sample": (np.ones(1) / 2, "holds 1 samples; a recording needs at least 2"),
    "none": (np.zeros(0), "holds 0 samples"),
}


@pytest.mark.parametrize("fault", BAD)
def test_samples_nobody_can_judge_are_refused_as_elsewhere(tmp_path, fault):
    samples, message = BAD[fault]
    soundfile.write(tmp_path / "bad.wav", samples, RATE, subtype="FLOAT")
    with pytest.raises(AudioError, match=message) as streamed:
        list(heard(open_recording(tmp_path / "bad.wav"), RATE))
    with pytest.raises(AudioError) as whole:
        read_clip(tmp_path / "bad.wav")
    assert str(streamed.value) == str(whole.value)
