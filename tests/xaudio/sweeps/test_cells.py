from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import soundfile
import torch

from perturbations.corruption import Key, load_corruption
from tests.xaudio.sweeps.small import RATE, Loudness, Noisy, Quieter, loudness, small_manifest
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest
from xaudio.errors import SweepError
from xaudio.sweeps.cells import ROW_SCHEMA, evaluate_cell, load_clip
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio", clips=6)


def evaluate(manifest, corruption, severity, classifier=None, repeat=0):
    classifier = classifier or loudness()
    plan = plan_sweep(
        manifest, [identify(classifier)], [corruption], [severity], repeats=repeat + 1
    )
    cell = next(c for c in plan if c.condition.severity and c.condition.repeat == repeat)
    clips = [load_clip(planned, classifier.sample_rate) for planned in cell.bucket.clips]
    return evaluate_cell(cell, clips, classifier)


def by_clip(table):
    return {row["clip"]: row for row in table.to_pylist()}


def test_scores_are_those_of_the_corrupted_samples(manifest):
    rows = by_clip(evaluate(manifest, Quieter(), 3))
    for row in manifest:
        samples = soundfile.read(row.path)[0] * 0.5
        expected = -2 * (np.mean(samples**2) - 0.02)
        assert rows[row.clip]["score"] == pytest.approx(expected, abs=1e-6)
        assert rows[row.clip]["error"] is None


def test_rows_say_what_they_are(manifest):
    table = evaluate(manifest, Quieter(), 3)
    assert table.schema.equals(ROW_SCHEMA)
    row = by_clip(table)["clip003"]
    assert (row["label"], row["attack"], row["codec"]) == ("spoof", "loud", None)
    assert row["speaker"] == "speaker3"
    assert row["digest"] == sha256(manifest[3].path.read_bytes()).hexdigest()
    assert (row["model"], row["corruption"], row["severity"], row["repeat"]) == (
        "loudness",
        "quieter",
        3,
        0,
    )
    assert row["parameters"] == '{"factor": 0.5}'
    assert row["seconds"] == 0.25


def test_random_numbers_come_from_the_clip_and_the_repeat(manifest):
    first, again = evaluate(manifest, Noisy(), 5), evaluate(manifest, Noisy(), 5)
    assert first.equals(again)
    other = evaluate(manifest, Noisy(), 5, repeat=1)
    assert not np.isclose(first["score"].to_numpy(), other["score"].to_numpy(), atol=1e-6).any()
    digest = sha256(manifest[2].path.read_bytes()).hexdigest()
    samples = soundfile.read(manifest[2].path, dtype="float32")[0]
    corrupted = Noisy().apply(torch.tensor(samples)[None], RATE, 5, [Key(digest)]).waveform
    assert by_clip(first)["clip002"]["score"] == pytest.approx(
        float(loudness().score(corrupted).detach()), abs=1e-6
    )


def test_clips_meet_the_model_at_its_own_rate(manifest):
    heard = []

    class Listening(Loudness):
        def forward(self, waveform):
            heard.append(waveform.shape[1])
            return super().forward(waveform)

    model = Classifier(Listening(), "listening", 16000, ("spoof", "bonafide"))
    rows = evaluate(manifest, Quieter(), 1, model)
    assert set(heard) - {2 * 16000} == {4000}  # planning asks two seconds of its own
    assert set(rows["seconds"].to_pylist()) == {0.25}


def test_a_corruption_may_change_the_length(manifest):
    rows = evaluate(manifest, load_corruption("time-stretch"), 5)
    assert rows["score"].null_count == 0
    assert set(rows["seconds"].to_pylist()) != {0.25}


def test_broken_clips_are_rows_and_the_rest_goes_on(manifest):
    manifest[0].path.unlink()
    manifest[1].path.write_bytes(b"this is no sound")
    manifest[2].path.write_bytes(b"")
    soundfile.write(manifest[3].path, np.zeros(100), RATE)
    strangers = Manifest.of(
        (*manifest.rows[:4], replace(manifest[4], digest="0" * 64), manifest[5])
    )
    rows = by_clip(evaluate(strangers, Quieter(), 1))
    assert [row["clip"] for row in rows.values() if row["score"] is not None] == ["clip005"]
    for clip, part in {
        "clip000": "no file",
        "clip001": "not a recording",
        "clip002": "empty",
        "clip003": "silent",
        "clip004": "another SHA-256",
    }.items():
        assert part in rows[clip]["error"]
        assert rows[clip]["seconds"] is None


@pytest.mark.parametrize(
    ("fault", "part"),
    [(RuntimeError("kernel too large"), "kernel too large"), (KeyError("x"), "x")],
)
def test_a_model_that_fails_on_a_clip_is_a_row(manifest, fault, part):
    class Fragile(Loudness):
        def forward(self, waveform):
            if waveform.square().mean() > 0.02:
                raise fault
            return super().forward(waveform)

    model = Classifier(Fragile(), "fragile", RATE, ("spoof", "bonafide"))
    rows = by_clip(evaluate(manifest, Quieter(), 1, model))
    assert [row["score"] is None for _, row in sorted(rows.items())] == [False, True] * 3
    assert part in rows["clip001"]["error"]


def test_a_lack_of_memory_is_not_the_clips_fault(manifest):
    class Hungry(Loudness):
        def forward(self, waveform):
            raise torch.OutOfMemoryError("too little memory")

    model = Classifier(Hungry(), "hungry", RATE, ("spoof", "bonafide"))
    with pytest.raises(SweepError, match="Memory ran out"):
        evaluate(manifest, Quieter(), 1, model)
