from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from xaudio.metrics import (
    BalancedAccuracy,
    CostAt,
    DetectionCosts,
    EqualErrorRate,
    FalseAcceptance,
    FalseRejection,
    LikelihoodRatioCost,
    MeanScore,
    MetricError,
    MinimumCost,
    RocArea,
    bootstrap,
    bootstrap_each,
    cllr,
    dcf,
    eer,
    error_rates,
    min_dcf,
    roc_auc,
)
from xaudio.metrics.uncertainty.resampling import plan_resampling
from xaudio.metrics.uncertainty.statistic import Statistic

COSTS = DetectionCosts(0.3, 1.0, 2.0)
THRESHOLD = 0.5  # a score there is, where scores are rounded
ON_POINTS = {
    EqualErrorRate(): eer,
    RocArea(): lambda b, s: roc_auc([*b, *s], [True] * len(b) + [False] * len(s)),
    MinimumCost(COSTS): lambda b, s: min_dcf(b, s, COSTS),
    CostAt(THRESHOLD, COSTS): lambda b, s: dcf(b, s, THRESHOLD, COSTS),
    FalseRejection(THRESHOLD): lambda b, s: error_rates(b, s, THRESHOLD)[0],
    FalseAcceptance(THRESHOLD): lambda b, s: error_rates(b, s, THRESHOLD)[1],
    BalancedAccuracy(THRESHOLD): lambda b, s: 1 - np.mean(error_rates(b, s, THRESHOLD)),
    LikelihoodRatioCost(): cllr,
    MeanScore(): lambda b, s: np.mean([*b, *s]),
}


def scored(seed=0, clips=60, levels=None):
    random = np.random.default_rng(seed)
    is_bonafide = random.random(clips) < 0.4
    scores = random.normal(size=clips) + is_bonafide
    return (scores if levels is None else np.round(scores * levels) / levels), is_bonafide


