import numpy as np
import pytest

from xaudio.errors import MetricError
from xaudio.metrics import cllr
from xaudio.metrics.calibration import (
    cluster_folds,
    fit_logistic,
    held_out_llrs,
    held_out_maps,
)


def test_a_held_out_clip_is_judged_by_the_others():
    random = np.random.default_rng(0)
    scores, human = random.normal(0, 1, 30), np.arange(30) % 3 == 0
    speakers = np.arange(30) % 5
    folds = cluster_folds(human, speakers)
    llrs = held_out_llrs(scores, held_out_maps(scores, human, folds), folds)
    for fold in range(5):
        kept = folds != fold
        fitted = fit_logistic(scores[kept & human], scores[kept & ~human])
        np.testing.assert_allclose(llrs[~kept], fitted.llrs(scores[~kept]), atol=1e-8)


@pytest.mark.parametrize("folds", [2, 3, 20])
def test_speakers_stay_together_and_both_classes_remain(folds):
    random = np.random.default_rng(1)
    for _ in range(50):
        speakers = random.integers(0, 12, 60)
        kinds = random.integers(0, 3, 12)  # bona fide alone, spoof alone, both
        human = np.where(kinds[speakers] == 2, random.random(60) < 0.5, kinds[speakers] == 0)
        held = [len(set(speakers[human])), len(set(speakers[~human]))]
        if min(held) < 2:
            continue
        dealt = cluster_folds(human, speakers, folds)
        assert dealt.max() == min(folds, len(set(speakers))) - 1
        for speaker in set(speakers):
            assert len(set(dealt[speakers == speaker])) == 1
        for fold in range(dealt.max() + 1):
            kept = human[dealt != fold]
            assert kept.any() and not kept.all()


def test_held_out_figures_are_not_flattered():
    """Scores that know nothing: fitted on themselves they seem to help, held out they do not."""
    random = np.random.default_rng(2)
    flattered, honest = [], []
    for _ in range(60):
        scores, human = random.normal(0, 1, 16), np.arange(16) % 2 == 0
        fitted = fit_logistic(scores[human], scores[~human]).llrs(scores)
        folds = cluster_folds(human, np.arange(16))
        held_out = held_out_llrs(scores, held_out_maps(scores, human, folds), folds)
        flattered.append(cllr(fitted[human], fitted[~human]))
        honest.append(cllr(held_out[human], held_out[~human]))
    assert np.mean(flattered) < 1.0 < np.mean(honest)


@pytest.mark.parametrize(
    ("human", "speakers", "part"),
    [
        ([True, True, False, False], ["a", "a", "b", "c"], "bona fide clips come from 1"),
        ([True, True, False, False], ["a", "b", "c", "c"], "spoofed clips come from 1"),
        ([True, False], ["a"], "1 clusters"),
    ],
)
def test_refuses_too_few_speakers(human, speakers, part):
    with pytest.raises(MetricError, match=part):
        cluster_folds(np.array(human), speakers)
    with pytest.raises(MetricError, match="two folds"):
        cluster_folds(np.array([True, False]), ["a", "b"], folds=1)
