"""Writes generated_scores.json: scores from a seed, answers by brute force and by other packages.

    python -m tests.benchmarks.peers.freeze_metrics

in an environment of its own with scikit-learn 1.9 and lir 1.3.
"""

import json
from pathlib import Path

import numpy as np
from lir.data.models import LLRData
from lir.metrics import cllr, cllr_min
from sklearn.isotonic import isotonic_regression
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

from tests.xaudio.metrics import brute_force

FROZEN = Path("tests/xaudio/metrics/generated_scores.json")


def generated(seed, decimals):
    """Log-likelihood ratios of a fair detector and of a fair verifier, rounded so that some tie."""
    random = np.random.default_rng(seed)

    def drawn(mean, spread, count):
        return random.normal(mean, spread, count).round(decimals).tolist()

    return {
        "bonafide": drawn(1.8, 2.0, 90),
        "spoof": drawn(-2.5, 2.2, 140),
        "target": drawn(4.0, 1.5, 50),
        "nontarget": drawn(0.0, 1.5, 40),
        "spoof_asv": drawn(2.5, 1.5, 60),
    }


def answers(scores):
    bonafide, spoof = scores["bonafide"], scores["spoof"]
    asv = scores["target"], scores["nontarget"], scores["spoof_asv"]
    two = ("eer", "eer_convex_hull", "min_dcf", "actual_dcf", "cllr", "min_cllr", "area")
    found = {name: getattr(brute_force, name)(bonafide, spoof) for name in two}
    rates = brute_force.asv_rates(*asv, 2.0)
    return found | {
        "min_tdcf_2019": brute_force.min_tdcf_2019(bonafide, spoof, rates),
        "min_tdcf_2021": brute_force.min_tdcf_2021(bonafide, spoof, rates),
        "min_adcf": brute_force.min_adcf(*asv),
        "concurrent_teer": brute_force.concurrent_teer(bonafide, spoof, asv),
    }


def answers_of_packages(scores):
    bonafide, spoof = np.array(scores["bonafide"]), np.array(scores["spoof"])
    values = np.concatenate((bonafide, spoof))
    is_bonafide = np.arange(values.size) < bonafide.size
    # lir counts in powers of ten.
    ratios = LLRData(features=values[:, None] / np.log(10), labels=is_bonafide.astype(int))
    said_spoof = values < 0.5
    return {
        "lir cllr": float(cllr(ratios)),
        "lir cllr_min": float(cllr_min(ratios)),
        "sklearn isotonic min_cllr": min_cllr_by_sklearn(values, is_bonafide),
        "sklearn roc_auc": float(roc_auc_score(is_bonafide, values)),
        "sklearn balanced_accuracy": float(balanced_accuracy_score(~is_bonafide, said_spoof)),
        "sklearn f1 spoof": float(f1_score(~is_bonafide, said_spoof)),
        "sklearn f1 bonafide": float(f1_score(is_bonafide, ~said_spoof)),
    }


def min_cllr_by_sklearn(values, is_bonafide):
    place = np.unique(values, return_inverse=True)[1]
    count = np.bincount(place)
    share = np.bincount(place, weights=is_bonafide) / count
    posterior = isotonic_regression(share, sample_weight=count.astype(float))[place]
    odds = is_bonafide.mean() / (1 - is_bonafide.mean())
    with np.errstate(divide="ignore"):
        ratios = posterior / (1 - posterior) / odds
        rejected = np.log2(1 + 1 / ratios[is_bonafide]).mean()
    return float((rejected + np.log2(1 + ratios[~is_bonafide]).mean()) / 2)


if __name__ == "__main__":
    sets = [generated(seed=1, decimals=1), generated(seed=2, decimals=6)]
    document = [
        {"scores": scores, "answers": answers(scores), "packages": answers_of_packages(scores)}
        for scores in sets
    ]
    FROZEN.write_text(json.dumps(document))
    for part in document:
        print(json.dumps({**part["answers"], **part["packages"]}, indent=1))
