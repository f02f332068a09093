"""Do the tables keep their promises? Whole sweeps of which everything is known, many times."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import multivariate_normal, norm

from xaudio.metrics import eer_threshold
from xaudio.metrics.calibration import fit_logistic
from xaudio.metrics.dcf import ASVSPOOF5_COSTS
from xaudio.sweeps.tables import tables_of

pytestmark = pytest.mark.slow

SETS = 120
SPEAKERS, EACH = 20, 8
APART, HABIT, SCATTER, SHIFT = 1.2, 0.5, 0.6, -0.8
HUMAN = np.tile(np.repeat([True, False], EACH), SPEAKERS)
SPEAKER = np.repeat(np.arange(SPEAKERS), 2 * EACH)
SPREAD = np.hypot(1.0, HABIT)
MODELS, CONDITIONS = ("one", "other"), (("clean", 0), ("harmless", 1), ("muffled", 1))


def sweep(random):
    """Two models that are as good as each other; one condition changes nothing on average."""
    known = {
        "clip": [f"{n:03}" for n in range(len(HUMAN))],
        "digest": [f"{n:03}" for n in range(len(HUMAN))],
        "label": np.where(HUMAN, "bonafide", "spoof"),
        "speaker": [f"s{n}" for n in SPEAKER],
        "repeat": np.zeros(len(HUMAN), np.int32),
        "parameters": ["{}"] * len(HUMAN),
    }
    parts, scores = [], {}
    hard = random.normal(size=len(HUMAN))
    for model in MODELS:
        habits = HABIT * random.normal(size=(2, SPEAKERS))[HUMAN.astype(int), SPEAKER]
        sound = 0.6 * hard + 0.8 * random.normal(size=len(HUMAN))
        clean = np.where(HUMAN, APART, -APART) + habits + sound
        kept = np.sqrt(1 - SCATTER**2)  # so that as much noise is added as is taken away
        another = habits + kept * sound + SCATTER * random.normal(size=len(HUMAN))
        scores[model, "clean"] = clean
        scores[model, "harmless"] = np.where(HUMAN, APART, -APART) + another
        scores[model, "muffled"] = clean + SHIFT + SCATTER * random.normal(size=len(HUMAN))
    for model in MODELS:
        for corruption, severity in CONDITIONS:
            place = {"model": model, "corruption": corruption, "score": scores[model, corruption]}
            rows = {name: [place[name]] * len(HUMAN) for name in ("model", "corruption")}
            rows |= {"severity": pa.array([severity] * len(HUMAN), pa.int32())}
            parts.append(pa.table({**known, **rows, "score": place["score"]}))
    return pa.concat_tables(parts), scores


def rates(corruption, threshold):
    """Share of all human clips there could be that are rejected, of all spoofs accepted."""
    shift, spread = (SHIFT, np.hypot(SPREAD, SCATTER)) if corruption == "muffled" else (0, SPREAD)
    return (
        norm.cdf((threshold - shift - APART) / spread),
        norm.sf((threshold - shift + APART) / spread),
    )


def flips(corruption, threshold):
    """Share of all clips decided otherwise than when clean."""
    if corruption == "muffled":
        shift, after = SHIFT, np.hypot(SPREAD, SCATTER)
        likeness = SPREAD / after
    else:
        shift, after = 0.0, SPREAD
        likeness = (HABIT**2 + np.sqrt(1 - SCATTER**2)) / SPREAD**2
    found = []
    for mean in (APART, -APART):
        places = [(threshold - mean) / SPREAD, (threshold - mean - shift) / after]
        both = multivariate_normal([0, 0], [[1, likeness], [likeness, 1]]).cdf(places)
        found.append(norm.cdf(places).sum() - 2 * both)
    return float(np.mean(found))


@pytest.fixture(scope="module")
def counted():
    """How often each interval held the truth, and how often each family had a finding."""
    random = np.random.default_rng(0)
    held, found = {}, {}
    for seed in range(SETS):
        rows, scores = sweep(random)
        tables = tables_of(rows, samples=200, seed=seed)
        for row in tables["conditions"].to_pylist():
            corruption, clean = row["corruption"], scores[row["model"], "clean"]
            classes = clean[HUMAN], clean[~HUMAN]
            threshold = eer_threshold(*classes)
            bayes = fit_logistic(*classes).score_at(ASVSPOOF5_COSTS.bayes_threshold)
            rejected, accepted = rates(corruption, threshold)
            best = SHIFT if corruption == "muffled" else 0.0
            truths = {
                "eer": rates(corruption, best)[0],
                "false_rejection": rejected,
                "false_acceptance": accepted,
                "error": (rejected + accepted) / 2,
                "flipped": flips(corruption, threshold),
                "actual_dcf": np.dot(ASVSPOOF5_COSTS.normalised, rates(corruption, bayes)),
            }
            for name, truth in truths.items():
                if row[f"{name}_low"] is not None:
                    here = row[f"{name}_low"] <= truth <= row[f"{name}_high"]
                    held.setdefault((name, corruption == "clean"), []).append(here)
        for row in tables["thresholds"].to_pylist():
            shift = SHIFT if row["corruption"] == "muffled" else 0.0
            held.setdefault(("best", False), []).append(
                row["best_low"] <= shift <= row["best_high"]
            )
            if row["corruption"] != "clean":
                here = row["drift_low"] <= shift <= row["drift_high"]
                held.setdefault(("drift", False), []).append(here)
        calls = {}
        for row in tables["pairs"].to_pylist():
            family = row["comparison"], row["error"], row["corruption"] == "muffled"
            calls.setdefault(family, []).append(row["significant"])
        for family, called in calls.items():
            found.setdefault(family, []).append(any(called))
    return (
        {key: float(np.mean(each)) for key, each in held.items()},
        {key: float(np.mean(each)) for key, each in found.items()},
    )


def test_printed_intervals_hold_the_truth_as_often_as_they_say(counted):
    held, _ = counted
    assert len(held) == 13
    assert all(0.91 <= share <= 0.99 for share in held.values()), held


def test_of_models_and_conditions_that_do_not_differ_hardly_any_is_called_different(counted):
    _, found = counted
    for error in ("error", "eer_refitted", "false_rejection", "false_acceptance"):
        assert found["models", error, False] <= 0.06, found
        assert found["clean", error, False] <= 0.06, found


def test_what_is_worse_is_found(counted):
    _, found = counted
    assert found["clean", "false_rejection", True] > 0.95, found
    assert found["clean", "false_acceptance", True] > 0.75, found
