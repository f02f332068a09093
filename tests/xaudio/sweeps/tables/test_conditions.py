import numpy as np
import pytest

from tests.xaudio.sweeps.tables.rows import (
    CLIPS,
    by_place,
    detector_scores,
    drifting,
    naive_errors,
    rows_of,
    speakers_of,
    table_of,
)
from xaudio.errors import SweepError
from xaudio.metrics import eer, eer_threshold, error_rates
from xaudio.metrics.calibration import fit_logistic
from xaudio.metrics.dcf import dcf
from xaudio.metrics.uncertainty.bootstrap import bootstrap
from xaudio.metrics.uncertainty.costs import CostAt
from xaudio.metrics.uncertainty.means import BalancedAccuracy, FalseAcceptance, FalseRejection
from xaudio.metrics.uncertainty.ranking import EqualErrorRate
from xaudio.sweeps.cells import ROW_SCHEMA
from xaudio.sweeps.tables import CONDITION_SCHEMA, condition_table


def summary(rows, **settings):
    found = condition_table(table_of(rows), samples=100, **settings)
    assert found.schema.equals(CONDITION_SCHEMA)
    return by_place(found)


@pytest.fixture
def clean():
    return detector_scores(1)


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
    assert after["error"] == pytest.approx(np.mean(expected)) == 1 - after["balanced_accuracy"]
    assert after["score_shift"] == pytest.approx(-2)
    assert after["threshold_drift"] == pytest.approx(-2)
    within = np.sqrt((np.var(human) + np.var(spoof)) / 2)
    assert after["threshold_drift_spreads"] == pytest.approx(-2 / within)
    assert after["flipped"] == np.mean(
        (np.array(clean) >= threshold) != (np.array(shifted) >= threshold)
    )
    assert (before["score_shift"], before["flipped"], before["threshold_drift"]) == (0, 0, 0)


def test_every_condition_is_as_counted_clip_by_clip():
    rows = drifting()
    found = summary(rows)
    assert len(found) == 10
    for (model, corruption, severity), row in found.items():
        counts, shifts = naive_errors(rows, model, corruption, severity, row["clean_threshold"])
        assert row["clips"] == counts["bonafide"] + counts["spoof"]
        assert row["clips"] + row["failed"] == CLIPS
        assert row["false_rejection"] == counts["rejected"] / counts["bonafide"]
        assert row["false_acceptance"] == counts["accepted"] / counts["spoof"]
        both = counts["both"]
        flips = counts["to_bonafide"] + counts["to_spoof"]
        assert row["flipped"] == pytest.approx(flips / both)
        assert row["flipped_to_bonafide"] == pytest.approx(counts["to_bonafide"] / both)
        assert row["flipped_to_spoof"] == pytest.approx(counts["to_spoof"] / both)
        assert row["flipped_to_right"] == pytest.approx(counts["right"] / both)
        assert row["flipped_to_wrong"] == pytest.approx((flips - counts["right"]) / both)
        assert row["score_shift"] == pytest.approx(np.mean(shifts))


def test_ranking_and_calibration_agree_with_sklearn_and_definitions():
    from sklearn.isotonic import IsotonicRegression
    from sklearn.metrics import log_loss, roc_auc_score

    rows = drifting()
    found = summary(rows)

    def scores(corruption, severity):
        there = [
            (row["score"], row["label"] == "bonafide")
            for row in rows
            if (row["model"], row["corruption"], row["severity"]) == ("m1", corruption, severity)
            and row["score"] is not None
        ]
        return (np.array(column) for column in zip(*there, strict=True))

    score, human = scores("clean", 0)
    fitted = fit_logistic(score[human], score[~human])
    score, human = scores("noise", 2)
    row = found["m1", "noise", 2]
    assert row["auc"] == pytest.approx(roc_auc_score(human, score))
    llr = fitted.llrs(score)
    balanced = np.where(human, 1 / human.sum(), 1 / (~human).sum())
    chance = 1 / (1 + np.exp(-llr))
    bits = log_loss(human, chance, sample_weight=balanced) / np.log(2)
    assert row["cllr"] == pytest.approx(bits)
    best = IsotonicRegression(out_of_bounds="clip").fit(score, human, sample_weight=balanced)
    least = log_loss(human, best.predict(score), sample_weight=balanced) / np.log(2)
    assert row["min_cllr"] == pytest.approx(least, abs=1e-6)
    assert row["min_cllr"] < row["cllr"]
    prior = np.mean(~human)
    said = 1 / (1 + np.exp(llr) * (1 - prior) / prior)
    bins = np.minimum((said * 10).astype(int), 9)
    gaps = [abs(np.sum(said[bins == b] - ~human[bins == b])) for b in range(10)]
    assert row["ece"] == pytest.approx(sum(gaps) / len(said))
    costs = [dcf(score[human], score[~human], each) for each in [*score, np.inf]]
    assert row["min_dcf"] == pytest.approx(min(costs))
    at_bayes = dcf(llr[human], llr[~human], np.log(0.5 / 0.95))
    assert row["actual_dcf"] == pytest.approx(at_bayes)


