import pytest
import torch

import xaudio.sweeps.tasks as tasks
from perturbations import suites
from tests.xaudio.sweeps.small import (
    Loudness,
    Noisy,
    Quieter,
    loudness,
    small_manifest,
    write_clip,
)
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, save_manifest
from xaudio.errors import SweepError
from xaudio.sweeps import sweep
from xaudio.sweeps.cells import evaluate_cell, load_clip
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.serial import Serial
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel

SETTINGS = {"corruptions": [Quieter(), Noisy()], "severities": [1, 3], "bucket_size": 3}


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio")


def stop_after(cells):
    def progress(state):
        if state.finished == cells:
            raise InterruptedError

    return progress


def files(store):
    return {f.name: f.read_bytes() for f in (store.folder / "cells").iterdir()}


def test_equals_one_cell_at_a_time(manifest, tmp_path):
    models = [loudness(), loudness("strict", threshold=0.005)]
    store = sweep(manifest, models, out=tmp_path / "out", **SETTINGS)
    plan = plan_sweep(manifest, [identify(model) for model in models], **SETTINGS)
    scores = {}
    for cell in plan:
        clips = [load_clip(planned, 8000) for planned in cell.bucket.clips]
        model = models[plan.models.index(cell.model)]
        for row in evaluate_cell(cell, clips, model).to_pylist():
            scores[row["model"], row["corruption"], row["severity"], row["clip"]] = row
    rows = store.rows().to_pylist()
    assert len(rows) == len(scores) == 2 * 5 * 12
    for row in rows:
        assert row == scores[row["model"], row["corruption"], row["severity"], row["clip"]]


@pytest.mark.parametrize("cells", [1, 2, 7, 19])
def test_interrupted_and_resumed_equals_uninterrupted(manifest, tmp_path, cells):
    whole = sweep(manifest, [loudness()], out=tmp_path / "whole", **SETTINGS)
    with pytest.raises(InterruptedError):
        sweep(
            manifest, [loudness()], out=tmp_path / "parts", progress=stop_after(cells), **SETTINGS
        )
    half_written = tmp_path / "parts" / "cells" / ".0123.parquet.unfinished"
    half_written.write_bytes(b"PAR1 killed while writing")
    assert len(SweepStore(tmp_path / "parts").finished()) == cells
    parts = sweep(manifest, [loudness()], out=tmp_path / "parts", **SETTINGS)
    half_written.unlink()
    assert parts.rows().equals(whole.rows())
    assert files(parts) == files(whole)


def test_nothing_is_done_twice(manifest, tmp_path):
    Quieter.asked.clear()
    with pytest.raises(InterruptedError):
        sweep(manifest, [loudness()], out=tmp_path, progress=stop_after(5), **SETTINGS)
    told = []
    store = sweep(manifest, [loudness()], out=tmp_path, progress=told.append, **SETTINGS)
    assert len(Quieter.asked) == 2 * 12
    cells = told[0].cells
    assert [state.finished for state in told] == list(range(6, cells + 1))
    assert (told[-1].scored, told[-1].seconds_left) < (5 * 12, 1e-9)
    before = files(store)
    told = []
    sweep(manifest, [loudness()], out=tmp_path, progress=told.append, **SETTINGS)
    assert (told, files(store)) == ([], before)


def test_a_new_clip_re_runs_one_bucket_and_the_rows_are_right(manifest, tmp_path):
    sweep(manifest, [loudness()], out=tmp_path / "out", **SETTINGS)
    larger = Manifest.of((*manifest.rows, write_clip(tmp_path / "new.wav", 55)))
    told = []
    grown = sweep(larger, [loudness()], out=tmp_path / "out", progress=told.append, **SETTINGS)
    assert len(told) <= 2 * 5, "one bucket, perhaps split in two, under five conditions"
    fresh = sweep(larger, [loudness()], out=tmp_path / "fresh", **SETTINGS)
    assert grown.rows().equals(fresh.rows())


def test_several_models_share_what_was_decoded_and_corrupted(manifest, tmp_path, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        tasks, "load_clip", lambda clip, rate: decoded.append(clip) or load_clip(clip, rate)
    )
    Quieter.asked.clear()
    models = [loudness(), loudness("b", threshold=0.1), loudness("c", threshold=0.2)]
    sweep(manifest, models, out=tmp_path / "out", **SETTINGS)
    assert len(decoded) == 12
    assert len(Quieter.asked) == 2 * 12


def test_two_names_for_one_corruption_share_the_work(manifest, tmp_path):
    shared = [suites.Condition(name, Quieter(), (1, 3)) for name in ("a", "b")]
    Quieter.asked.clear()
    told = []
    store = sweep(manifest, [loudness()], shared, out=tmp_path, progress=told.append)
    assert len(Quieter.asked) == 2 * 12
    assert (told[0].cells, told[-1].finished, len(told)) == (3, 3, 3)
    one, other = (store.rows(corruption=name)["score"] for name in ("a", "b"))
    assert len(one) == 2 * 12
    assert one.equals(other)


def test_models_of_two_rates_hear_what_each_would_alone(manifest, tmp_path):
    models = [loudness(), Classifier(Loudness(), "coarse", 4000, ("spoof", "bonafide"))]
    both = sweep(manifest, models, out=tmp_path / "both", **SETTINGS)
    for model in models:
        alone = sweep(manifest, [model], out=tmp_path / model.name, **SETTINGS)
        assert both.rows(model=model.name).equals(alone.rows())


def test_progress_counts_to_the_end(manifest, tmp_path):
    manifest[0].path.unlink()
    told = []
    sweep(manifest, [loudness()], out=tmp_path / "out", progress=told.append, **SETTINGS)
    assert [state.finished for state in told] == list(range(1, told[-1].cells + 1))
    assert (told[-1].scored, told[-1].failed, told[-1].seconds_left) == (5 * 12, 5, 0.0)
    assert told[-1].rate > 0


def test_takes_a_manifest_file_and_names(manifest, tmp_path):
    save_manifest(manifest, tmp_path / "manifest.parquet")
    store = sweep(tmp_path / "manifest.parquet", [loudness()], ["low-pass"], [2], tmp_path / "out")
    assert set(store.rows()["corruption"].to_pylist()) == {"clean", "low-pass"}


def test_models_keep_no_trace_of_a_sweep(manifest, tmp_path):
    model = loudness()
    sweep(manifest, [model], out=tmp_path / "out", **SETTINGS)
    waveform = torch.rand(1, 100, requires_grad=True)
    model.score(waveform).sum().backward()
    assert waveform.grad.abs().sum() > 0


def test_the_plans_models_must_be_there(manifest, tmp_path):
    plan = plan_sweep(manifest, [identify(loudness("absent", threshold=0.9))], [], [])
    with pytest.raises(SweepError, match="'absent' is not among"):
        Serial().run(plan, [SweptModel(loudness())], SweepStore(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
