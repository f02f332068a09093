import numpy as np
import pytest

from tests.xaudio.sweeps.tables.rows import drifting, rows_of, table_of
from xaudio.metrics.calibration import fit_logistic
from xaudio.metrics.proportions import clopper_pearson
from xaudio.sweeps.tables import CALIBRATION_SCHEMA, calibration_table, condition_table


def test_each_point_is_what_its_clips_say():
    rows = drifting(models=2)
    table = calibration_table(table_of(rows))
    assert table.schema.equals(CALIBRATION_SCHEMA)
    points = table.to_pylist()

    def scores(model, corruption, severity):
        return [
            (row["score"], row["label"] == "spoof")
            for row in rows
            if (row["model"], row["corruption"], row["severity"]) == (model, corruption, severity)
            and row["score"] is not None
        ]

    places = {(p["model"], p["corruption"], p["severity"]) for p in points}
    assert len(places) == 10
    for place in places:
        clean = scores(place[0], "clean", 0)
        fitted = fit_logistic(
            [s for s, spoof in clean if not spoof], [s for s, spoof in clean if spoof]
        )
        here = scores(*place)
        odds = sum(spoof for _, spoof in here) / sum(not spoof for _, spoof in here)
        bins = {}
        for score, spoof in here:
            against = odds * np.exp(-(fitted.slope * score + fitted.offset))
            said = against / (1 + against)
            bins.setdefault(min(int(said * 10), 9), []).append((said, spoof))
        mine = {
            p["bin"]: p for p in points if (p["model"], p["corruption"], p["severity"]) == place
        }
        assert mine.keys() == bins.keys()
        for number, inside in bins.items():
            point, spoofs = mine[number], sum(spoof for _, spoof in inside)
            assert point["clips"] == len(inside)
            assert point["probability"] == pytest.approx(np.mean([said for said, _ in inside]))
            assert point["share"] == pytest.approx(spoofs / len(inside))
            ends = clopper_pearson(np.array(spoofs), np.array(len(inside)))
            assert (point["low"], point["high"]) == pytest.approx(tuple(map(float, ends)))


def test_its_mean_distance_from_the_diagonal_is_the_ece_of_the_condition_table():
    rows = table_of(drifting(models=1))
    points = calibration_table(rows).to_pylist()
    for condition in condition_table(rows, samples=10).to_pylist():
        here = [
            p
            for p in points
            if (p["corruption"], p["severity"]) == (condition["corruption"], condition["severity"])
        ]
        away = sum(p["clips"] * abs(p["share"] - p["probability"]) for p in here)
        assert condition["ece"] == pytest.approx(away / condition["clips"])


def test_a_bin_without_a_clip_has_no_point():
    points = calibration_table(table_of(rows_of([9.0, -9.0] * 100))).to_pylist()
    assert [(p["bin"], p["clips"], p["share"]) for p in points] == [(0, 100, 0), (9, 100, 1)]


def test_what_cannot_be_calibrated_has_no_points():
    alike = rows_of([1.0] * 10)
    one_class = rows_of([1.0, 2.0], labels=["spoof", "spoof"])
    without_clean = rows_of([1.0, -1.0, 2.0, -2.0], "x", 1)
    for rows in (alike, one_class, without_clean):
        assert calibration_table(table_of(rows)).num_rows == 0