@pytest.mark.parametrize("statistic", ON_POINTS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("levels", [None, 2])
def test_weights_mean_repeated_clips(statistic, levels):
    scores, is_bonafide = scored(levels=levels)
    assert isinstance(statistic, Statistic)
    plan = plan_resampling(is_bonafide, np.arange(60) // 3, samples=20)
    weights = next(iter(plan.weights()))[:, plan.unit]
    replicates = statistic(scores, is_bonafide, weights)
    value, of_units = statistic.over_units(scores, is_bonafide, plan.unit, plan.units, 20)
    assert of_units(next(iter(plan.weights()))) == pytest.approx(replicates, abs=1e-12)
    on_points = ON_POINTS[statistic]
    assert value == pytest.approx(on_points(scores[is_bonafide], scores[~is_bonafide]), abs=1e-12)
    for row, found in zip(weights.astype(int), replicates, strict=True):
        repeated, classes = np.repeat(scores, row), np.repeat(is_bonafide, row)
        assert found == pytest.approx(on_points(repeated[classes], repeated[~classes]), abs=1e-12)


@pytest.mark.parametrize("statistic", [EqualErrorRate(), MinimumCost(), MinimumCost(COSTS)])
def test_rejecting_nothing_is_a_threshold_too(statistic):
    scores, is_bonafide = np.array([-1.0, 0.0]), np.array([True, False])
    expected = ON_POINTS.get(statistic, min_dcf)(scores[:1], scores[1:])
    assert statistic(scores, is_bonafide, np.ones((1, 2)))[0] == expected


def test_of_two_thresholds_as_good_the_lower_one_gives_the_eer():
    scores = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    is_bonafide = np.array([False, False, False, True, False, True])
    found = EqualErrorRate()(scores, is_bonafide, np.ones((1, 6)))[0]
    assert found == eer(scores[is_bonafide], scores[~is_bonafide]) == 0.125


def test_a_cost_ends_where_everything_is_wrong():
    statistic = CostAt(0.5, COSTS)
    assert statistic.value_range.high == pytest.approx(dcf([0.0], [1.0], 0.5, COSTS))
    found = bootstrap([0.0, 0.0, 1.0, 1.0], np.arange(4) < 2, statistic, samples=20)
    assert found.interval().high == found.value == pytest.approx(statistic.value_range.high)


def test_several_statistics_share_their_draws():
    scores, is_bonafide = scored()
    statistics = {type(one).__name__: one for one in ON_POINTS}
    together = bootstrap_each(scores, is_bonafide, statistics, samples=30)
    for name, statistic in statistics.items():
        alone = bootstrap(scores, is_bonafide, statistic, samples=30)
        assert (together[name].replicates == alone.replicates).all()
        assert together[name].interval() == alone.interval()


def test_the_mean_of_lone_clips_has_its_textbook_interval():
    values = np.random.default_rng(1).exponential(size=40)
    found = bootstrap(values, np.ones(40, dtype=bool), MeanScore(), samples=20_000)
    assert found.influence.degrees_of_freedom == pytest.approx(39)
    assert found.standard_error == pytest.approx(stats.sem(values), rel=0.02)
    low, high = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
    assert found.interval().low == pytest.approx(low, abs=0.01)
    assert found.interval().high == pytest.approx(high, abs=0.01)
    centred = values - values.mean()
    skewness = (centred**3).sum() / (6 * (centred**2).sum() ** 1.5)
    assert found.influence.acceleration == pytest.approx(skewness)


def test_p_values_of_a_mean_are_the_t_tests():
    values = np.random.default_rng(2).normal(size=60)
    values += 0.25 - values.mean()
    expected = stats.ttest_1samp(values, 0).pvalue
    found = bootstrap(values, np.ones(60, dtype=bool), MeanScore(), samples=20_000)
    assert found.p_value == pytest.approx(expected, rel=0.1)
    assert found.bootstrap_p_value == pytest.approx(expected, rel=0.25)
    assert 0.02 < expected < 0.1


def test_few_speakers_count_as_few():
    random = np.random.default_rng(2)
    speakers = np.repeat(np.arange(8), 50)
    scores = random.normal(size=8)[speakers] + 0.1 * random.normal(size=400)
    found = bootstrap(scores, np.ones(400, dtype=bool), MeanScore(), speakers, samples=4000)
    means = scores.reshape(8, 50).mean(axis=1)
    assert found.influence.degrees_of_freedom == pytest.approx(7)
    assert found.standard_error == pytest.approx(stats.sem(means), rel=0.05)


def test_the_stratum_that_matters_gives_the_degrees_of_freedom():
    random = np.random.default_rng(3)
    is_bonafide = np.arange(1200) < 200
    clusters = np.where(is_bonafide, np.arange(1200) // 20, np.arange(1200))  # 10 speakers
    scores = np.where(is_bonafide, 3 * random.normal(size=61)[np.minimum(clusters, 60)], 0.0)
    scores = scores + random.normal(size=1200)
    found = bootstrap(scores, is_bonafide, EqualErrorRate(), clusters)
    assert 8 <= found.influence.degrees_of_freedom < 12
    assert found.clusters == 10


def test_two_strata_make_welchs_degrees_of_freedom():
    scores = np.tile([0.0, 1.0], 25)
    found = bootstrap(scores, np.arange(50) < 10, BalancedAccuracy(0.5), samples=20_000)
    parts = np.array([0.25 / 9, 0.25 / 39])
    expected = parts.sum() ** 2 / (parts**2 / [9, 39]).sum()
    assert found.influence.degrees_of_freedom == pytest.approx(expected)
    assert found.standard_error == pytest.approx(np.sqrt(parts.sum()) / 2, rel=0.02)


def test_no_error_at_all_is_no_proof():
    is_bonafide = np.arange(600) < 300
    scores = is_bonafide * 2.0 + np.random.default_rng(4).random(600)
    speakers = np.arange(600) % 30
    found = bootstrap_each(
        scores, is_bonafide, {"eer": EqualErrorRate(), "area": RocArea()}, speakers, samples=50
    )
    assert found["eer"].interval().high == pytest.approx(1 - 0.025 ** (1 / 30))
    assert found["area"].interval().low == pytest.approx(0.025 ** (1 / 30))
    rejection = bootstrap(scores[:300], is_bonafide[:300], FalseRejection(1.0), samples=50)
    assert rejection.interval().high == pytest.approx(1 - 0.025 ** (1 / 300))


def test_crossed_factors_see_both(seeds=60):
    # 12 speakers and 6 attacks, each with effects of its own: the mean varies with both.
    speakers, attacks = (part.ravel() for part in np.meshgrid(np.arange(12), np.arange(6)))
    truth = 1 / 12 + 1 / 6 + 0.09 / 72
    variances = {"both": [], "speakers": []}
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        scores = random.normal(size=12)[speakers] + random.normal(size=6)[attacks]
        scores = scores + 0.3 * random.normal(size=72)
        spoof = np.zeros(72, dtype=bool)
        both = bootstrap(scores, spoof, MeanScore(), speakers, attacks, samples=300)
        one = bootstrap(scores, spoof, MeanScore(), speakers, samples=300)
        variances["both"].append(both.standard_error**2)
        variances["speakers"].append(one.standard_error**2)
    assert 0.9 * truth < np.mean(variances["both"]) < 1.4 * truth
    assert np.mean(variances["speakers"]) < 0.45 * truth


def test_p_values_of_nothing_and_of_certainty():
    found = bootstrap(np.ones(5), np.ones(5, dtype=bool), MeanScore(), samples=99)
    assert found.p_value == 2 / 2**5  # nothing spreads: the sign test of five
    assert found.bootstrap_p_value == pytest.approx(2 / 100)  # would say less of chance than it can
    alone = bootstrap([1.0], [True], MeanScore())
    assert alone.p_value == 1.0
    assert replace(found, value=0.0).p_value == 1.0
    assert bootstrap(np.zeros(5), np.ones(5, dtype=bool), MeanScore()).bootstrap_p_value == 1.0


def test_the_standard_error_of_an_area_meets_theory():
    # Hanley and McNeil, Radiology 143, 1982, with the Gaussians' own chance that one clip is above
    # two of the other class.
    random = np.random.default_rng(5)
    is_bonafide = np.arange(1000) < 500
    spread = [
        bootstrap(random.normal(size=1000) + is_bonafide, is_bonafide, RocArea()).standard_error
        for _ in range(5)
    ]
    area = stats.norm.cdf(1 / np.sqrt(2))
    both = stats.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).cdf([1 / np.sqrt(2)] * 2)
    variance = (area * (1 - area) + 2 * 499 * (both - area**2)) / 500**2
    assert np.mean(spread) == pytest.approx(np.sqrt(variance), rel=0.05)


@pytest.mark.parametrize(
    ("scores", "is_bonafide", "statistic", "part"),
    [
        ([1.0, 2.0], [True, True], EqualErrorRate(), "given 2 and 0"),
        ([1.0, 2.0], [False, False], FalseRejection(0.0), "needs bona fide clips"),
        ([1.0, np.nan], [True, False], RocArea(), "not finite"),
        ([1.0], [True, False], RocArea(), "1 scores but 2 classes"),
        ([1.0, 2.0], [1, 0], RocArea(), "one boolean per clip"),
    ],
)
def test_unusable_input_is_refused_in_a_sentence(scores, is_bonafide, statistic, part):
    with pytest.raises(MetricError, match=part):
        bootstrap(scores, is_bonafide, statistic)
