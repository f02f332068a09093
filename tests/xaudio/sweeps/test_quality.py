import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch

from perturbations.certificates import Certificate, certify
from perturbations.corruption import Key, load_corruption
from tests.xaudio.sweeps.small import (
    RATE,
    Crashing,
    Loudness,
    Noisy,
    Quieter,
    loudness,
    small_manifest,
)
from xaudio.audio import read_clip
from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps import quality
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.quality import (
    FIGURES,
    QUALITY_SCHEMA,
    QUALITY_TABLE_SCHEMA,
    QualityStore,
    measure_quality,
    quality_table,
    with_quality,
)
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.tables import condition_table


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio", clips=8)


def planned(manifest, *corruptions, severities=(1, 5), repeats=1):
    models = [identify(loudness())]
    return plan_sweep(manifest, models, corruptions or (Noisy(),), severities, repeats=repeats)


@pytest.fixture
def counted(monkeypatch):
    """How many certificates were made."""
    made = []

    def counting(clean, corrupted, sample_rate):
        made.append(sample_rate)
        return certify(clean, corrupted, sample_rate)

    monkeypatch.setattr(quality, "certify", counting)
    return made


def test_rows_are_the_certificates_of_the_clips_as_the_models_heard_them(manifest, tmp_path):
    plan = planned(manifest, repeats=2)
    store = measure_quality(plan, SweepStore(tmp_path / "out"), clips=4)
    rows = store.rows()
    assert rows.schema.equals(QUALITY_SCHEMA)
    assert len(rows) == 4 * (1 + 2 * 2)
    paths = {row.clip: row.path for row in manifest}
    assert len(set(rows["clip"].to_pylist())) == 4
    for row in rows.to_pylist():
        waveform = read_clip(paths[row["clip"]]).resampled(RATE).waveform
        assert (row["error"], row["sample_rate"]) == (None, RATE)
        if row["corruption"] == "clean":
            assert (row["severity"], row["length_ratio"]) == (0, 1.0)
            assert row["snr_db"] == 150
            continue
        key = Key(row["digest"], row["repeat"])
        corrupted = Noisy().apply(waveform, RATE, row["severity"], [key])
        expected = certify(waveform[0], corrupted.clip(0), RATE).as_dict()
        assert {name: row[name] for name in FIGURES} == {
            name: pytest.approx(expected[name]) for name in FIGURES
        }


