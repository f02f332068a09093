import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from explainers.errors import ExplanationError
from explainers.quality.frames import frame_truth, moving_average
from explainers.quality.localisation import (
    METRICS,
    frame_auc,
    localise,
    measure_chance,
    measure_localisation,
    pointing_accuracies,
    relevance_masses,
)
from explainers.quality.ranking import chance_average_precision

AVERAGES = (0.0, 0.1, 0.25, 0.5, 1.0)


def some_segments(clips, seed=0):
    random = np.random.default_rng(seed)
    return [[(start, start + 1.0)] for start in random.uniform(0.2, 2.8, size=clips)]


def truths(segments, frames=200):
    return [frame_truth(stretches, 0.02, frames) for stretches in segments]


def test_perfect_values_find_everything_and_random_ones_nothing():
    random = np.random.default_rng(0)
    segments = [[(start, start + 1.0)] for start in random.uniform(0.2, 2.8, size=60)]
    perfect = [frame_truth(stretches, 0.02, 200).astype(float) for stretches in segments]
    found = localise(perfect, segments)
    assert found.raw.mean == 1 and found.raw.low == 1
    assert found.averaged.mean > 0.99
    chance = localise([random.normal(size=200) for _ in segments], segments)
    assert chance.raw.mean == pytest.approx(0.5, abs=0.03)
    assert chance.raw.low < 0.5 < chance.raw.high
    assert localise([-one for one in perfect], segments).raw.mean == 0


def test_averaging_helps_noisy_values():
    random = np.random.default_rng(1)
    segments = [[(start, start + 1.0)] for start in random.uniform(0.2, 2.8, size=30)]
    noisy = [frame_truth(s, 0.02, 200) + 2.0 * random.normal(size=200) for s in segments]
    found = localise(noisy, segments)
    assert found.averaged.mean > found.raw.mean + 0.1
    assert found.clips.shape == (30, 2)
    np.testing.assert_allclose(found.clips.mean(axis=0), [found.raw.mean, found.averaged.mean])
    truth = frame_truth(segments[3], 0.02, 200)
    assert found.clips[3, 0] == frame_auc(noisy[3], truth)
    assert found.clips[3, 1] == frame_auc(moving_average(noisy[3], 25), truth)


def test_a_clip_of_one_kind_is_refused():
    with pytest.raises(ExplanationError, match="needs both"):
        localise([np.zeros(50)], [[(0.0, 9.0)]])
    with pytest.raises(ExplanationError, match="2 clips and 1 annotations"):
        localise([np.zeros(50), np.zeros(50)], [[(0.0, 9.0)]])


def test_a_perfect_map_is_the_best_there_is():
    segments = some_segments(20)
    table = measure_localisation([one.astype(float) for one in truths(segments)], segments)
    assert table.averages == AVERAGES
    assert table.clips.shape == (20, 5, 4)
    for metric in METRICS:
        np.testing.assert_array_equal(table.of(metric), 1.0)
        assert (table.of(metric, 1.0) > table.prevalence).all()
    inverted = measure_localisation([1.0 - one for one in truths(segments)], segments)
    for metric in ("roc-auc", "relevance-mass", "pointing"):
        np.testing.assert_array_equal(inverted.of(metric), 0.0)
    assert (inverted.of("average-precision") <= table.prevalence).all()


def test_random_maps_are_at_chance_at_every_resolution():
    random = np.random.default_rng(3)
    segments = some_segments(150)
    values = [random.normal(size=200) for _ in segments]
    table, prevalence = measure_localisation(values, segments), 0.25
    chance = measure_chance([200] * 150, segments, draws=10, seed=1)
    np.testing.assert_allclose(table.prevalence, prevalence, atol=0.006)
    for average in AVERAGES:
        assert_inside(0.5, table.estimate("roc-auc", average))
        assert_inside(0.0, table.difference(chance, "average-precision", average))
    expected = chance_average_precision(50, 200)
    assert_inside(expected, table.estimate("average-precision"))
    assert chance.of("average-precision").mean() == pytest.approx(expected, abs=0.005)
    assert chance.of("average-precision", 1.0).mean() > expected + 0.03
    for metric in ("relevance-mass", "pointing"):
        assert_inside(prevalence, table.estimate(metric))
        assert chance.of(metric).mean() == pytest.approx(prevalence, abs=0.03)


def assert_inside(value, estimate):
    reach = 0.35 * (estimate.high - estimate.low)  # 0.95 in many intervals at once is too narrow
    assert estimate.low - reach <= value <= estimate.high + reach


