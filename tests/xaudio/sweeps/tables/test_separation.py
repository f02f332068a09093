"""Replicates from bins of scores, beside the exact ones of each single replicate."""

import numpy as np
import pytest

from xaudio.metrics import eer, eer_threshold
from xaudio.metrics.uncertainty.ranking import EqualErrorRate
from xaudio.sweeps.tables import separation as module
from xaudio.sweeps.tables.clips import Clips
from xaudio.sweeps.tables.draws import Draws
from xaudio.sweeps.tables.separation import separation


def clips_of(is_bonafide, speakers):
    import pyarrow as pa

    names = [str(n) for n in range(len(is_bonafide))]
    labels = np.where(is_bonafide, "bonafide", "spoof")
    return Clips.of(
        pa.table({"clip": names, "digest": names, "label": labels, "speaker": speakers})
    )


def made(clips, seed=0, apart=1.2, decimals=None):
    random = np.random.default_rng(seed)
    is_bonafide = random.random(clips) < 0.3
    scores = random.normal(np.where(is_bonafide, apart, -apart), 1.0)
    speakers = [f"s{n % 40}" for n in range(clips)]
    if decimals is not None:
        scores = scores.round(decimals)
    return scores, is_bonafide, clips_of(is_bonafide, speakers)


@pytest.mark.parametrize("decimals", [None, 1])
def test_few_scores_are_exact_in_every_draw(decimals):
    scores, is_bonafide, clips = made(300, decimals=decimals)
    draws = Draws.of(clips, samples=40, seed=1, cluster="speaker")
    found = separation(scores, is_bonafide, np.arange(300), draws)
    assert found.eer == eer(scores[is_bonafide], scores[~is_bonafide])
    assert found.threshold == eer_threshold(scores[is_bonafide], scores[~is_bonafide])
    for draw in range(40):
        times = draws.weights[draws.part, draw].astype(int)
        again, human = np.repeat(scores, times), np.repeat(is_bonafide, times)
        assert found.eers[draw] == pytest.approx(eer(again[human], again[~human]), abs=1e-12)
        reached = found.thresholds[draw]
        rates = np.mean(again[human] < reached), np.mean(again[~human] >= reached)
        assert np.mean(rates) == pytest.approx(found.eers[draw], abs=1e-12)
    of_metrics = EqualErrorRate()(scores, is_bonafide, draws.weights[draws.part].T.astype(float))
    assert found.eers == pytest.approx(of_metrics)


def test_a_tie_between_two_thresholds_goes_to_the_lower_one_as_in_the_metric():
    """Four clips a class: error rates are quarters, and often just as far apart on both sides."""
    is_bonafide = np.array([True, False] * 4)
    scores = np.array([4.0, 1.0, 2.0, 3.0, 5.0, 0.0, 2.5, 3.5])
    draws = Draws.of(clips_of(is_bonafide, [None] * 8), samples=300, seed=1, cluster="clip")
    found = separation(scores, is_bonafide, np.arange(8), draws)
    for draw in range(300):
        times = draws.weights[draws.part, draw].astype(int)
        again, human = np.repeat(scores, times), np.repeat(is_bonafide, times)
        assert found.eers[draw] == eer(again[human], again[~human])


def test_bins_of_many_scores_cost_next_to_nothing(monkeypatch):
    for apart in (0.3, 1.2, 2.5):
        scores, is_bonafide, clips = made(20_000, seed=2, apart=apart)
        draws = Draws.of(clips, samples=60, seed=1, cluster="speaker")
        place = np.arange(20_000)
        binned = separation(scores, is_bonafide, place, draws)
        with monkeypatch.context() as patch:
            patch.setattr(module, "MOST_THRESHOLDS", 10**6)
            exact = separation(scores, is_bonafide, place, draws)
        assert binned.eer == exact.eer == eer(scores[is_bonafide], scores[~is_bonafide])
        for coarse, fine in ((binned.eers, exact.eers), (binned.thresholds, exact.thresholds)):
            off, spread = coarse[:60] - fine[:60], fine[:60].std()
            assert 0 < np.sqrt(np.mean(off**2)) < 0.03 * spread
            assert coarse[:60].std() == pytest.approx(spread, rel=0.01)


def test_a_draw_without_a_class_has_no_rate():
    scores, is_bonafide, clips = made(300)
    draws = Draws.of(clips, samples=30, seed=1, cluster="speaker")
    few = np.concatenate((np.flatnonzero(~is_bonafide), np.flatnonzero(is_bonafide)[:1]))
    found = separation(scores[few], is_bonafide[few], few, draws)
    lacking = draws.weights[draws.part[few[-1]]] == 0
    assert 0 < lacking.sum() < lacking.size
    assert (np.isnan(found.eers) == lacking).all()
    assert (np.isnan(found.thresholds) == lacking).all()
