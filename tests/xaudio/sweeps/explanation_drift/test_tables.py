"""What the tables say of rows whose answer is known beforehand."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import t

from xaudio.errors import MetricError
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.explanation_drift import (
    DRIFT_SCHEMA,
    decided_rows,
    departure_table,
    drift_points,
    drift_table,
    first_to_leave,
)
from xaudio.sweeps.explanation_drift.clustered import Draws

TARGET = "spoof - bonafide"
CLIPS = 24


def clean_scores() -> pa.Table:
    """Six human clips around 2, eighteen synthetic ones around -2: threshold 0."""
    rows = [
        {
            "clip": f"clip{clip}",
            "label": "bonafide" if clip < 6 else "spoof",
            "model": "m",
            "corruption": "clean",
            "score": clean_score(clip),
        }
        for clip in range(CLIPS)
    ]
    return pa.Table.from_pylist(rows, schema=ROW_SCHEMA)


def clean_score(clip: int) -> float:
    return (2.0 if clip < 6 else -2.0) + 0.01 * (clip % 3 - 1)


def row(clip: int, severity: int, comparison: str = "corrupted", **more) -> dict:
    known = {
        "cell": "c",
        "model": "m",
        "method": "lrp",
        "corruption": "wind" if severity else "clean",
        "severity": severity,
        "repeat": 0,
        "parameters": "{}",
        "clip": f"clip{clip}",
        "label": "bonafide" if clip < 6 else "spoof",
        "speaker": f"speaker{clip % 6}",
        "comparison": comparison,
        "target": TARGET,
        "score_clean": clean_score(clip),
        "score": clean_score(clip),
        "decided_clean": "bonafide" if clip < 6 else "spoof",
        "decided": "bonafide" if clip < 6 else "spoof",
        "spearman": 1.0,
    }
    return known | more


def decided(rows: list[dict]) -> pa.Table:
    return decided_rows(pa.Table.from_pylist(rows, schema=DRIFT_SCHEMA), clean_scores())


def cell(table: pa.Table, **wanted) -> dict:
    for name, value in wanted.items():
        table = table.filter(pc.equal(table[name], value))
    (found,) = table.to_pylist()
    return found


def test_decisions_are_those_at_the_threshold_that_clean_scores_fix():
    scores = [1.5, -0.5, -1.5, 0.5]
    rows = decided(
        [row(clip, 1, score=score) for clip, score in zip((0, 1, 7, 8), scores, strict=True)]
    )
    assert rows["threshold"].to_pylist() == pytest.approx([0.0] * 4, abs=0.02)
    assert rows["kept"].to_pylist() == [True, False, True, False]
    assert rows["lead"].to_pylist() == pytest.approx([1.5, -0.5, 1.5, -0.5], abs=0.02)
    spread = np.std([clean_score(clip) for clip in range(CLIPS)])
    moved = [
        abs(score - clean_score(clip)) for clip, score in zip((0, 1, 7, 8), scores, strict=True)
    ]
    assert rows["score_drift"].to_pylist() == pytest.approx(moved)
    np.testing.assert_allclose(rows["score_drift_spreads"], np.array(moved) / spread)


def test_other_classifiers_keep_their_decision_where_the_label_stays():
    rows = decided(
        [
            row(0, 1, target="dog", decided_clean="dog", decided="dog", score=-1.0),
            row(1, 1, target="dog", decided_clean="dog", decided="cat"),
        ]
    )
    assert rows["kept"].to_pylist() == [True, False]
    assert rows["threshold"].to_pylist() == [0.0, 0.0]


def test_failed_rows_have_neither_lead_nor_drift_and_are_counted():
    rows = decided(
        [row(clip, 1) for clip in range(5)]
        + [row(5, 1, score=None, spearman=None, error="It broke."), row(6, 1, spearman=None)]
    )
    assert rows["kept"].to_pylist()[5] is None
    found = cell(drift_table(rows), measure="spearman", decision="all")
    assert (found["clips"], found["failed"]) == (5, 2)


def test_the_table_splits_kept_from_flipped_and_stands_beside_its_baselines():
    rows = []
    for clip in range(6, 18):
        flipped = clip % 2
        rows += [
            row(clip, 3, spearman=0.2 if flipped else 0.8, score=1.0 if flipped else -1.0),
            row(clip, 3, "shuffled", spearman=0.01 * clip, score=-1.0),
            row(clip, 3, "phase-randomised", spearman=0.1),
            row(clip, 3, "randomised-model", spearman=0.2),
            row(clip, 0),
            row(clip, 0, "repeated", spearman=0.9 + 0.01 * flipped),
            row(clip, 0, "shifted", spearman=0.95),
        ]
    table = drift_table(decided(rows))
    for decision, mean, clips in (("all", 0.5, 12), ("kept", 0.8, 6), ("flipped", 0.2, 6)):
        found = cell(table, severity=3, measure="spearman", decision=decision)
        assert (found["mean"], found["clips"]) == (pytest.approx(mean), clips)
        assert found["phase_randomised"] == pytest.approx(0.1)
        assert found["randomised_model"] == pytest.approx(0.2)
        assert found["shifted"] == pytest.approx(0.95)
    kept = cell(table, severity=3, measure="spearman", decision="kept")
    assert kept["shuffled"] == pytest.approx(0.01 * np.mean(range(6, 18, 2)))
    assert kept["repeated"] == pytest.approx(0.9)
    assert kept["median"] == pytest.approx(0.8)
    points = cell(drift_points(table), severity=3)
    assert points["explanation_drift"] == pytest.approx(0.5)
    assert points["explanation_drift_low"] < 0.5 < points["explanation_drift_high"]
    assert points["kept"] == 0.5
    assert points["chance"] == pytest.approx(0.9)
    clean = cell(drift_points(table), severity=0)
    assert (clean["explanation_drift"], clean["score_drift"], clean["kept"]) == (0, 0, 1)


def test_a_measure_there_is_not_is_refused():
    with pytest.raises(MetricError, match="no drift by 'colour'"):
        drift_points(drift_table(decided([row(7, 1), row(8, 1)])), "colour")


def test_an_interval_of_one_clip_per_speaker_is_students():
    values = np.random.default_rng(0).normal(size=15)
    value, low, high = Draws.of(range(15), samples=20000).mean(values)
    reach = t.ppf(0.975, 14) * values.std(ddof=1) / np.sqrt(15)
    assert value == pytest.approx(values.mean())
    assert (low, high) == pytest.approx((value - reach, value + reach), abs=0.02)


def test_clips_of_one_speaker_count_as_one():
    values = np.repeat(np.random.default_rng(0).normal(size=8), 10)
    _, low, high = Draws.of(np.repeat(range(8), 10), samples=5000).mean(values)
    _, low_of_one, high_of_one = Draws.of(range(8), samples=5000).mean(values[::10])
    assert high - low == pytest.approx(high_of_one - low_of_one)
    _, low_alone, high_alone = Draws.of(range(80), samples=5000).mean(values)
    assert high - low > 2.5 * (high_alone - low_alone)


def test_intervals_of_ratios_cover_the_truth():
    random = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        speaker = random.normal(size=12)[:, None]
        others = random.uniform(1, 2, size=(12, 3))
        values = 0.5 * others + 0.1 * speaker + 0.1 * random.normal(size=(12, 3))
        draws = Draws.of(np.repeat(range(12), 3), samples=300)
        _, low, high = draws.ratio(values.ravel(), others.ravel())
        held += low <= 0.5 <= high
    assert 0.91 <= held / 300 <= 0.99


def hybrids(paths: dict[int, list[tuple[float, float]]]) -> pa.Table:
    """Annotated synthetic clips up the severities: evidence inside, and the score."""
    rows = [
        row(clip, severity, inside=inside, inside_clean=0.9, inside_chance=0.3, score=score)
        for clip, path in paths.items()
        for severity, (inside, score) in enumerate(path, start=1)
    ]
    return decided(rows)


def test_who_leaves_first_is_counted_clip_by_clip():
    rows = hybrids(
        {
            6: [(0.85, -1.9), (0.5, -1.8), (0.3, -1.7)],  # relevance at 2, the score never
            7: [(0.85, -0.5), (0.85, 0.5), (0.5, 1.0)],  # the score at 1, relevance at 3
            8: [(0.85, -1.9), (0.3, 1.0), (0.9, -2.0)],  # both at 2
            9: [(0.85, -1.9), (0.8, -1.9), (0.7, -1.9)],  # neither
            10: [(0.5, -1.9), (0.5, -1.8), (0.3, 1.0)],  # relevance at 1, the score at 3
        }
    )
    found = cell(first_to_leave(rows))
    assert found["clips"] == 5
    assert [found[name] for name in ("relevance_first", "score_first", "together", "neither")] == (
        [2, 1, 1, 1]
    )


def test_what_is_left_is_told_on_one_scale():
    rows = hybrids({clip: [(0.6, -1.0 + clean_score(clip) + 2)] for clip in range(6, 18)})
    found = cell(departure_table(rows))
    assert found["relevance_left"] == pytest.approx(0.5)
    assert found["score_left"] == pytest.approx(0.5, abs=0.01)
    assert found["difference_low"] <= 0 <= found["difference_high"]
    assert found["kept"] == 1
    gone = cell(departure_table(hybrids({clip: [(0.3, -2.0)] for clip in range(6, 18)})))
    assert gone["relevance_left"] == pytest.approx(0, abs=1e-9)
    assert gone["difference_high"] < -0.9


def test_the_question_is_put_only_to_clips_that_were_found_and_pointed_at():
    assert not departure_table(
        decided(
            [
                row(6, 1, inside=0.5, inside_clean=0.2, inside_chance=0.3),  # points elsewhere
                row(7, 1),  # is not annotated
                row(8, 1, "shuffled", inside=0.5, inside_clean=0.9, inside_chance=0.3),
                row(9, 1, inside=0.5, inside_clean=0.9, inside_chance=0.3, score_clean=1.0),
            ]
        )
    ).num_rows