def test_maps_that_say_nothing_are_at_chance():
    segments = some_segments(5)
    for nothing in (np.zeros(200), np.full(200, 0.1)):
        table = measure_localisation([nothing] * 5, segments)
        for average in AVERAGES:
            np.testing.assert_array_equal(table.of("roc-auc", average), 0.5)
            for metric in ("average-precision", "relevance-mass", "pointing"):
                np.testing.assert_allclose(table.of(metric, average), table.prevalence)


def test_every_entry_is_what_one_clip_alone_gives():
    random = np.random.default_rng(4)
    lengths = (200, 150, 200, 90)
    segments = [[(0.3, 0.9), (1.2, 1.5)], [(0.5, 1.1)], [(2.0, 3.0)], [(0.2, 1.0)]]
    values = [random.normal(size=length) for length in lengths]
    table = measure_localisation(values, segments, averages=(0.0, 0.25, 0.5))
    for clip, (one, length) in enumerate(zip(values, lengths, strict=True)):
        truth = frame_truth(segments[clip], 0.02, length)
        assert table.prevalence[clip] == truth.mean()
        for average, width in [(0.0, 1), (0.25, 12), (0.5, 25)]:
            smooth = moving_average(one, width)
            positive = smooth.clip(min=0)
            expected = {
                "roc-auc": roc_auc_score(truth, smooth),
                "average-precision": average_precision_score(truth, smooth),
                "relevance-mass": positive[truth].sum() / positive.sum(),
                "pointing": float(truth[smooth.argmax()]),
            }
            for metric, value in expected.items():
                assert table.of(metric, average)[clip] == pytest.approx(value, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([2.0**-70, 0.5, 2.0**60]))
def test_the_scale_of_relevance_does_not_count(seed, scale):
    random = np.random.default_rng(seed)
    segments = some_segments(3, seed)
    values = [random.integers(-4, 5, size=200).astype(float) for _ in segments]
    table = measure_localisation(values, segments)
    scaled = measure_localisation([scale * one for one in values], segments)
    np.testing.assert_allclose(scaled.clips, table.clips, rtol=1e-12)


def test_relevance_mass_of_the_faint_and_the_strong():
    truth = np.array([False, True, True])
    for scale in (1e-320, 1e-30, 1e308):
        values = scale * np.array([1.0, 1.0, 0.5])
        assert relevance_masses(values, truth) == pytest.approx(0.6, abs=1e-3)
    assert relevance_masses(-np.ones(3), truth) == pytest.approx(2 / 3)


def test_pointing_shares_among_equals():
    truth = np.array([[True, False, False], [True, True, False]])
    values = np.array([[2.0, 2.0, 1.0], [0.0, 3.0, 1.0]])
    np.testing.assert_array_equal(pointing_accuracies(values, truth), [0.5, 1.0])


def test_differences_are_paired():
    random = np.random.default_rng(5)
    segments = some_segments(60)
    noise = [random.normal(size=200) for _ in segments]
    better = measure_localisation(
        [one + 0.5 * truth for one, truth in zip(noise, truths(segments), strict=True)], segments
    )
    worse = measure_localisation(noise, segments)
    speakers = [index // 3 for index in range(60)]
    found = better.difference(worse, "roc-auc", 0.5, speakers)
    assert found.low > 0
    assert found.mean == pytest.approx(
        better.estimate("roc-auc", 0.5).mean - worse.estimate("roc-auc", 0.5).mean
    )


@pytest.mark.parametrize("metric", list(METRICS))
def test_every_measure_needs_both_kinds(metric):
    for truth in (np.ones(4, dtype=bool), np.zeros(4, dtype=bool)):
        with pytest.raises(ExplanationError, match="needs both"):
            METRICS[metric](np.arange(4.0), truth)


def test_what_cannot_be_measured_is_refused():
    values, segments = [np.arange(50.0)], [[(0.1, 0.5)]]
    with pytest.raises(ExplanationError, match="averages of zero or more"):
        measure_localisation(values, segments, averages=(-0.1,))
    with pytest.raises(ExplanationError, match="averages of zero or more"):
        measure_localisation(values, segments, averages=())
    with pytest.raises(ExplanationError, match="at least one"):
        measure_chance([50], segments, draws=0)
    table = measure_localisation(values, segments, averages=(0.0, 0.5))
    with pytest.raises(ExplanationError, match=r"'roc-auc' over 0.3 s was not measured.*0, 0.5 s"):
        table.of("roc-auc", 0.3)
    with pytest.raises(ExplanationError, match="average-precision"):
        table.of("precision")