def test_each_model_hears_at_its_own_rate(manifest, tmp_path):
    other = Classifier(Loudness(0.03), "other", RATE // 2, ("spoof", "bonafide"))
    plan = plan_sweep(manifest, [identify(loudness()), identify(other)], (Quieter(),), (5,))
    rows = measure_quality(plan, SweepStore(tmp_path / "out"), clips=2).rows()
    assert sorted(rows["sample_rate"].to_pylist()) == [RATE // 2] * 4 + [RATE] * 4
    paths = {row.clip: row.path for row in manifest}
    for row in rows.filter(pc.equal(rows["severity"], 5)).to_pylist():
        rate = row["sample_rate"]
        waveform = read_clip(paths[row["clip"]]).resampled(rate).waveform
        expected = certify(waveform[0], quality.CorruptedSamples(0.1 * waveform[0]), rate)
        for name in ("seconds", "highest_hz", "peak"):
            assert row[name] == pytest.approx(getattr(expected, name), rel=1e-4)
    assert len(quality_table(rows)) == 4


def test_medians_follow_and_stand_beside_the_errors(manifest, tmp_path):
    plan = planned(manifest, Quieter(), Noisy())
    rows = measure_quality(plan, SweepStore(tmp_path / "out"), clips=5).rows()
    table = quality_table(rows)
    assert table.schema.equals(QUALITY_TABLE_SCHEMA)
    assert len(table) == 5
    for found in table.to_pylist():
        here = [
            row
            for row in rows.to_pylist()
            if (row["corruption"], row["severity"]) == (found["corruption"], found["severity"])
        ]
        assert (found["clips"], found["failed"]) == (5, 0)
        for name in FIGURES:
            values = [row[name] for row in here if row[name] is not None]
            assert found[name] == (pytest.approx(np.median(values)) if values else None)
    snr = {
        row["severity"]: row["snr_db"] for row in table.to_pylist() if row["corruption"] == "noisy"
    }
    assert snr[5] < snr[1] - 10
    conditions = condition_table(_scores(plan), samples=5)
    joined = with_quality(conditions, table, {"loudness": RATE})
    assert joined.select(conditions.column_names).equals(conditions)
    for row in joined.to_pylist():
        if row["corruption"] == "noisy":
            assert row["snr_db"] == snr[row["severity"]]
    unmeasured = with_quality(conditions, table, {"loudness": 16_000})
    assert unmeasured["snr_db"].null_count == len(conditions)


def test_what_is_measured_stays_and_names_follow_the_plan(manifest, tmp_path, counted):
    from perturbations.suites import Condition as SuiteRow

    store = SweepStore(tmp_path / "out")
    measure_quality(planned(manifest), store, clips=3)
    assert len(counted) == 9
    measure_quality(planned(manifest), store, clips=3)
    assert len(counted) == 9
    more = measure_quality(planned(manifest, Noisy(), Quieter()), store, clips=3)
    assert len(counted) == 15
    assert len(more.rows()) == 15
    renamed = SuiteRow("hiss", Noisy(), (1, 5))
    again = measure_quality(planned(manifest, renamed), store, clips=3)
    assert len(counted) == 15
    assert set(again.rows()["corruption"].to_pylist()) == {"clean", "hiss"}
    measure_quality(planned(manifest, Noisy((0.5, 0.5, 0.5, 0.5, 0.5))), store, clips=3)
    assert len(counted) == 21


def test_stopped_anywhere_it_goes_on_there(manifest, tmp_path, counted):
    store, told = SweepStore(tmp_path / "out"), []

    def stop(progress):
        told.append(progress)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_quality(planned(manifest), store, clips=3, progress=stop)
    assert len(QualityStore(store.folder).cells.finished()) == 2
    done = measure_quality(planned(manifest), store, clips=3, progress=told.append)
    assert len(counted) == 9
    assert len(done.rows()) == 9
    assert (told[-1].finished, told[-1].cells, told[-1].scored) == (3, 3, 3)


def test_a_clip_that_cannot_be_measured_says_why(manifest, tmp_path):
    manifest[0].path.write_bytes(b"no sound")
    plan = planned(manifest)
    rows = measure_quality(plan, SweepStore(tmp_path / "out"), clips=8).rows()
    failed = [row for row in rows.to_pylist() if row["error"] is not None]
    assert [row["clip"] for row in failed] == ["clip000"] * 3
    assert all(row["snr_db"] is row["seconds"] is None for row in failed)
    assert {(row["clips"], row["failed"]) for row in quality_table(rows).to_pylist()} == {(7, 1)}


def test_installing_a_measure_measures_again(manifest, monkeypatch):
    installed = {cell.id for cell in _cells(manifest)}
    monkeypatch.setattr(quality, "find_spec", lambda name: name == "pystoi" or None)
    without_pesq = {cell.id for cell in _cells(manifest)}
    monkeypatch.setattr(quality, "find_spec", lambda name: None)
    assert without_pesq.isdisjoint({cell.id for cell in _cells(manifest)})
    assert without_pesq.isdisjoint(installed)


def test_an_id_is_what_decides_the_rows(manifest, monkeypatch):
    cell = _cells(manifest)[1]
    same = quality.QualityCell(cell.condition, RATE, cell.clips)
    assert cell.id == same.id and len(cell.id) == 32
    others = [
        quality.QualityCell(_cells(manifest)[2].condition, RATE, cell.clips),
        quality.QualityCell(cell.condition, 16_000, cell.clips),
        quality.QualityCell(cell.condition, RATE, cell.clips[1:]),
    ]
    assert len({cell.id, *(other.id for other in others)}) == 4


def test_processes_measure_the_same_and_may_die_over_a_clip(manifest, tmp_path):
    noise = load_corruption("white-noise")
    plan = planned(manifest, noise, severities=(1,))
    here = measure_quality(plan, SweepStore(tmp_path / "here"), clips=3).rows()
    broken = planned(manifest, noise, Crashing(clip=here["digest"][0].as_py()), severities=(1,))
    there = measure_quality(broken, SweepStore(tmp_path / "there"), clips=3, workers=2).rows()
    lost = there["corruption"].to_numpy(zero_copy_only=False) == "crashing"
    assert there.filter(pa.array(~lost)).equals(here)
    assert (
        there.filter(pa.array(lost))["error"].to_pylist()
        == ["the process that measured this condition crashed (SIGSEGV)"] * 3
    )


def test_nothing_measured_is_no_failure(tmp_path):
    rows = QualityStore(tmp_path).rows()
    assert rows.schema.equals(QUALITY_SCHEMA)
    assert quality_table(rows).num_rows == 0


def test_every_figure_of_a_certificate_is_a_column():
    certificate = certify(torch.zeros(8000), quality.CorruptedSamples(torch.ones(8000)), RATE)
    assert {*FIGURES, "facts"} == set(certificate.as_dict()) == set(vars(certificate))
    assert isinstance(certificate, Certificate)


def _cells(manifest):
    plan = planned(manifest)
    clips = quality.sampled_clips(plan.clips, 4)
    return [quality.QualityCell(condition, RATE, clips) for condition in plan.conditions]


def _scores(plan):
    """Score rows of the plan that no model has made."""
    random = np.random.default_rng(0)
    rows = [
        {
            "clip": clip["clip"],
            "digest": clip["digest"],
            "label": clip["label"],
            "model": "loudness",
            "corruption": condition.name,
            "severity": condition.severity,
            "repeat": 0,
            "parameters": "{}",
            "score": random.normal(),
        }
        for condition in plan.conditions
        for clip in plan.clips.to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=ROW_SCHEMA)
