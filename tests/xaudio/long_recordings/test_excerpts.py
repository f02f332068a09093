import numpy as np
import pytest

from tests.xaudio.long_recordings.recordings import CONTAINERS, written
from xaudio.audio import clip_from_samples, read_clip
from xaudio.errors import AudioError
from xaudio.long_recordings import excerpt, open_recording
from xaudio.long_recordings.ffmpeg_recording import FFmpegRecording

# A decoder that jumped has forgotten what it predicts from: Opus settles to -60 dB only.
TOLERANCE = {"webm": 2e-3, "mp3": 1e-4, "ogg": 1e-4}
PLACES = [(0.0, 1.0), (0.3, 0.7), (7.1234, 9.5), (11.9, 14.0), (0.0, 99.0)]


@pytest.fixture(scope="module", params=CONTAINERS)
def recording(request, tmp_path_factory):
    path = written(tmp_path_factory.mktemp("excerpts"), request.param, 13.0)
    return path, read_clip(path)


@pytest.mark.parametrize("rate", [None, 16000, 22050])
@pytest.mark.parametrize("start, end", PLACES)
def test_an_excerpt_is_that_cut_of_the_whole(recording, rate, start, end):
    path, whole = recording
    expected = whole.resampled(rate or whole.sample_rate).cut(start, end)
    found = excerpt(path, start, end, rate)
    assert abs(len(found.samples) - len(expected.samples)) <= 1
    count = min(len(found.samples), len(expected.samples))
    off = np.abs(found.samples[:count] - expected.samples[:count]).max()
    assert off < TOLERANCE.get(path.suffix[1:], 1e-5)
    assert (found.sample_rate, found.digest) == (expected.sample_rate, expected.digest)
    assert found.decode_chain == expected.decode_chain


@pytest.mark.parametrize("container", ["m4a", "webm"])
def test_a_jump_saves_decoding_what_lies_before(tmp_path, container):
    recording = open_recording(written(tmp_path, container, 60.0))
    assert isinstance(recording, FFmpegRecording)
    decoded = []
    plain = FFmpegRecording._mono

    def counted(self, place, frames, first):
        decoded.append(place / self.sample_rate)
        return plain(self, place, frames, first)

    FFmpegRecording._mono = counted
    try:
        excerpt(recording, 50.0, 51.0)
    finally:
        FFmpegRecording._mono = plain
    assert 40.0 < decoded[0] < 50.0


def test_beyond_the_end_there_is_nothing(tmp_path):
    path = written(tmp_path, "flac", 3.0)
    with pytest.raises(AudioError, match=r"nothing to cut from 'recording\.flac' between 5 s and"):
        excerpt(path, 5.0, 6.0, 16000)
    with pytest.raises(AudioError, match="nothing to cut"):
        excerpt(path, 2.0, 2.0)


def test_an_excerpt_of_a_clip():
    clip = clip_from_samples(np.linspace(-0.5, 0.5, 48000), 16000)
    assert np.array_equal(excerpt(clip, 1.0, 2.0).samples, clip.cut(1.0, 2.0).samples)
