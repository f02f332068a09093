import numpy as np
import pytest
from scipy.stats import binom, norm

from xaudio.metrics import (
    BalancedAccuracy,
    CostAt,
    EqualErrorRate,
    FalseAcceptance,
    FalseRejection,
    MeanScore,
    bootstrap,
    eer,
    error_rates,
    mcnemar,
    paired_difference,
)
from xaudio.metrics.dcf import ASVSPOOF5_COSTS
from xaudio.metrics.uncertainty.bootstrap import replicate
from xaudio.metrics.uncertainty.resampling import plan_resampling


@pytest.fixture(scope="module")
def models():
    random = np.random.default_rng(0)
    is_bonafide = np.arange(800) < 400
    speakers = np.arange(800) % 20
    hard = random.normal(0, 0.8, 20)[speakers] + random.normal(0, 0.6, 800)
    base = np.where(is_bonafide, 1.0, -1.0) + hard
    return (
        base + random.normal(0, 0.2, 800),
        base + random.normal(0, 0.4, 800),
        is_bonafide,
        speakers,
    )


def test_the_difference_is_of_the_same_redraws(models):
    one, other, is_bonafide, speakers = models
    found = paired_difference(one, other, is_bonafide, EqualErrorRate(), clusters=speakers)
    alone = [bootstrap(scores, is_bonafide, EqualErrorRate(), speakers) for scores in (one, other)]
    assert found.value == pytest.approx(
        eer(one[is_bonafide], one[~is_bonafide]) - eer(other[is_bonafide], other[~is_bonafide])
    )
    assert found.replicates == pytest.approx(alone[0].replicates - alone[1].replicates)
    # What is hard for both cancels: two intervals beside each other could not tell them apart.
    apart = np.hypot(alone[0].standard_error, alone[1].standard_error)
    assert found.standard_error < 0.5 * apart


def test_each_model_has_its_own_threshold(models):
    one, other, is_bonafide, speakers = models
    found = paired_difference(
        one, other + 5.0, is_bonafide, FalseRejection(0.0), FalseRejection(5.0), clusters=speakers
    )
    same = paired_difference(one, other, is_bonafide, FalseRejection(0.0), clusters=speakers)
    assert found.value == pytest.approx(same.value)
    expected = [error_rates(s[is_bonafide], s[~is_bonafide], 0.0)[0] for s in (one, other)]
    assert same.value == pytest.approx(expected[0] - expected[1])


def test_a_shift_of_scores_from_clean_to_corrupted(models):
    clean, _, is_bonafide, speakers = models
    random = np.random.default_rng(1)
    drop = 0.3 + random.normal(0, 0.1, 20)[speakers]
    found = paired_difference(clean - drop, clean, is_bonafide, MeanScore(), clusters=speakers)
    by_speaker = np.array([-drop[speakers == speaker].mean() for speaker in range(20)])
    spread = by_speaker.std(ddof=1) / np.sqrt(20)
    assert found.value == pytest.approx(by_speaker.mean())
    assert found.standard_error == pytest.approx(spread, rel=0.1)
    assert found.p_value < 1e-6 < 2 / 1001 == found.bootstrap_p_value


def test_nothing_changed_is_no_finding(models):
    one, _, is_bonafide, speakers = models
    found = paired_difference(one, one, is_bonafide, EqualErrorRate(), clusters=speakers)
    assert (found.value, found.p_value, found.bootstrap_p_value) == (0.0, 1.0, 1.0)
    # Nor is it proof that nothing ever will.
    assert found.interval().low < -0.003 < 0.003 < found.interval().high


@pytest.mark.parametrize(("worse", "better"), [(0, 0), (1, 0), (0, 2), (5, 3), (40, 0)])
def test_few_clips_that_differ_have_bonett_and_prices_interval(worse, better):
    clips = 120
    scores, other = np.ones(clips), np.ones(clips)
    scores[:worse] = other[worse : worse + better] = -1.0
    found = paired_difference(
        scores, other, np.ones(clips, dtype=bool), FalseRejection(0.0), samples=4000
    )
    one, two = (worse + 1) / (clips + 2), (better + 1) / (clips + 2)
    reach = norm.ppf(0.975) * np.sqrt((one + two - (one - two) ** 2) / (clips + 2))
    assert found.interval().high - found.value == pytest.approx(reach, rel=0.04)


def test_one_clip_weighs_what_its_class_makes_it_weigh():
    scores, is_bonafide = np.tile([1.0, -1.0], 100), np.arange(200) % 10 == 0  # 20 humans
    weights = {
        FalseRejection(0.0): (1.0, 0.0),
        FalseAcceptance(0.0): (0.0, 1.0),
        BalancedAccuracy(0.0): (0.5, 0.5),
        EqualErrorRate(): (0.5, 0.5),
        CostAt(0.0): ASVSPOOF5_COSTS.normalised,
        MeanScore(): (0.0, 0.0),
    }
    for statistic, (human, spoof) in weights.items():
        found = paired_difference(scores, scores, is_bonafide, statistic, samples=20)
        expected = np.sqrt(2) * np.hypot(human / 22, spoof / 182)
        assert found.standard_error == pytest.approx(expected), statistic


def test_a_difference_rests_on_the_class_it_is_about():
    is_bonafide = np.arange(60) < 40
    speakers = np.where(is_bonafide, np.arange(60) // 2, np.arange(60) // 10)  # 20 humans, 2 others
    scores = np.random.default_rng(0).normal(size=60)
    measures = [(scores, FalseRejection(0.0)), (scores, FalseAcceptance(0.0))]
    found = replicate(measures, is_bonafide, plan_resampling(is_bonafide, speakers, samples=9))
    sums = {(1.0, 0.0): 20, (0.0, 1.0): 2, (0.5, 0.5): 2}
    for factors, clusters in sums.items():
        assert found.combination(factors).clusters == clusters


def test_all_that_differ_alike_are_a_sign_test():
    """Of 5 speakers each is rejected throughout by one model only."""
    speakers = np.repeat(np.arange(5), 20)
    found = paired_difference(
        -np.ones(100),
        np.ones(100),
        np.ones(100, dtype=bool),
        FalseRejection(0.0),
        clusters=speakers,
    )
    assert (found.value, found.p_value) == (1.0, 2 / 2**5)
    assert found.interval().low < 0.0 < found.interval().high == 1.0
    alone = paired_difference([-1.0], [1.0], [True], FalseRejection(0.0))
    assert alone.p_value == 1.0


def test_mcnemar_is_the_binomial_over_clips_that_one_alone_gets_right():
    right = [True] * 9 + [False] * 3 + [True] * 20
    other = [False] * 9 + [True] * 3 + [True] * 20
    assert mcnemar(right, other) == pytest.approx(2 * binom.cdf(3, 12, 0.5))
    assert mcnemar(right, right) == 1.0


def test_the_bootstrap_agrees_with_mcnemar_on_lone_clips():
    random = np.random.default_rng(2)
    base = random.normal(1.0, 1.0, 600)
    scores, other = base + random.normal(0, 0.5, 600), base + random.normal(-0.15, 0.5, 600)
    exact = mcnemar(scores >= 0, other >= 0)
    found = paired_difference(scores, other, np.ones(600, dtype=bool), FalseRejection(0.0))
    assert 0.001 < exact < 0.2
    assert found.p_value == pytest.approx(exact, rel=0.5)
    assert found.bootstrap_p_value == pytest.approx(exact, rel=0.6)
