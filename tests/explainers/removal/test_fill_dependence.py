from itertools import combinations

import numpy as np
import pytest
from scipy.stats import spearmanr

from explainers.explainer import load_explainer
from explainers.explanation import load_explanation
from explainers.removal.fill_dependence import agreement
from explainers.targets import parse_target
from perturbations.fills import fills
from tests.explainers.small_models import Linear, model_of, noise

CLIPS = noise(2, 400) + 0.2
MODEL = model_of(Linear(noise(400, seed=1), bias=0.5))
TARGET = parse_target("spoof - bonafide", MODEL.labels)


def explain(name="leave-one-out", **settings):
    method = load_explainer(name, joint=0.0, batch_size=16, **settings)
    return method.explain(MODEL, CLIPS, TARGET)


def test_agreement_is_what_it_says():
    worth = {
        "zeros": np.array([3.0, -1.0, 0.5, 2.0]),
        "noise": np.array([2.0, -2.0, 1.5, 1.0]),
        "mean": np.array([-1.0, -3.0, 2.5, 0.0]),
    }
    found = agreement(worth)
    pairs = {
        f"{one}, {other}": spearmanr(worth[one], worth[other]).statistic
        for one, other in combinations(worth, 2)
    }
    assert found["rank_correlation"] == pytest.approx(np.mean([*pairs.values()]))
    least = min(pairs, key=pairs.get)
    assert found["least_alike"]["fills"] == least
    assert found["least_alike"]["rank_correlation"] == pytest.approx(pairs[least])
    assert found["sign"] == 0.5  # the second and the third; 0 has no sign
    values = np.stack([*worth.values()])
    within = sum(
        (value - values[:, part].mean()) ** 2 for row in values for part, value in enumerate(row)
    )
    overall = sum((value - values.mean()) ** 2 for value in values.ravel())
    assert found["share_of_variance"] == pytest.approx(within / overall)


def test_fills_that_agree_and_one_fill_alone():
    same = np.array([1.0, -2.0, 3.0])
    for worth in ({"zeros": same, "mean": same.copy()}, {"zeros": same}):
        found = agreement(worth)
        assert found["rank_correlation"] == pytest.approx(1.0)
        assert found["share_of_variance"] == 0.0 and found["sign"] == 1.0
    nothing = agreement({"zeros": np.zeros(3), "mean": np.zeros(3)})
    assert nothing["share_of_variance"] == 0.0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("leave-one-out", {}),
        ("lime", {"evaluations": 40}),
        ("occlusion", {"window": 0.1, "hop": 0.1}),
        ("sobol", {"evaluations": 64}),
    ],
)
def test_all_fills_are_tried_and_their_mean_is_told(name, settings, tmp_path):
    merged = explain(name, fill="all", **settings)
    single = {fill: explain(name, fill=fill, **settings) for fill in fills.names()}
    for clip, one in enumerate(merged):
        alone = [single[fill][clip] for fill in fills.names()]
        assert [child.provenance["fill"] for child in one.children] == [*fills.names()]
        for child, other in zip(one.children, alone, strict=True):
            np.testing.assert_allclose(child.relevance, other.relevance, atol=1e-7)
            assert child.ledger == pytest.approx(other.ledger)
            assert child.score == other.score == one.score
        mean = np.mean([other.relevance for other in alone], axis=0)
        np.testing.assert_allclose(one.relevance, mean, atol=1e-7)
        if one.signed:
            assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-6)
        if one.standard_error is not None:
            errors = np.mean([other.standard_error for other in alone], axis=0)
            np.testing.assert_allclose(one.standard_error, errors, atol=1e-7)
        evaluations = sum(other.provenance["evaluations"] for other in alone)
        # The clip itself is scored once; what is told is the mean over the clips, rounded down.
        assert abs(one.provenance["evaluations"] - (evaluations - len(alone) + 1)) < len(alone)
        assert one.provenance["settings"]["fill"] == "all"
        one.save(tmp_path / "one.npz")
        assert load_explanation(tmp_path / "one.npz").equals(one)


def test_how_alike_the_fills_are_is_of_the_parts():
    one = explain(fill="all")[0]
    worth = {fill: explain(fill=fill)[0].relevance for fill in fills.names()}
    expected = agreement(worth)
    assert one.provenance["fills"]["rank_correlation"] == pytest.approx(
        expected["rank_correlation"]
    )
    for told in ("sign", "share_of_variance"):
        assert one.provenance["fills"][told] == pytest.approx(expected[told], rel=1e-4)
    assert one.provenance["fills"]["least_alike"]["fills"] == expected["least_alike"]["fills"]
