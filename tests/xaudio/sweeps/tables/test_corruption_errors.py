import pytest

from tests.xaudio.sweeps.tables.rows import detector_scores, drifting, rows_of, table_of
from xaudio.errors import SweepError
from xaudio.metrics.corruption_error import (
    mean_corruption_error,
    mean_error_change,
    relative_mean_corruption_error,
)
from xaudio.sweeps.tables import (
    CORRUPTION_ERROR_SCHEMA,
    condition_table,
    corruption_error_table,
)


def errors_in(rows, **settings):
    table = corruption_error_table(table_of(rows), **settings)
    assert table.schema.equals(CORRUPTION_ERROR_SCHEMA)
    return {(row["model"], row["corruption"], row["error"]): row for row in table.to_pylist()}


@pytest.mark.parametrize("reference", [None, "m1"])
def test_it_is_the_metric_over_the_condition_table(reference):
    rows = drifting(models=3)
    found = errors_in(rows, reference=reference)
    assert len(found) == 3 * 3 * 2
    conditions = {
        (row["model"], row["corruption"], row["severity"]): row
        for row in condition_table(table_of(rows), samples=5).to_pylist()
    }
    name = reference or "m0"
    for error in ("error", "eer_refitted"):
        grids = {
            model: [
                [conditions[model, corruption, s][error] for s in (1, 2)]
                for corruption in ("cut", "noise")
            ]
            for model in ("m0", "m1", "m2")
        }
        clean = {model: conditions[model, "clean", 0][error] for model in grids}
        for model, grid in grids.items():
            row = found[model, "all", error]
            assert (row["reference"], row["severities"]) == (name, 4)
            assert row["corruption_error"] == pytest.approx(
                mean_corruption_error(grid, grids[name])
            )
            relative = relative_mean_corruption_error(grid, clean[model], grids[name], clean[name])
            assert row["relative_corruption_error"] == pytest.approx(relative)
            assert row["mean_change"] == pytest.approx(mean_error_change(grid, clean[model]))
            assert row["mean_error"] == pytest.approx(sum(map(sum, grid)) / 4)
            one = found[model, "cut", error]
            assert one["corruption_error"] == pytest.approx(sum(grid[0]) / sum(grids[name][0]))
        assert found[name, "all", error]["corruption_error"] == 1
        assert found[name, "all", error]["warning"] is None


def test_a_reference_that_hardly_errs_is_warned_of_and_the_change_stays():
    perfect = [9.0, -9.0] * 100
    worse = detector_scores(2)
    rows = rows_of(perfect, model="a") + rows_of(perfect, "x", 1, model="a")
    rows += rows_of(perfect, model="b") + rows_of(worse, "x", 1, model="b")
    row = errors_in(rows)["b", "x", "error"]
    assert row["corruption_error"] is row["relative_corruption_error"] is None
    assert row["mean_change"] == row["mean_error"] > 0.02
    assert "reference errs in only 0.00%" in row["warning"]
    overall = errors_in(rows)["b", "all", "error"]
    assert overall["corruption_error"] is None
    assert overall["warning"] == "1 of 1 ratios rest on little"
    turned = errors_in(rows, reference="b")["a", "x", "error"]
    assert (turned["corruption_error"], turned["warning"]) == (0, None)


def test_only_what_both_have_is_compared():
    scores = [detector_scores(seed) for seed in range(3)]
    rows = rows_of(scores[0], model="a") + rows_of(scores[0], model="b")
    rows += rows_of(scores[1], "x", 1, model="a") + rows_of(scores[2], "x", 2, model="a")
    rows += rows_of(scores[2], "x", 2, model="b") + rows_of(scores[2], "only b", 1, model="b")
    found = errors_in(rows)
    assert ("b", "only b", "error") not in found
    assert found["b", "x", "error"]["severities"] == 1
    assert found["b", "x", "error"]["corruption_error"] == 1
    assert found["a", "x", "error"]["severities"] == 2


def test_a_reference_that_is_not_there_is_refused_by_name():
    with pytest.raises(SweepError, match="'z' is not in this sweep; there are m0, m1"):
        errors_in(drifting(), reference="z")
    assert errors_in(rows_of(detector_scores(1), "x", 1)) == {}
