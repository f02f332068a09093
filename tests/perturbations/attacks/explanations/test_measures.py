import math
from dataclasses import replace

import pytest
import torch
from scipy.stats import binomtest

from perturbations.attacks.explanations import AttackedExplanation, Criteria, success_rate
from perturbations.errors import CorruptionError
from tests.perturbations.signals import speech_like

GOOD = AttackedExplanation(
    cosine=0.1,
    overlap=0.1,
    rank_correlation=0.5,
    decision_kept=True,
    snr_db=40.0,
    pesq=3.7,
    stoi=0.98,
)
PUBLISHED = [
    # cosine, overlap, kept, PESQ, STOI; what Audio-XAI's table of results says of the clip:
    # moved with the decision kept ("aasr_strict"), and sounding well ("aasr_quality").
    (0.049832, 0.005853, True, 3.756158, 0.989188, True, True),
    (0.242935, 0.051342, True, 3.583800, 0.985829, True, True),
    (0.249213, 0.196381, True, 1.725141, 0.957396, True, False),
    (0.151099, 0.053785, True, None, 0.984693, True, False),
    (0.180089, 0.011795, False, 1.767478, 0.944910, False, False),
    (0.142701, 0.188319, True, 4.045163, 0.999323, True, True),
    (0.168375, 0.046489, True, 2.659713, 0.867164, True, False),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_the_conditions_agree_with_published_results(row):
    cosine, overlap, kept, pesq, stoi, moved, succeeded = row
    found = AttackedExplanation(cosine, overlap, 0.0, kept, 30.0, pesq, stoi)
    assert (found.moved, found.succeeded) == (moved, succeeded)


def test_the_rate_is_that_of_the_published_example():
    limits = Criteria(cosine=0.2, overlap=0.1)
    table = [(0.12, 0.05, True), (0.31, 0.04, True), (0.10, 0.03, False), (0.18, 0.08, True)]
    table += [(0.07, 0.02, True)]
    qualities = [3.5, 3.5, 3.5, 2.0, 3.5]
    found = [
        replace(GOOD, cosine=c, overlap=o, decision_kept=k, pesq=q, criteria=limits)
        for (c, o, k), q in zip(table, qualities, strict=True)
    ]
    assert success_rate([each.succeeded for each in found]).share == 0.4


@pytest.mark.parametrize(
    "broken",
    [
        {"cosine": 0.4},
        {"overlap": 0.3},
        {"decision_kept": False},
        {"pesq": 2.99},
        {"pesq": None},
        {"stoi": 0.84},
        {"stoi": None},
    ],
)
def test_every_condition_matters(broken):
    assert GOOD.succeeded
    assert not replace(GOOD, **broken).succeeded
    heard = not {"pesq", "stoi"} & broken.keys()
    assert replace(GOOD, **broken).moved is not heard
    assert replace(GOOD, pesq=3.0, stoi=0.85, cosine=0.39999, overlap=0.29999).succeeded


def test_measured_on_the_samples_and_maps_themselves():
    clean = speech_like(1, 2.0)[0]
    noise = torch.randn(len(clean), generator=torch.Generator().manual_seed(0))
    noisy = clean + noise * clean.norm() / noise.norm() * 10 ** (-40 / 20)
    before, after = torch.tensor([3.0, 4.0, 0.0]), torch.tensor([3.0, 0.0, 4.0])
    found = AttackedExplanation.measured(clean, noisy, 16000, before, after, decision_kept=True)
    assert found.snr_db == pytest.approx(40, abs=1e-3)
    assert found.cosine == pytest.approx(9 / 25) and found.overlap == 0.0
    same = AttackedExplanation.measured(clean, clean, 16000, before, before, decision_kept=True)
    alike = (same.cosine, same.overlap, same.rank_correlation)
    assert alike == pytest.approx((1.0, 1.0, 1.0), abs=1e-12)
    assert math.isinf(same.snr_db) and same.as_dict()["snr_db"] is None and not same.moved
    if same.pesq is not None:
        assert same.pesq > found.pesq and same.sounds_good


@pytest.mark.parametrize(("times", "count"), [(0, 10), (2, 5), (7, 10), (100, 100)])
def test_the_interval_is_wilsons(times, count):
    found = success_rate([number < times for number in range(count)])
    wilson = binomtest(times, count).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=1e-12)
    assert (found.share, found.count) == (times / count, count)


def test_no_clips_have_no_rate():
    with pytest.raises(CorruptionError, match="no clips"):
        success_rate([])
