import numpy as np
import pytest

from tests.xaudio.sweeps.tables.rows import (
    CLIPS,
    detector_scores,
    drifting,
    rows_of,
    speakers_of,
    table_of,
)
from xaudio.sweeps import tables
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.tables import tables_of
from xaudio.sweeps.tables.sources import RowsInMemory

SINGLE = {
    "conditions": tables.condition_table,
    "pairs": tables.paired_table,
    "ranks": tables.rank_table,
    "attacks": tables.attack_table,
    "thresholds": tables.threshold_table,
}


class Watched(RowsInMemory):
    """A store that remembers what it was asked for."""

    asked: list

    def rows(self, model=None, corruption=None, severity=None):
        self.asked.append((model, corruption, severity))
        return super().rows(model, corruption, severity)


def test_one_pass_gives_every_table_as_it_is_made_alone():
    rows = table_of(drifting(models=3))
    found = tables_of(rows, samples=60, seed=4, reference="m1")
    for name, table in SINGLE.items():
        assert found[name].equals(table(rows, samples=60, seed=4)), name
    assert found["calibration"].equals(tables.calibration_table(rows))
    assert found["corruption_errors"].equals(tables.corruption_error_table(rows, reference="m1"))
    assert set(found) == {*SINGLE, "calibration", "corruption_errors"}


def test_a_store_is_read_one_model_and_condition_at_a_time():
    rows = table_of(drifting(models=3, failing=0.0))
    store = Watched(rows)
    object.__setattr__(store, "asked", [])
    found = tables_of(store, samples=20)
    assert None not in {part for asked in store.asked for part in asked}
    assert len(set(store.asked)) == 15
    assert len(store.asked) == 18  # the clean scores twice: as reference and as a condition
    assert found["pairs"].equals(tables_of(rows, samples=20)["pairs"])


def test_the_order_of_the_rows_plays_no_part():
    rows = drifting(models=2)
    one, other = (tables_of(table_of(rows, shuffled), samples=30) for shuffled in (True, False))
    for name in one:
        for first, second in zip(one[name].to_pylist(), other[name].to_pylist(), strict=True):
            assert first == pytest.approx(second), name


def test_many_lone_clips_are_drawn_in_groups_and_give_the_same_intervals(monkeypatch):
    from xaudio.metrics.uncertainty import resampling

    clean = detector_scores(5, clips=4000)
    rows = table_of(rows_of(clean))
    exact = tables.condition_table(rows).to_pylist()[0]
    monkeypatch.setattr(resampling, "EXACT_NUMBERS", 1000)
    monkeypatch.setattr(resampling, "MOST_LEVELS", 500)
    grouped = tables.condition_table(rows).to_pylist()[0]
    for name in ("eer", "error", "false_rejection", "actual_dcf"):
        widths = [row[f"{name}_high"] - row[f"{name}_low"] for row in (exact, grouped)]
        assert widths[1] == pytest.approx(widths[0], rel=0.15)


def test_nothing_gives_empty_tables():
    for name, table in tables_of(ROW_SCHEMA.empty_table()).items():
        assert table.num_rows == 0, name
    only_failed = tables_of(table_of(rows_of([None] * 10)))
    assert only_failed["conditions"].to_pylist()[0]["failed"] == 10
    assert only_failed["pairs"].num_rows == only_failed["ranks"].num_rows == 0


def test_every_schema_holds_whatever_there_is():
    clean = detector_scores(1)
    labels = ["spoof"] * CLIPS
    sweeps = [
        rows_of(clean) + rows_of([None] * CLIPS, "x", 1),
        rows_of(clean, labels=labels) + rows_of(clean, "x", 1, labels=labels),
        rows_of(clean, "x", 1, speakers=speakers_of()),
        rows_of([1.0] * CLIPS) + rows_of([2.0] * CLIPS, "x", 1),
        rows_of([1.0], labels=["bonafide"]),
        rows_of([1.0, 0.0]) + rows_of([np.inf, 0.0], "x", 1)[1:],
    ]
    for rows in sweeps:
        found = tables_of(table_of(rows), samples=10)
        assert found["conditions"].schema.equals(tables.CONDITION_SCHEMA)
        assert found["attacks"].num_rows >= found["conditions"].num_rows