def test_intervals_are_those_of_the_metrics_and_draw_speakers(clean):
    speakers = speakers_of()
    shifted = [score - 0.5 for score in clean]
    rows = rows_of(clean, speakers=speakers) + rows_of(shifted, "x", 1, speakers=speakers)
    found = summary(rows)["m", "x", 1]
    threshold = found["clean_threshold"]
    fitted = fit_logistic(clean[::2], clean[1::2])
    statistics = {
        "eer": EqualErrorRate(),
        "false_rejection": FalseRejection(threshold),
        "false_acceptance": FalseAcceptance(threshold),
        "balanced_accuracy": BalancedAccuracy(threshold),
        "actual_dcf": CostAt(fitted.score_at(np.log(0.5 / 0.95))),
    }
    is_bonafide = np.tile([True, False], CLIPS // 2)
    for name, statistic in statistics.items():
        expected = bootstrap(shifted, is_bonafide, statistic, speakers, samples=100).interval()
        ends = (found[f"{name}_low"], found[f"{name}_high"])
        assert ends == pytest.approx((expected.low, expected.high), rel=1e-5), name
    alone = summary(rows, cluster="clip")["m", "x", 1]
    assert (alone["eer_low"], alone["eer_high"]) != (found["eer_low"], found["eer_high"])


def test_clips_can_be_drawn_by_attack_and_by_nothing_unheard_of(clean):
    rows = rows_of(clean, attack=[None if n % 2 == 0 else f"A{n % 4}" for n in range(CLIPS)])
    by_attack = summary(rows, cluster="attack")["m", "clean", 0]
    assert by_attack["eer_low"] != summary(rows)["m", "clean", 0]["eer_low"]
    with pytest.raises(SweepError, match="not by 'colour'"):
        summary(rows, cluster="colour")


def test_no_error_seen_is_no_proof_that_there_is_none():
    perfect = [5.0, -5.0] * (CLIPS // 2)
    found = summary(rows_of(perfect, speakers=[f"s{n // 10}" for n in range(CLIPS)]))
    row = found["m", "clean", 0]
    assert row["eer_refitted"] == row["false_rejection"] == row["error"] == 0
    never = 1 - 0.025 ** (1 / 20)  # of 20 speakers none showed an error
    for name in ("eer", "false_rejection", "error"):
        assert row[f"{name}_high"] == pytest.approx(never)


def test_clean_clips_are_no_finding_about_flips(clean):
    found = summary(rows_of(clean) + rows_of(clean, "x", 1))
    assert found["m", "clean", 0]["flipped"] == found["m", "x", 1]["flipped"] == 0
    assert found["m", "clean", 0]["flipped_low"] is found["m", "clean", 0]["flipped_high"] is None
    assert found["m", "x", 1]["flipped_high"] > 0


def test_it_says_how_many_speakers_the_intervals_rest_on(clean):
    human = np.tile([True, False], CLIPS // 2)
    speakers = [f"h{n % 3}" if bonafide else f"s{n % 7}" for n, bonafide in enumerate(human)]
    few = [score if speakers[n] != "h2" else None for n, score in enumerate(clean)]
    found = summary(rows_of(clean, speakers=speakers) + rows_of(few, "x", 1, speakers=speakers))
    assert {key[1]: row["clusters"] for key, row in found.items()} == {"clean": 3, "x": 2}
    assert summary(rows_of(clean))["m", "clean", 0]["clusters"] == CLIPS // 2
    alone = summary(rows_of(clean, speakers=["h" if bonafide else None for bonafide in human]))
    assert alone["m", "clean", 0]["clusters"] == 1
    labels = ["cat", "dog"] * (CLIPS // 2)
    other = summary(rows_of(clean, labels=labels, speakers=speakers))["m", "clean", 0]
    assert other["clusters"] == 10


def test_repeats_are_compared_with_the_same_clean_clip(clean):
    rows = rows_of(clean)
    for repeat, shift in enumerate([0.5, 1.5]):
        rows += rows_of([score + shift for score in clean], "noisy", 2, repeat=repeat)
    found = summary(rows)["m", "noisy", 2]
    assert found["score_shift"] == pytest.approx(1.0)
    assert found["clips"] == 2 * CLIPS


def test_repeats_of_a_clip_are_no_further_evidence(clean):
    rows, again = (rows_of(clean) + rows_of(clean, "x", 1) for _ in range(2))
    for repeat in range(1, 9):
        again += rows_of(clean, "x", 1, repeat=repeat)
    once, often = (summary(each)["m", "x", 1] for each in (rows, again))
    assert often["eer_low"] == pytest.approx(once["eer_low"])
    assert often["flipped_high"] == pytest.approx(once["flipped_high"])


def test_failed_clips_are_counted_and_left_out(clean):
    broken = [None if n < 10 else score + 1 for n, score in enumerate(clean)]
    found = summary(rows_of(clean) + rows_of(broken, "cut", 1))["m", "cut", 1]
    assert (found["clips"], found["failed"]) == (CLIPS - 10, 10)
    assert found["eer_refitted"] == eer(
        [s for s in broken[::2] if s is not None], [s for s in broken[1::2] if s is not None]
    )
    assert found["score_shift"] == pytest.approx(1.0)


def test_a_score_that_is_no_number_counts_as_failed(clean):
    odd = [np.nan, np.inf, -np.inf, *clean[3:]]
    found = summary(rows_of(clean) + rows_of(odd, "x", 1))["m", "x", 1]
    assert (found["clips"], found["failed"]) == (CLIPS - 3, 3)
    assert found["score_shift"] == found["flipped"] == 0


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


def test_one_class_under_a_condition_still_tells_its_own_errors(clean):
    only_human = [score if n % 2 == 0 else None for n, score in enumerate(clean)]
    found = summary(rows_of(clean) + rows_of(only_human, "x", 1))["m", "x", 1]
    assert found["false_rejection"] == summary(rows_of(clean))["m", "clean", 0]["false_rejection"]
    assert found["false_acceptance"] is found["error"] is found["eer_refitted"] is None
    assert found["actual_dcf"] is found["cllr"] is found["ece"] is None


def test_nothing_scored_is_no_failure(clean):
    found = summary(rows_of(clean) + rows_of([None] * CLIPS, "x", 1))["m", "x", 1]
    assert (found["clips"], found["failed"]) == (0, CLIPS)
    assert found["eer_refitted"] is found["score_shift"] is found["flipped"] is None
    without_clean = summary(rows_of(clean, "x", 1))["m", "x", 1]
    assert without_clean["eer_refitted"] is not None
    assert without_clean["clean_threshold"] is without_clean["cllr"] is None
    assert condition_table(ROW_SCHEMA.empty_table()).num_rows == 0


def test_scores_that_are_all_equal_are_chance():
    found = summary(rows_of([1.0] * CLIPS))["m", "clean", 0]
    assert found["eer_refitted"] == 0.5
    assert found["auc"] == 0.5
    assert found["cllr"] is found["actual_dcf"] is found["threshold_drift_spreads"] is None


def test_a_score_at_the_threshold_is_accepted():
    clean = rows_of([1.0, -1.0])  # their threshold is 0
    found = summary(clean + rows_of([0.0, 0.0], "x", 1))["m", "x", 1]
    assert found["clean_threshold"] == 0
    assert (found["false_rejection"], found["false_acceptance"], found["flipped"]) == (0, 1, 0.5)


def test_other_classifiers_have_accuracy_and_flips_but_no_thresholds():
    labels = ["cat", "dog", "owl", "dog"] * 10
    clean = rows_of([1.0] * 40, labels=labels, decided=labels)
    scores = [1.0 if n % 4 else -1.0 for n in range(40)]
    said = ["dog" if n % 4 == 0 else label for n, label in enumerate(labels)]
    said[0] = "owl with a name of its own"
    found = summary(clean + rows_of(scores, "x", 1, labels=labels, decided=said))
    row = found["m", "x", 1]
    assert (row["accuracy"], row["error"]) == (0.75, 0.25)
    assert (row["flipped"], row["flipped_to_wrong"], row["flipped_to_right"]) == (0.25, 0.25, 0)
    assert row["accuracy_low"] < 0.75 < row["accuracy_high"]
    assert row["flipped_to_spoof"] is row["eer_refitted"] is row["clean_threshold"] is None
    assert row["false_rejection"] is row["balanced_accuracy"] is None
    back = summary(
        rows_of(scores, labels=labels, decided=said)
        + rows_of([0.0] * 40, "x", 1, labels=labels, decided=labels)
    )
    assert back["m", "x", 1]["accuracy"] == 0  # a margin of nothing is not right
    assert back["m", "x", 1]["flipped_to_wrong"] == 0.75
