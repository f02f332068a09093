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
from xaudio.metrics import eer, error_rates
from xaudio.metrics.holm import holm
from xaudio.metrics.uncertainty.bootstrap import replicate
from xaudio.metrics.uncertainty.means import FalseRejection
from xaudio.metrics.uncertainty.ranking import EqualErrorRate
from xaudio.metrics.uncertainty.resampling import plan_resampling
from xaudio.sweeps.tables import PAIR_SCHEMA, condition_table, paired_table


def pairs_in(rows, **settings):
    table = paired_table(table_of(rows), **settings)
    assert table.schema.equals(PAIR_SCHEMA)
    names = ("comparison", "model", "other_model", "corruption", "severity", "error")
    return {tuple(row[name] for name in names): row for row in table.to_pylist()}


def test_every_pair_is_there_once_and_is_the_difference_of_the_condition_table():
    rows = drifting(models=3, failing=0.0)
    found = pairs_in(rows, samples=50)
    assert len(found) == 4 * (5 * 3 + 3 * 4)  # errors x (conditions x pairs + models x corrupted)
    conditions = {
        (row["model"], row["corruption"], row["severity"]): row
        for row in condition_table(table_of(rows), samples=5).to_pylist()
    }
    for (comparison, model, other, corruption, severity, error), row in found.items():
        reference = ("clean", 0) if comparison == "clean" else (corruption, severity)
        assert (model < other) if comparison == "models" else (model == other)
        value = conditions[model, corruption, severity][error]
        other_value = conditions[(other, *reference)][error]
        assert (row["value"], row["other_value"]) == (value, other_value)
        assert row["difference"] == pytest.approx(value - other_value)
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["p"] <= row["p_holm"] <= 1
        assert (row["p"] < 0.05) == (row["low"] > 0 or row["high"] < 0)
        assert row["significant"] == (row["p_holm"] <= 0.05)
    for family in {(key[0], key[5]) for key in found}:
        cells = [row for key, row in found.items() if (key[0], key[5]) == family]
        adjusted = holm([row["p"] for row in cells])
        assert [row["p_holm"] for row in cells] == pytest.approx(adjusted.tolist())


def test_where_clips_failed_both_sides_are_about_the_clips_that_both_have():
    rows = drifting(models=2, failing=0.1)
    found = pairs_in(rows, samples=20)
    assert len(found) == 4 * (5 + 2 * 4)
    scores, human = {}, {row["clip"]: row["label"] == "bonafide" for row in rows}
    for row in rows:
        if row["score"] is not None:
            place = row["model"], row["corruption"], row["severity"]
            scores.setdefault(place, {})[row["clip"]] = row["score"]
    thresholds = {
        row["model"]: row["clean_threshold"]
        for row in condition_table(table_of(rows), samples=5).to_pylist()
    }
    for (comparison, model, other, corruption, severity, error), row in found.items():
        reference = ("clean", 0) if comparison == "clean" else (corruption, severity)
        sides = scores[model, corruption, severity], scores[(other, *reference)]
        common = sides[0].keys() & sides[1].keys()
        assert row["clips"] == len(common) < min(map(len, sides))
        for column, name, side in zip(("value", "other_value"), (model, other), sides, strict=True):
            classes = [
                [side[clip] for clip in common if human[clip] == is_human]
                for is_human in (True, False)
            ]
            rates = error_rates(*classes, thresholds[name])
            expected = {
                "error": np.mean(rates),
                "eer_refitted": eer(*classes),
                "false_rejection": rates[0],
                "false_acceptance": rates[1],
            }
            assert row[column] == pytest.approx(expected[error])
        assert row["difference"] == pytest.approx(row["value"] - row["other_value"])


