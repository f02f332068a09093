"""Explanations of a corpus whose truth is known: what drifts, what does not, what fails."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from explainers.explainer import load_explainer
from perturbations.corruption import load_corruption
from tests.xaudio.sweeps.explanation_drift import known
from xaudio.classifiers import load_classifier
from xaudio.classifiers.random_weights import with_random_weights
from xaudio.errors import SweepError
from xaudio.sweeps.explanation_drift import explain_drift
from xaudio.sweeps.explanation_drift.drift_cells import DriftCell
from xaudio.sweeps.explanation_drift.rows import COMPARISONS, DRIFT_SCHEMA
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.sampling import sampled_clips
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel

SIMILAR = ("spearman", "cosine", "top_overlap", "tile_spearman", "tile_cosine", "tile_top_overlap")
FAR = ("earth_mover_seconds", "evidence_mover_seconds", "peak_seconds", "inside_change", "outside")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return known.manifest(tmp_path_factory.mktemp("clips") / "audio", 6)


def rows_of(folder, listed, *corruptions, severities=(1,), **settings) -> pa.Table:
    plan = known.plan_of(listed, *corruptions, severities=severities)
    settings = {"method": known.METHOD, "clips": 6, **settings}
    return explain_drift(plan, [known.DETECTOR], SweepStore(folder), **settings).rows()


def of(rows: pa.Table, corruption: str, comparison: str = "corrupted") -> list[dict]:
    wanted = (pc.field("corruption") == corruption) & (pc.field("comparison") == comparison)
    return rows.filter(wanted).to_pylist()


@pytest.fixture(scope="module")
def rows(clips, tmp_path_factory) -> pa.Table:
    corruptions = (known.Untouched(), known.Backwards(), known.Moved(), load_corruption("speed"))
    return rows_of(tmp_path_factory.mktemp("sweep"), clips, *corruptions)


def test_a_corruption_that_changes_nothing_moves_nothing_at_all(rows):
    for corruption in ("untouched", "clean"):
        found = of(rows, corruption)
        assert len(found) == 6
        for row in found:
            assert [row[name] for name in SIMILAR] == [1.0] * len(SIMILAR)
            assert [row[name] or 0.0 for name in FAR] == [0.0] * len(FAR)
            assert row["score"] == row["score_clean"]


def test_backwards_and_faster_are_undone(rows):
    # This detector looks at each pair of samples alone, so its relevance moves with the sound.
    for row in of(rows, "backwards"):
        assert row["cosine"] > 0.99
    # Faster is higher too, so relevance changes in size and hardly in place.
    for row in of(rows, "speed"):
        assert row["compared"] == 1
        if row["attack"] == "hybrid":
            assert row["inside"] == pytest.approx(row["inside_clean"], abs=0.02)
            assert row["earth_mover_seconds"] < 0.02


def test_relevance_that_leaves_the_segments_is_seen_to(rows):
    (*_, hybrid) = [row for row in of(rows, "moved") if row["attack"] == "hybrid"]
    assert hybrid["inside_clean"] > 0.9
    assert hybrid["inside"] < 0.05
    assert hybrid["inside_chance"] == pytest.approx(0.3)
    assert hybrid["evidence_mover_seconds"] == pytest.approx(0.5, abs=0.03)
    assert hybrid["decided"] == hybrid["decided_clean"] == "spoof"


def test_only_annotated_clips_have_masses(rows):
    for row in of(rows, "moved"):
        assert (row["inside"] is not None) == (row["attack"] == "hybrid")


def test_baselines_stand_beside_every_clip(rows):
    for corruption, expected in (("moved", COMPARISONS[:4]), ("clean", COMPARISONS[:5])):
        for comparison in expected:
            found = of(rows, corruption, comparison)
            assert len(found) == 6
            assert all(row["error"] is None and row["score"] is not None for row in found)
    for comparison in ("shuffled", "phase-randomised"):
        for row in of(rows, "clean", comparison):
            if row["attack"] == "hybrid":
                assert row["spearman"] < 0.9
                assert row["inside"] < 0.9
    assert all(row["cosine"] > 0.9 for row in of(rows, "clean", "shifted"))
    assert not of(rows, "clean", "repeated")  # nothing is drawn by this method
    assert rows.schema.remove_metadata() == DRIFT_SCHEMA


def test_a_method_that_draws_is_run_again_with_other_numbers(clips, tmp_path):
    found = rows_of(tmp_path, clips, method="smoothgrad", clips=3, settings={"samples": 3})
    again = of(found, "clean", "repeated")
    assert len(again) == 3
    assert all(0.3 < row["cosine"] < 1 for row in again)
    assert all(row["cosine"] == 1 for row in of(found, "clean"))


def test_failures_are_rows_and_the_rest_goes_on(clips, tmp_path):
    gone = replace(clips.rows[3], path=tmp_path / "gone.wav")
    listed = type(clips).of([*clips.rows[:3], gone, *clips.rows[4:]])
    found = rows_of(tmp_path / "sweep", listed, known.Refusing())
    for row in of(found, "refusing"):
        if row["clip"] == "clip03":
            assert "gone.wav" in row["error"]
        else:
            assert row["error"] == ("This clip is refused." if row["label"] == "spoof" else None)
    assert sum(row["error"] is not None for row in of(found, "clean")) == 1


def test_what_is_there_is_not_done_again(clips, tmp_path):
    told = []
    first = rows_of(tmp_path, clips, known.Untouched(), clips=3, progress=told.append)
    assert [progress.finished for progress in told] == [1, 2]
    more = []
    second = rows_of(
        tmp_path, clips, known.Untouched(), known.Moved(), clips=3, progress=more.append
    )
    assert [(progress.finished, progress.cells) for progress in more] == [(3, 3)]
    kept = second.filter(pc.field("corruption") != "moved")
    assert kept.equals(first)


def test_stopped_in_the_middle_it_goes_on_and_ends_the_same(clips, tmp_path):
    def stop(progress):
        raise KeyboardInterrupt

    whole = rows_of(tmp_path / "whole", clips, known.Moved(), clips=3)
    with pytest.raises(KeyboardInterrupt):
        rows_of(tmp_path / "part", clips, known.Moved(), clips=3, progress=stop)
    assert rows_of(tmp_path / "part", clips, known.Moved(), clips=3).equals(whole)


@pytest.mark.slow
def test_processes_give_the_same_rows_and_a_cell_that_kills_them_is_told_as_failed(clips, tmp_path):
    here = rows_of(tmp_path / "here", clips, known.Moved(), clips=3)
    there = rows_of(tmp_path / "there", clips, known.Moved(), known.Deadly(), clips=3, workers=2)
    assert ["crashed (exit code 3)" in row["error"] for row in of(there, "deadly")] == [True] * 3
    assert there.filter(pc.field("corruption") != "deadly").equals(here)


def test_an_id_hangs_on_what_decides_the_rows(clips):
    plan = known.plan_of(clips, known.Untouched(), known.Moved())
    sample = sampled_clips(plan.clips, 3)
    method = load_explainer("smoothgrad")
    cell = DriftCell(plan.models[0], method, plan.conditions[1], sample)
    (clip, *others) = sample
    moved = replace(clip, row=replace(clip.row, segments=((0.0, 0.1),), label="spoof"))
    others_ids = {
        replace(cell, model=replace(cell.model, fingerprint="other")).id,
        replace(cell, explainer=replace(method, seed=5)).id,
        replace(cell, explainer=load_explainer("saliency")).id,
        replace(cell, condition=plan.conditions[2]).id,
        replace(cell, clips=sample[:2]).id,
        replace(cell, clips=(moved, *others)).id,
    }
    assert len(others_ids - {cell.id}) == 6
    renamed = replace(clip, row=replace(clip.row, speaker="someone else"))
    assert replace(cell, clips=(renamed, *others)).id == cell.id
    assert replace(cell, model=replace(cell.model, name="other")).id == cell.id


def test_random_weights_are_a_copys_and_the_same_each_time():
    model = load_classifier("lcnn")
    before = model.fingerprint
    one, other = with_random_weights(model), with_random_weights(model)
    assert model.fingerprint == before != one.fingerprint == other.fingerprint
    for mine, theirs in zip(one.module.parameters(), model.module.parameters(), strict=True):
        assert torch.equal(mine.flatten().sort().values, theirs.flatten().sort().values)
    function = load_classifier(
        lambda waveform: waveform, labels=("spoof", "bonafide"), sample_rate=16000
    )
    assert with_random_weights(function) is None


def test_other_classifiers_are_explained_for_what_they_decided_of_the_clean_clip(tmp_path):
    model = SweptModel("tests.xaudio.tiny:three_kinds")
    listed = known.levels(tmp_path)
    plan = plan_sweep(listed, [model.identity()], [known.Moved()], (1,))
    found = explain_drift(plan, [model], SweepStore(tmp_path), "input-x-gradient").rows()
    for row in of(found, "moved"):
        assert row["error"] is None
        assert row["target"] == row["decided_clean"]
    assert {row["target"] for row in of(found, "moved")} == {"loud"}


def test_settings_need_their_method(clips, tmp_path):
    with pytest.raises(SweepError, match="no method"):
        rows_of(tmp_path, clips, method=None, settings={"samples": 3})
