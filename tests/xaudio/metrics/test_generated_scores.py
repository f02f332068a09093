"""Generated scores; answers found without our code (tests/benchmarks/peers/freeze_metrics.py)."""

import json
from pathlib import Path

import pytest

from xaudio.metrics.adcf import min_adcf
from xaudio.metrics.classification import balanced_accuracy, f1
from xaudio.metrics.cllr import calibration_loss, cllr, min_cllr
from xaudio.metrics.convex_hull import eer_convex_hull
from xaudio.metrics.dcf import actual_dcf, min_dcf
from xaudio.metrics.eer import eer
from xaudio.metrics.roc import auc
from xaudio.metrics.tandem import TandemCosts2019, asv_error_rates, min_tdcf
from xaudio.metrics.teer import AsvScores, concurrent_teer

SETS = json.loads(Path(__file__).with_name("generated_scores.json").read_text())


@pytest.fixture(params=SETS, ids=["ties", "no-ties"])
def given(request):
    return request.param


@pytest.mark.parametrize(
    "metric", [eer, eer_convex_hull, min_dcf, actual_dcf, cllr, min_cllr], ids=lambda m: m.__name__
)
def test_metrics_of_two_classes(given, metric):
    scores = given["scores"]
    found = metric(scores["bonafide"], scores["spoof"])
    assert found == pytest.approx(given["answers"][metric.__name__], abs=1e-12)


def test_metrics_with_a_verifier(given):
    scores, answers = given["scores"], given["answers"]
    asv = AsvScores(scores["target"], scores["nontarget"], scores["spoof_asv"])
    detector = scores["bonafide"], scores["spoof"]
    rates = asv_error_rates(*asv, threshold=2.0)
    assert min_tdcf(*detector, rates) == pytest.approx(answers["min_tdcf_2021"], abs=1e-12)
    first_form = min_tdcf(*detector, rates, TandemCosts2019())
    assert first_form == pytest.approx(answers["min_tdcf_2019"], abs=1e-12)
    assert min_adcf(*asv) == pytest.approx(answers["min_adcf"], abs=1e-12)
    found = concurrent_teer(*detector, asv)
    assert found.rate == pytest.approx(answers["concurrent_teer"], abs=1e-12)


def test_other_packages_agree(given):
    bonafide, spoof = given["scores"]["bonafide"], given["scores"]["spoof"]
    found = {
        "lir cllr": cllr(bonafide, spoof),
        "lir cllr_min": min_cllr(bonafide, spoof),
        "sklearn isotonic min_cllr": cllr(bonafide, spoof) - calibration_loss(bonafide, spoof),
        "sklearn roc_auc": auc(bonafide, spoof),
        "sklearn balanced_accuracy": balanced_accuracy(bonafide, spoof, 0.5),
        "sklearn f1 spoof": f1(bonafide, spoof, 0.5),
        "sklearn f1 bonafide": f1(bonafide, spoof, 0.5, found="bonafide"),
    }
    assert found == pytest.approx(given["packages"], abs=1e-12)
