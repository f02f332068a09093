import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.quality.statistics import bootstrap_difference, bootstrap_mean


def test_the_interval_covers_as_it_claims():
    random = np.random.default_rng(0)
    hits = 0
    for trial in range(300):
        estimate = bootstrap_mean(random.normal(3.0, 1.0, size=40), samples=400, seed=trial)
        hits += estimate.low <= 3.0 <= estimate.high
    assert 0.89 <= hits / 300 <= 0.98


def test_the_interval_is_that_of_the_normal_for_many_clips():
    values = np.random.default_rng(1).normal(size=4000)
    estimate = bootstrap_mean(values)
    error = values.std(ddof=1) / np.sqrt(4000)
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert estimate.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)
    assert estimate.count == 4000


def test_clips_that_belong_together_are_drawn_together():
    values = np.repeat(np.random.default_rng(2).normal(size=30), 20)
    speakers = [f"speaker {index // 20}" for index in range(600)]
    alone, together = bootstrap_mean(values), bootstrap_mean(values, speakers)
    ratio = (together.high - together.low) / (alone.high - alone.low)
    assert ratio == pytest.approx(np.sqrt(20), rel=0.15)
    assert together.mean == pytest.approx(alone.mean)


def test_the_seed_decides():
    values = np.random.default_rng(3).normal(size=20)
    assert bootstrap_mean(values, seed=1) == bootstrap_mean(values, seed=1)
    assert bootstrap_mean(values, seed=1) != bootstrap_mean(values, seed=2)


@pytest.mark.parametrize("values", [[], [float("nan")]])
def test_a_mean_needs_values(values):
    with pytest.raises(ExplanationError, match="at least one"):
        bootstrap_mean(values)


def test_clusters_must_match():
    with pytest.raises(ExplanationError, match="2 values were given for 1 clusters"):
        bootstrap_mean([1.0, 2.0], ["a"])


@pytest.mark.parametrize("options", [{"level": 1.0}, {"level": 0.0}, {"samples": 0}])
def test_an_interval_needs_a_level_and_draws(options):
    with pytest.raises(ExplanationError, match="level"):
        bootstrap_mean([1.0, 2.0], **options)


def test_a_difference_is_that_of_the_clips():
    random = np.random.default_rng(4)
    values, others = random.normal(size=(2, 50))
    speakers = [f"speaker {index // 5}" for index in range(50)]
    found = bootstrap_difference(values, others, speakers, seed=3)
    assert found == bootstrap_mean(values - others, speakers, seed=3)
    back = bootstrap_difference(others, values, speakers, seed=3)
    assert (back.mean, back.low, back.high) == pytest.approx((-found.mean, -found.high, -found.low))


def test_pairing_sees_what_two_intervals_do_not():
    random = np.random.default_rng(5)
    hard = random.normal(size=80)
    values, others = hard + 0.1 + 0.05 * random.normal(size=80), hard
    apart = bootstrap_mean(values), bootstrap_mean(others)
    assert apart[0].low < apart[1].high
    paired = bootstrap_difference(values, others)
    assert 0 < paired.low < 0.1 < paired.high < 0.2


def test_the_paired_interval_covers_nothing_as_it_claims():
    random = np.random.default_rng(6)
    hits = 0
    for trial in range(300):
        hard = 3 * random.normal(size=20).repeat(3)
        values, others = hard + random.normal(size=60), hard + random.normal(size=60)
        estimate = bootstrap_difference(
            values, others, np.arange(20).repeat(3).tolist(), seed=trial
        )
        hits += estimate.low <= 0 <= estimate.high
    assert 0.88 <= hits / 300 <= 0.98


def test_a_difference_needs_pairs():
    with pytest.raises(ExplanationError, match="2 values were given beside 1"):
        bootstrap_difference([1.0, 2.0], [1.0])
