import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.removal.engine import Played
from explainers.removal.game import Estimates
from explainers.removal.repeats import SEEDS_APART, merged
from explainers.targets import parse_target
from tests.explainers.small_models import Quadratic, model_of, noise

TARGET = parse_target("spoof - bonafide", ("bonafide", "spoof"))
CLIPS = noise(2, 500)


def explain(**settings):
    settings = {"segments": "windows:0.1", "fill": "white-noise", **settings}
    return load_explainer("leave-one-out", **settings).explain(model_of(Quadratic()), CLIPS, TARGET)


def test_the_mean_and_how_far_the_repeats_lie_apart():
    together = explain(repeats=5, seed=3)
    single = [explain(seed=3 + number * SEEDS_APART) for number in range(5)]
    for clip, one in enumerate(together):
        values = np.stack([alone[clip].relevance for alone in single])
        np.testing.assert_allclose(one.relevance, values.mean(axis=0), rtol=1e-5)
        expected = values.std(axis=0, ddof=1) / np.sqrt(5)
        np.testing.assert_allclose(one.standard_error, expected, rtol=1e-4)
        nothing = np.mean([alone[clip].ledger["everything replaced"] for alone in single])
        assert one.ledger["everything replaced"] == pytest.approx(nothing, rel=1e-5)
        assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, rel=1e-5)


def test_the_error_covers_what_the_fill_adds_by_chance():
    """The expected worth of a part is its energy less that of the noise: over many draws."""
    truth = np.mean([explain(seed=seed)[0].relevance for seed in range(1000, 1200)], axis=0)
    within = []
    for seed in range(40):
        one = explain(repeats=6, seed=seed)[0]
        within += (np.abs(one.relevance - truth) < 3 * one.standard_error).tolist()
    assert np.mean(within) > 0.9  # Student's t with five degrees of freedom: 0.97


def test_a_single_play_is_left_as_it_is_and_none_is_refused():
    played = Played(Estimates(np.ones(3), np.zeros(3), fit=0.5), 1.0)
    assert merged([played]) is played
    two = merged([played, Played(Estimates(3 * np.ones(3), np.zeros(3), fit=0.7), 2.0)])
    assert two.nothing == 1.5 and two.estimates.fit == pytest.approx(0.6)
    np.testing.assert_allclose(two.estimates.standard_errors, 1.0)
    with pytest.raises(ExplanationError, match="repeats"):
        explain(repeats=0)


def test_progress_counts_repeats_and_null():
    told = []
    method = load_explainer(
        "leave-one-out", segments="windows:0.1", repeats=2, null="scrambled", null_draws=2
    )
    method.explain(model_of(Quadratic()), CLIPS, TARGET, told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(("each", "told"), [((True, True), True), ((True, False), False)])
def test_all_repeats_must_have_settled(each, told):
    plays = [Played(Estimates(np.ones(3), np.zeros(3), settled=one), 1.0) for one in each]
    assert merged(plays).estimates.settled is told
