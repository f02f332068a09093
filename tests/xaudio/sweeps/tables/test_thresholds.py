import numpy as np
import pytest

from tests.xaudio.sweeps.tables.rows import (
    CLIPS,
    by_place,
    detector_scores,
    drifting,
    rows_of,
    speakers_of,
    table_of,
)
from xaudio.metrics import eer_threshold
from xaudio.metrics.thresholds import threshold_drift
from xaudio.sweeps.tables import THRESHOLD_SCHEMA, condition_table, threshold_table


def test_it_says_what_the_metrics_say_of_the_same_scores():
    rows = drifting(models=1)
    table = threshold_table(table_of(rows), samples=50)
    assert table.schema.equals(THRESHOLD_SCHEMA)
    found = by_place(table)
    assert len(found) == 5

    def scores(corruption, severity, label):
        return [
            row["score"]
            for row in rows
            if (row["corruption"], row["severity"], row["label"]) == (corruption, severity, label)
            and row["score"] is not None
        ]

    for (_, corruption, severity), row in found.items():
        sides = [
            scores(*place, label)
            for place in (("clean", 0), (corruption, severity))
            for label in ("bonafide", "spoof")
        ]
        expected = threshold_drift(*sides)
        assert row["clean_threshold"] == expected.clean
        assert row["best_threshold"] == expected.best
        assert row["drift"] == expected.drift
        assert row["drift_spreads"] == pytest.approx(expected.relative_drift)
        assert row["error_at_best_threshold"] == expected.eer_refitted
        assert row["error_at_clean_threshold"] == pytest.approx(expected.error_kept)
        assert row["error_at_clean_threshold"] >= row["error_at_best_threshold"] - 0.02


def test_a_shift_moves_the_threshold_by_just_that_and_nothing_is_unsure_about_it():
    clean, speakers = detector_scores(3), speakers_of()
    shifted = [score + 0.75 for score in clean]
    rows = rows_of(clean, speakers=speakers) + rows_of(shifted, "x", 1, speakers=speakers)
    row = by_place(threshold_table(table_of(rows), samples=200))["m", "x", 1]
    assert (row["drift"], row["drift_low"], row["drift_high"]) == pytest.approx((0.75,) * 3)
    assert row["best_low"] < row["best_threshold"] < row["best_high"]
    # By hand: draw speakers, of each kind as many as there are, and fit the threshold again.
    kinds = {name: name.startswith("only") for name in speakers}
    members = {kind: [name for name in kinds if kinds[name] == kind] for kind in (True, False)}
    random, found = np.random.default_rng(5), []
    names, human = np.array(speakers), np.tile([True, False], CLIPS // 2)
    for _ in range(300):
        drawn = [name for kind in members.values() for name in random.choice(kind, len(kind))]
        clips = np.concatenate([np.flatnonzero(names == name) for name in drawn])
        scores = np.array(shifted)[clips]
        found.append(eer_threshold(scores[human[clips]], scores[~human[clips]]))
    reach = (row["best_high"] - row["best_low"]) / 2
    assert reach == pytest.approx(2.1 * np.std(found), rel=0.2)


def test_without_a_clean_threshold_there_is_no_row():
    rows = rows_of(detector_scores(1), "x", 1)
    assert threshold_table(table_of(rows), samples=10).num_rows == 0
    assert condition_table(table_of(rows), samples=10).num_rows == 1
