import pyarrow as pa
import pytest

from tests.xaudio.sweeps.tables.rows import drifting, rows_of, table_of
from xaudio.errors import SweepError
from xaudio.sweeps.tables import FLIP_SCHEMA, condition_table, flipped_clips
from xaudio.sweeps.tables.sources import RowsInMemory


def test_exactly_the_flipped_clips_are_listed_furthest_moved_first():
    rows = drifting()
    row = next(
        row
        for row in condition_table(table_of(rows), samples=5).to_pylist()
        if (row["model"], row["corruption"], row["severity"]) == ("m1", "noise", 2)
    )
    threshold = row["clean_threshold"]
    scores = {
        (r["corruption"], r["severity"], r["clip"]): r["score"] for r in rows if r["model"] == "m1"
    }
    expected = {}
    for (corruption, severity, clip), score in scores.items():
        before = scores["clean", 0, clip]
        if (corruption, severity) != ("noise", 2) or None in (before, score):
            continue
        if (score >= threshold) != (before >= threshold):
            expected[clip] = (before, score)
    table = flipped_clips(table_of(rows), "m1", "noise", 2)
    assert table.schema.equals(FLIP_SCHEMA)
    found = table.to_pylist()
    assert {r["clip"]: (r["clean_score"], r["score"]) for r in found} == expected
    assert len(found) > 10
    shifts = [abs(r["score_shift"]) for r in found]
    assert shifts == sorted(shifts, reverse=True)
    for r in found:
        assert r["score_shift"] == pytest.approx(r["score"] - r["clean_score"])
        assert r["clean_decision"] == ("bonafide" if r["clean_score"] >= threshold else "spoof")
        assert {r["clean_decision"], r["decision"]} == {"bonafide", "spoof"}
        assert r["path"] is None
    attacked = flipped_clips(table_of(rows), "m1", "noise", 2, attack="A2").to_pylist()
    assert attacked == [r for r in found if r["attack"] == "A2"] != []


def test_a_store_says_where_the_clips_lie_and_repeats_are_told_apart():
    class WithPaths(RowsInMemory):
        def clips(self):
            known = super().clips()
            paths = pa.array([f"{clip}.wav" for clip in known["clip"].to_pylist()])
            return known.append_column("path", paths)

    clean = rows_of([1.0, -1.0, 2.0, -2.0])
    once = rows_of([-3.0, -1.0, 2.0, -2.0], "x", 1)
    again = rows_of([-4.0, 1.5, 2.0, -2.0], "x", 1, repeat=1)
    found = flipped_clips(WithPaths(table_of(clean + once + again)), "m", "x", 1).to_pylist()
    assert [(r["path"], r["repeat"], r["decision"]) for r in found] == [
        ("0000.wav", 1, "spoof"),
        ("0000.wav", 0, "spoof"),
        ("0001.wav", 1, "bonafide"),
    ]


def test_a_clip_without_a_clean_score_has_not_flipped():
    clean = rows_of([1.0, None, None, -2.0])
    here = rows_of([1.0, 3.0, -3.0, 2.0], "x", 1)
    found = flipped_clips(table_of(clean + here), "m", "x", 1)
    assert found["clip"].to_pylist() == ["0003"]


def test_other_classifiers_say_another_label():
    labels = ["cat", "dog", "owl"]
    clean = rows_of([1.0] * 3, labels=labels, decided=labels)
    here = rows_of([-1.0, 1.0, 1.0], "x", 1, labels=labels, decided=["owl", "dog", "owl"])
    (found,) = flipped_clips(table_of(clean + here), "m", "x", 1).to_pylist()
    assert (found["clip"], found["clean_decision"], found["decision"]) == ("0000", "cat", "owl")


def test_a_condition_that_is_not_there_is_named():
    rows = table_of(rows_of([1.0, -1.0]))
    with pytest.raises(SweepError, match="no scores of 'm' under 'wind' at severity 2"):
        flipped_clips(rows, "m", "wind", 2)
    no_threshold = table_of(rows_of([1.0, -1.0], "x", 1))
    assert flipped_clips(no_threshold, "m", "x", 1).num_rows == 0
