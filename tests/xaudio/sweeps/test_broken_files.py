"""A thousand broken files among ten thousand."""

import struct

import numpy as np
import pytest
import soundfile

from tests.xaudio.sweeps.small import RATE, Quieter, loudness
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.sweeps import Processes, sweep

CLIPS = 10_000
SAMPLES = RATE // 50


def wav_header():
    """Of a WAV file of 32-bit floats; much faster than ten thousand encoders."""
    sizes = {"data": 4 * SAMPLES, "riff": 36 + 4 * SAMPLES}
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, RATE, 4 * RATE, 4, 32)
    start = struct.pack("<4sI4s", b"RIFF", sizes["riff"], b"WAVE")
    return start + form + struct.pack("<4sI", b"data", sizes["data"])


HEADER = wav_header()


def break_file(path, kind):
    """One of ten ways in which files go bad."""
    data = path.read_bytes()
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.write_bytes(b"")
    elif kind == 2:
        path.write_bytes(data[: len(data) // 2])
    elif kind == 3:
        path.write_bytes(np.random.default_rng(len(path.name)).bytes(len(data)))
    elif kind == 4:
        path.write_text("<html>404 not found</html>" + path.name)
    elif kind == 5:
        soundfile.write(path, np.zeros(int(path.stem) + 2), RATE)
    elif kind == 6:
        soundfile.write(path, np.full(int(path.stem) + 2, np.nan), RATE, subtype="FLOAT")
    elif kind == 7:
        soundfile.write(path, [0.1 + 1e-5 * int(path.stem)], RATE, subtype="FLOAT")
    elif kind == 8:
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(data[:44] + b"\0" * (len(data) - 44) + path.name.encode())


@pytest.fixture
def corpus(tmp_path):
    """Ten thousand clips of 20 ms; every tenth is broken."""
    random = np.random.default_rng(0)
    rows, expected = [], {}
    for number in range(CLIPS):
        path = tmp_path / f"{number:05}.wav"
        is_spoof = number % 2 == 1
        samples = random.normal(0, 0.2 if is_spoof else 0.1, SAMPLES).astype(np.float32)
        path.write_bytes(HEADER + samples.tobytes())
        rows.append(ManifestRow(path.stem, path, "spoof" if is_spoof else "bonafide"))
        if number % 10 == 3:
            break_file(path, number // 10 % 10)
        else:
            expected[path.stem] = -2 * (np.mean((samples * 0.9) ** 2) - 0.02)
    return Manifest.of(rows), expected


@pytest.mark.slow
def test_all_are_recorded_and_the_rest_is_right(corpus, tmp_path):
    manifest, expected = corpus
    store = sweep(
        manifest,
        [loudness()],
        [Quieter()],
        [1],
        tmp_path / "out",
        bucket_size=256,
        executor=Processes(2),
    )
    failures = store.failures()
    assert failures.num_rows == 2 * CLIPS // 10
    assert len(set(failures["clip"].to_pylist())) == CLIPS // 10
    assert all(failures["error"].to_pylist())
    rows = store.rows(corruption="quieter")
    scores = dict(zip(rows["clip"].to_pylist(), rows["score"].to_pylist(), strict=True))
    assert len(scores) == CLIPS
    for clip, score in expected.items():
        assert scores[clip] == pytest.approx(score, abs=1e-6)