def test_clips_that_fail_where_they_are_hard_make_no_difference():
    """A model whose errors fail to be scored elsewhere is no worse for it."""
    clean = detector_scores(1, apart=0.7)
    threshold = condition_table(table_of(rows_of(clean)), samples=5)["clean_threshold"][0].as_py()
    human = np.tile([True, False], CLIPS // 2)
    wrong = (np.array(clean) >= threshold) != human
    left = [
        None if bad and n % 3 else score
        for n, (bad, score) in enumerate(zip(wrong, clean, strict=True))
    ]
    found = pairs_in(rows_of(clean) + rows_of(left, "x", 1), samples=50)
    row = found["clean", "m", "m", "x", 1, "error"]
    assert row["difference"] == 0 and row["p"] == 1


def test_intervals_and_p_values_are_those_of_the_metrics():
    speakers = speakers_of()
    clean = detector_scores(1)
    here = (np.array(clean) + np.random.default_rng(3).normal(-0.3, 0.8, CLIPS)).tolist()
    rows = rows_of(clean, speakers=speakers) + rows_of(here, "x", 1, speakers=speakers)
    found = pairs_in(rows, samples=200)
    is_bonafide = np.tile([True, False], CLIPS // 2)
    plan = plan_resampling(is_bonafide, speakers, samples=200)
    threshold = condition_table(table_of(rows), samples=5)["clean_threshold"][0].as_py()
    for error, statistic in (
        ("eer_refitted", EqualErrorRate()),
        ("false_rejection", FalseRejection(threshold)),
    ):
        both = replicate([(here, statistic), (clean, statistic)], is_bonafide, plan)
        expected = both.combination([1.0, -1.0])
        row = found["clean", "m", "m", "x", 1, error]
        assert row["difference"] == pytest.approx(expected.value)
        ends = expected.interval()
        assert (row["low"], row["high"]) == pytest.approx((ends.low, ends.high), rel=1e-4)
        assert row["p"] == pytest.approx(expected.p_value, rel=1e-3)


def test_what_both_models_find_hard_cancels_out():
    """Two models that differ by one clip in a hundred: paired, that is told; apart, never."""
    random = np.random.default_rng(0)
    labels = ["bonafide"] * 2000 + ["spoof"] * 2000
    hard = random.random(4000) < 0.3
    scores = np.where(np.array(labels) == "bonafide", 1.0, -1.0) * np.where(hard, -1, 1)
    better = np.where(hard & (random.random(4000) < 0.1), -scores, scores)
    speakers = [f"s{n % 100}" for n in range(4000)]
    rows = rows_of(scores.tolist(), model="a", labels=labels, speakers=speakers)
    rows += rows_of(better.tolist(), model="b", labels=labels, speakers=speakers)
    row = pairs_in(rows)["models", "a", "b", "clean", 0, "error"]
    assert 0.02 < row["difference"] < 0.04
    assert row["significant"] and row["low"] > 0.02
    first, second = condition_table(table_of(rows)).to_pylist()
    assert first["error_low"] < second["error_high"]  # one beside the other they overlap


def test_the_same_model_twice_does_not_differ():
    clean = detector_scores(1)
    rows = rows_of(clean, model="a") + rows_of(clean, model="b")
    found = pairs_in(rows, samples=20)
    reaches = {key[-1]: row["high"] for key, row in found.items()}
    assert reaches["eer_refitted"] == pytest.approx(reaches["error"], rel=0.02)
    assert reaches["error"] == pytest.approx(reaches["false_rejection"] / np.sqrt(2), rel=0.02)
    for row in found.values():
        assert (row["difference"], row["p"], row["significant"]) == (0, 1, False)
        # Nor is it proof that they never do.
        assert -0.05 < row["low"] < -0.01 < 0.01 < row["high"] < 0.05


def test_under_no_difference_hardly_a_sweep_calls_anything_significant():
    """Twenty sweeps in which every condition, the clean one too, is the same up to chance."""
    random, called = np.random.default_rng(7), 0
    for sweep in range(20):
        base = np.array(detector_scores(sweep))
        conditions = [("clean", 0), *((f"x{number:02}", 1) for number in range(12))]
        rows = [
            row
            for corruption, severity in conditions
            for row in rows_of((base + random.normal(0, 0.8, CLIPS)).tolist(), corruption, severity)
        ]
        found = pairs_in(rows, samples=100)
        called += any(row["significant"] for key, row in found.items() if key[5] == "eer_refitted")
    assert called <= 3
