import numpy as np
import pyarrow as pa
import pytest

from xaudio.metrics import eer, eer_interval, eer_threshold, error_rates
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.tables import CONDITION_SCHEMA, condition_table

CLIPS = 200


def rows_of(
    scores, corruption="clean", severity=0, model="m", labels=None, speakers=None, repeat=0
):
    labels = labels if labels is not None else ["bonafide", "spoof"] * (len(scores) // 2)
    return [
        {
            "clip": f"{n:04}",
            "digest": f"{n:04}",
            "label": label,
            "speaker": None if speakers is None else speakers[n],
            "model": model,
            "corruption": corruption,
            "severity": severity,
            "repeat": repeat,
            "parameters": "{}",
            "score": score,
            "error": None if score is not None else "broken",
        }
        for n, (score, label) in enumerate(zip(scores, labels, strict=True))
    ]


def summary(rows, **settings):
    random = np.random.default_rng(0)
    table = pa.Table.from_pylist(list(random.permutation(rows)), schema=ROW_SCHEMA)
    found = condition_table(table, samples=100, **settings)
    assert found.schema.equals(CONDITION_SCHEMA)
    return {(r["model"], r["corruption"], r["severity"]): r for r in found.to_pylist()}


@pytest.fixture
def clean():
    random = np.random.default_rng(1)
    return (random.normal(0, 1, CLIPS) + np.tile([1.5, -1.5], CLIPS // 2)).tolist()


def test_a_shift_leaves_the_refitted_eer_and_ruins_the_fixed_threshold(clean):
    shifted = [score - 2 for score in clean]
    found = summary(rows_of(clean) + rows_of(shifted, "muffled", 3))
    before, after = found["m", "clean", 0], found["m", "muffled", 3]
    human, spoof = np.array(clean[::2]), np.array(clean[1::2])
    threshold = eer_threshold(human, spoof)
    assert before["eer_refitted"] == after["eer_refitted"] == eer(human, spoof)
    assert after["clean_threshold"] == before["clean_threshold"] == threshold
    expected = error_rates(human - 2, spoof - 2, threshold)
    assert after["false_rejection"] == expected.false_rejection > 0.5
    assert after["false_acceptance"] == expected.false_acceptance
    assert after["score_shift"] == pytest.approx(-2)
    assert after["flipped"] == np.mean(
        (np.array(clean) > threshold) != (np.array(shifted) > threshold)
    )
    assert (before["score_shift"], before["flipped"]) == (0, 0)


def test_intervals_are_clustered_by_speaker(clean):
    speakers = [f"s{n // 20}" for n in range(CLIPS)]
    found = summary(rows_of(clean, speakers=speakers))["m", "clean", 0]
    # Cluster numbers follow the names' order, which the bootstrap's draws depend on.
    named = [f"speaker:{name}" for name in speakers]
    expected = eer_interval(
        clean[::2],
        clean[1::2],
        bonafide_clusters=named[::2],
        spoof_clusters=named[1::2],
        samples=100,
    )
    assert (found["eer_low"], found["eer_high"]) == (expected.low, expected.high)
    alone = summary(rows_of(clean))["m", "clean", 0]
    assert (alone["eer_low"], alone["eer_high"]) != (expected.low, expected.high)


def test_repeats_are_compared_with_the_same_clean_clip(clean):
    rows = rows_of(clean)
    for repeat, shift in enumerate([0.5, 1.5]):
        rows += rows_of([score + shift for score in clean], "noisy", 2, repeat=repeat)
    found = summary(rows)["m", "noisy", 2]
    assert found["score_shift"] == pytest.approx(1.0)
    assert found["clips"] == 2 * CLIPS


def test_failed_clips_are_counted_and_left_out(clean):
    broken = [None if n < 10 else score + 1 for n, score in enumerate(clean)]
    found = summary(rows_of(clean) + rows_of(broken, "cut", 1))["m", "cut", 1]
    assert (found["clips"], found["failed"]) == (CLIPS - 10, 10)
    assert found["eer_refitted"] == eer(
        [s for s in broken[::2] if s is not None], [s for s in broken[1::2] if s is not None]
    )
    assert found["score_shift"] == pytest.approx(1.0)


def test_models_have_thresholds_of_their_own(clean):
    found = summary(rows_of(clean) + rows_of([10 + s for s in clean], model="other"))
    apart = (
        found["other", "clean", 0]["clean_threshold"] - found["m", "clean", 0]["clean_threshold"]
    )
    assert apart == pytest.approx(10)


def test_what_one_class_cannot_tell_is_null(clean):
    labels = ["spoof"] * CLIPS
    rows = rows_of(clean, labels=labels) + rows_of([s + 1 for s in clean], "x", 1, labels=labels)
    found = summary(rows)["m", "x", 1]
    assert found["score_shift"] == pytest.approx(1.0)
    for name in ("eer_refitted", "eer_low", "clean_threshold", "false_rejection", "flipped"):
        assert found[name] is None


def test_nothing_scored_is_no_failure(clean):
    found = summary(rows_of(clean) + rows_of([None] * CLIPS, "x", 1))["m", "x", 1]
    assert (found["clips"], found["failed"]) == (0, CLIPS)
    assert found["eer_refitted"] is found["score_shift"] is found["flipped"] is None
    without_clean = summary(rows_of(clean, "x", 1))["m", "x", 1]
    assert without_clean["eer_refitted"] is not None
    assert without_clean["clean_threshold"] is None
    assert condition_table(ROW_SCHEMA.empty_table()).num_rows == 0


def test_a_score_at_the_threshold_is_accepted():
    clean = rows_of([1.0, -1.0])  # their threshold is 0
    found = summary(clean + rows_of([0.0, 0.0], "x", 1))["m", "x", 1]
    assert found["clean_threshold"] == 0
    assert (found["false_rejection"], found["false_acceptance"], found["flipped"]) == (0, 1, 0.5)
