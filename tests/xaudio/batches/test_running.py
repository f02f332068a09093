"""Batches of explanations: killed anywhere they go on, and a clip that fails is a row."""

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, hybrid
from tests.xaudio.tiny import high_band_detector
from xaudio.batches import BatchStore, Question, explain_batch, plan_batch
from xaudio.batches.estimate import estimate_batch
from xaudio.batches.overview import PAGE
from xaudio.batches.plan import clips_of
from xaudio.classifiers import load_classifier
from xaudio.errors import CorpusError, SweepError
from xaudio.explaining import load_method

METHODS = ("input-x-gradient", "occlusion")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two clips, one of them twice, and one that is none."""
    folder = tmp_path_factory.mktemp("clips")
    soundfile.write(folder / "hybrid.wav", hybrid(), RATE)
    noise = np.random.default_rng(0).normal(0, 0.01, RATE)
    soundfile.write(folder / "noise.wav", noise, RATE)
    (folder / "deeper").mkdir()
    (folder / "deeper" / "again.wav").write_bytes((folder / "hybrid.wav").read_bytes())
    (folder / "broken.wav").write_text("This is no recording.\n" * 50)
    return folder


def question(methods=METHODS, target=None):
    classifier = load_classifier(high_band_detector())
    return Question(classifier, {name: load_method(name, {}) for name in methods}, target)


@pytest.fixture(scope="module")
def done(clips, tmp_path_factory):
    out = tmp_path_factory.mktemp("done") / "out"
    return explain_batch(plan_batch(clips_of(clips), question()), BatchStore(out))


def by_clip(store):
    return {(row["clip"], row["method"]): row for row in store.rows().to_pylist()}


def test_every_clip_by_every_method(done):
    rows = by_clip(done)
    assert len(rows) == 4 * len(METHODS)
    row = rows["hybrid.wav", "occlusion"]
    # The tests' detector listens to the high tone, from 0.5 to 1 s.
    assert HIGH_FROM <= row["strongest_start"] < row["strongest_end"] <= HIGH_TO
    assert row["decision"] == "spoof" and row["score"] < 0 and row["threshold"] == 0.0
    assert rows["noise.wav", "occlusion"]["decision"] == "bonafide"
    assert (done.folder / "explained" / row["folder"] / "report.html").is_file()


def test_equal_bytes_are_done_once_and_told_of_both(done):
    rows = by_clip(done)
    one, other = rows["hybrid.wav", "occlusion"], rows["deeper/again.wav", "occlusion"]
    assert one["folder"] == other["folder"] and one["score"] == other["score"]
    folders = {path.name for path in (done.folder / "explained").iterdir()}
    assert len(folders) == 2 * len(METHODS)


def test_what_fails_is_a_row_that_says_why(done):
    failed = [row for row in done.rows().to_pylist() if row["error"]]
    assert [row["clip"] for row in failed] == ["broken.wav"] * len(METHODS)
    assert all("broken.wav" in row["error"] and row["score"] is None for row in failed)
    assert len(done.failed()) == len(METHODS)


def test_table_and_page(done):
    assert pq.read_table(done.folder / "table.parquet").equals(done.rows())
    page = (done.folder / PAGE).read_text()
    assert "3 clips" not in page and "4 clips" in page and "2 explanations failed" in page
    assert "explained/noise-occlusion/report.html" in page
    assert (done.folder / "table.csv").read_text().count("\n") == 1 + 4 * len(METHODS)


class StoppedError(Exception):
    pass


def test_stopped_anywhere_it_goes_on(clips, done, tmp_path):
    plan, store = plan_batch(clips_of(clips), question()), BatchStore(tmp_path / "out")

    def stop_after_three(state):
        if state.finished == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        explain_batch(plan, store, progress=stop_after_three)
    assert len(store.cells.finished()) == 3 and not (store.folder / PAGE).exists()
    times = {file: file.stat().st_mtime_ns for file in (store.folder / "rows").iterdir()}
    told = []
    explain_batch(plan, store, progress=told.append)
    assert {file: file.stat().st_mtime_ns for file in times} == times
    assert told[-1].finished == told[-1].cells == 3 * len(METHODS), "equal bytes count once"
    drop = ["seconds"]
    assert store.rows().drop_columns(drop).equals(done.rows().drop_columns(drop))


def test_another_question_is_another_explanation(clips, done):
    same = plan_batch(clips_of(clips), question())
    assert set(same.table()["cell"].to_pylist()) == done.cells.finished()
    other = plan_batch(clips_of(clips), question(target="spoof"))
    assert not set(other.table()["cell"].to_pylist()) & done.cells.finished()


def test_the_estimate_counts_what_is_left(clips, done):
    plan = plan_batch(clips_of(clips), question())
    expected = estimate_batch(plan)
    assert (expected.clips, expected.pieces, expected.waiting) == (4, 6, 6)
    assert set(expected.seconds_each) == set(METHODS) and not expected.failing
    assert expected.wall_seconds == pytest.approx(3 * sum(expected.seconds_each.values()))
    assert expected.disk_bytes > 10_000
    assert estimate_batch(plan, done.cells.finished()).waiting == 0


def test_only_so_many(clips):
    assert plan_batch(clips_of(clips), question(), most=2).clips.num_rows == 2


def test_what_is_not_there_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CorpusError, match="holds no recording"):
        clips_of(tmp_path / "empty")
    with pytest.raises(SweepError, match="no batch of explanations"):
        BatchStore(tmp_path).rows()
