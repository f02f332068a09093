import numpy as np
import pytest
import torch

from perturbations.attacks import (
    EnergyBudget,
    MaskingBudget,
    PeakBudget,
    SnrBudget,
    load_attack,
)
from perturbations.attacks.square import stripes
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import RATE, Linear, attacked, clips, towards_one
from tests.perturbations.signals import keys, speech_like


class Watched(Linear):
    """Keeps every waveform it is asked about and gives no gradients."""

    def __init__(self, length, bias):
        super().__init__(length, bias)
        self.seen = []

    def __call__(self, waveform):
        self.seen.append(waveform.clone())
        return super().__call__(waveform).detach()


@pytest.mark.parametrize("budget", [PeakBudget(0.02), SnrBudget(18.0), EnergyBudget(0.2)])
@pytest.mark.parametrize("loudness", [0.1, 0.9])
def test_it_never_leaves_the_ball_or_the_range(budget, loudness):
    clean, model = clips(1, 300, loudness), Watched(300, -100.0)
    attacked(load_attack("square", queries=150), model, clean, budget)
    ball = budget.around(clean, RATE)
    assert len(model.seen) == 151
    for waveform in model.seen:
        assert ball.gauge(waveform - clean) <= 1.0002 and waveform.abs().max() <= 1


def test_it_never_leaves_the_masked_ball():
    clean = speech_like(1, 0.3)
    model = Watched(clean.shape[1], -100.0)
    attacked(load_attack("square", queries=30), model, clean, MaskingBudget())
    ball = MaskingBudget().around(clean, RATE)
    assert all(ball.gauge(waveform - clean) <= 1.001 for waveform in model.seen)


@pytest.mark.parametrize("budget", [PeakBudget(0.03), EnergyBudget(0.6)])
def test_it_goes_most_of_the_way_on_a_linear_model(budget):
    clean, model = clips(2, 200), Linear(200, bias=-60.0)
    best = attacked(load_attack("pgd", stop_at=1e9), model, clean, budget).score_after
    result = attacked(load_attack("square", queries=1500), model, clean, budget)
    way = (result.score_after - result.score_before) / (best - result.score_before)
    assert (way > 0.6).all() and (way <= 1).all()
    assert (result.history.diff(dim=0) >= 0).all()


def test_it_succeeds_stops_and_counts():
    clean, model = clips(3, 200), Linear(200, bias=-2.0)
    result = attacked(load_attack("square"), model, clean, PeakBudget(0.06))
    assert result.succeeded.all() and (model.score(result.waveform) > 0).all()
    assert int(result.evaluations.sum()) == model.calls and (result.evaluations < 400).any()


def test_the_key_decides_alone_or_in_a_batch():
    clean, model = clips(3, 200), Linear(200, bias=-60.0)
    attack, budget = load_attack("square", queries=40), PeakBudget(0.02)
    together = attacked(attack, model, clean, budget).waveform
    run = attack.run(model, clean[1:2], towards_one(1), budget, RATE, keys(3)[1:2])
    assert torch.allclose(run.waveform, together[1:2], atol=1e-6)
    other = attack.run(model, clean[1:2], towards_one(1), budget, RATE, keys(1, repeat=1))
    assert not torch.allclose(other.waveform, run.waveform)


def test_stripes_are_signs_of_one_width():
    drawn = [stripes(np.random.default_rng(seed), 256) for seed in range(40)]
    assert all(set(each) <= {-1.0, 1.0} and len(each) == 256 for each in drawn)
    first_runs = {int(np.argmax(each != each[0])) for each in drawn}
    assert min(first_runs) <= 2 and max(first_runs) > 20


def test_short_clips_and_settings():
    result = attacked(load_attack("square", queries=5), Linear(2), clips(1, 2), PeakBudget(0.1))
    assert result.waveform.shape == (1, 2)
    for settings in ({"queries": 0}, {"first_share": 0.0}, {"first_share": 1.5}):
        with pytest.raises(CorruptionError):
            load_attack("square", **settings)
