import math

import pytest
import torch

from perturbations.attacks import AwayFrom, EnergyBudget, PeakBudget, load_attack
from tests.perturbations.attacks.models import Bent, Linear, attacked, clips

UNLIMITED = PeakBudget(2.0)
NAMES = ("carlini-wagner", "ddn")


def norms(result, clean):
    return (result.waveform - clean).double().norm(dim=1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bias", [-0.05, -2.0])
def test_the_smallest_perturbation_of_a_linear_model_is_its_distance(name, bias):
    clean = clips(3, 400)
    model = Linear(400)
    clean -= (model.score(clean) / model.weight.square().sum())[:, None] * model.weight
    clean, model.bias = clean.float(), bias
    result = attacked(load_attack(name), model, clean, UNLIMITED)
    distance = -model.score(clean) / model.weight.double().norm()
    assert result.succeeded.all() and (model.score(result.waveform) > 0).all()
    ratio = norms(result, clean) / distance
    assert (ratio >= 1 - 1e-5).all() and (ratio < 1.02).all()
    expected = 20 * torch.log10(clean.double().norm(dim=1) / norms(result, clean))
    assert torch.allclose(result.snr_db.double(), expected, atol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_no_budget_attack_succeeds_with_much_less(name):
    clean, model = clips(6, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    result = attacked(load_attack(name), model, clean, UNLIMITED, goal)
    assert result.succeeded.all()
    for clip, found, label in zip(clean, norms(result, clean), goal.labels, strict=True):
        smaller = EnergyBudget(0.8 * float(found))
        pgd = load_attack("pgd", restarts=3)
        held = attacked(pgd, model, clip[None], smaller, AwayFrom(label[None]))
        assert not held.succeeded.any()


@pytest.mark.parametrize("name", NAMES)
def test_history_is_the_ratio_reached_and_the_budget_a_limit(name):
    clean, model = clips(4, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    result = attacked(load_attack(name), model, clean, UNLIMITED, goal)
    assert (result.history[0] == -math.inf).all()
    assert (result.history[1:] >= result.history[:-1]).all()
    assert torch.allclose(result.history[-1], result.snr_db, atol=1e-3)
    tight = EnergyBudget(0.5 * float(norms(result, clean).min()))
    held = attacked(load_attack(name), model, clean, tight, goal)
    assert not held.succeeded.any() and (held.history == -math.inf).all()
    assert (norms(held, clean) <= tight.norm * 1.00001).all()
    assert (held.score_after > held.score_before).all()


@pytest.mark.parametrize("name", NAMES)
def test_clips_that_are_there_already_stay_as_they_are(name):
    clean = clips(2)
    model = Linear(200, bias=100.0)
    result = attacked(load_attack(name, steps=5), model, clean, UNLIMITED)
    assert result.succeeded.all() and torch.equal(result.waveform, clean)


def test_shrinking_alone_reaches_the_boundary_along_the_ray():
    clean, model = clips(2, 100), Linear(100, bias=-5.0)
    result = attacked(load_attack("ddn", steps=3, start_snr_db=0.0), model, clean, UNLIMITED)
    assert (model.score(result.waveform).abs() < 0.02).all()
