"""Attacks on explanations whose best is known."""

import math

import pytest
import torch

from perturbations.attacks import EnergyBudget, MaskingBudget, PeakBudget, SnrBudget, load_attack
from perturbations.attacks.explanations import (
    AwayFromMap,
    AwayFromRanks,
    AwayFromStrongest,
    ExplanationObjective,
    KeptDecision,
    TowardsMap,
    aim_named,
    noise_within,
)
from perturbations.attacks.explanations.noise import begin_from
from perturbations.attacks.explanations.objective import NOT_KEPT
from perturbations.attacks.explanations.similarity import cosine_similarity
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.explanations.models import (
    Constant,
    Curved,
    clips,
    energy,
    energy_gradient,
)
from tests.perturbations.signals import keys

RATE = 16_000
RADIUS = 0.8
FURTHEST = AwayFromMap  # with limits nothing reaches, an attack goes as far as it can


def attacked(attack, objective, waveform, budget):
    noisy = noise_within(waveform, budget, RATE, keys(len(waveform)))
    start = begin_from(objective, waveform, noisy)
    return attack.pursue(objective, waveform, budget, RATE, keys(len(waveform)), earlier=start)


def objective_of(logits, relevance, waveform, aim=None, **kept):
    clean = relevance(waveform).detach()
    decided = KeptDecision.of(logits(waveform), **kept)
    return ExplanationObjective(logits, relevance, decided, (aim or AwayFromMap)(clean))


def away(clean):
    return FURTHEST(clean, cosine=-2.0)


def turned(waveform, found):
    return cosine_similarity(energy_gradient(waveform), energy_gradient(found.waveform))


@pytest.mark.parametrize("name", ["pgd", "apgd", "momentum-pgd"])
def test_the_gradient_of_an_energy_turns_as_far_as_the_ball_allows(name):
    """On the sphere of equal energy by the chord, with any energy by the tangent."""
    waveform = clips()
    limits = {
        0.02: 1 - RADIUS**2 / 2,
        math.inf: math.sqrt(1 - RADIUS**2),
    }
    for tolerance, best in limits.items():
        objective = objective_of(energy, energy_gradient, waveform, away, tolerance=tolerance)
        attack = load_attack(name, steps=300)
        found = attacked(attack, objective, waveform, EnergyBudget(RADIUS))
        cosine = turned(waveform, found)
        assert (cosine < best + 0.03).all(), (name, tolerance)
        slack = 0.02 if tolerance < 1 else 1e-4
        assert (cosine > best - slack).all()
        lead = energy(found.waveform)[:, 1] - energy(found.waveform)[:, 0]
        assert ((lead - 1).abs() <= tolerance + 1e-6).all()


def test_noise_turns_it_less_and_is_where_an_attack_begins():
    waveform = clips()
    objective = objective_of(energy, energy_gradient, waveform, away)
    budget = EnergyBudget(RADIUS)
    noisy = noise_within(waveform, budget, RATE, keys(3))
    assert torch.allclose((noisy - waveform).norm(dim=1), torch.full((3,), RADIUS), atol=1e-4)
    by_noise = cosine_similarity(waveform, noisy)
    start = begin_from(objective, waveform, noisy)
    for name, settings in {"fgsm": {}, "pgd": {"steps": 1}, "square": {"queries": 2}}.items():
        attack = load_attack(name, **settings)
        found = attack.pursue(objective, waveform, budget, RATE, keys(3), earlier=start)
        assert (turned(waveform, found) <= by_noise + 1e-6).all(), name


def test_square_turns_it_without_gradients():
    waveform = clips()

    def opaque(moved):
        return energy_gradient(moved).detach()

    objective = objective_of(energy, opaque, waveform, away, tolerance=0.3)
    found = attacked(load_attack("square", queries=800), objective, waveform, EnergyBudget(RADIUS))
    assert (turned(waveform, found) < 0.72).all()
    with pytest.raises(CorruptionError, match=r"explanation gives no gradients.*square"):
        attacked(load_attack("pgd"), objective, waveform, EnergyBudget(RADIUS))


def test_the_explanation_of_a_linear_model_cannot_be_moved():
    waveform = clips()
    linear = Constant(40)
    objective = objective_of(linear, linear.gradient, waveform)
    found = attacked(load_attack("square", queries=50), objective, waveform, PeakBudget(0.5))
    assert not found.succeeded.any()
    assert found.score_after.tolist() == pytest.approx([-1.3] * 3, abs=1e-5)


@pytest.mark.parametrize("name", ["pgd", "apgd", "square"])
@pytest.mark.parametrize(
    "budget", [PeakBudget(0.05), SnrBudget(10.0), EnergyBudget(0.4), MaskingBudget(20.0)]
)
def test_what_is_given_back_keeps_the_decision_and_the_budget(name, budget):
    length = 2000 if isinstance(budget, MaskingBudget) else 40
    waveform = clips(6, length, norm=1.0 if length == 40 else 0.3)
    model = Curved(length)
    for tolerance in (0.2, math.inf):
        objective = objective_of(model, model.relevance, waveform, away, tolerance=tolerance)
        attack = load_attack(name, **({"queries": 40} if name == "square" else {"steps": 15}))
        found = attacked(attack, objective, waveform, budget)
        before, after = model(waveform), model(found.waveform)
        assert torch.equal(before.argmax(1), after.argmax(1))
        first, second = (each.topk(2).values.diff().abs()[:, 0] for each in (before, after))
        assert ((first - second).abs() <= tolerance + 1e-5).all()
        gauge = budget.around(waveform, RATE).gauge(found.waveform - waveform)
        assert (gauge <= 1 + 1e-4).all()
        assert (found.score_after >= found.score_before).all()


def test_a_decision_that_is_lost_is_worse_than_any_that_is_kept():
    waveform = clips(2)
    objective = objective_of(energy, energy_gradient, waveform, away, threshold=0.9, tolerance=0.3)
    rows = torch.arange(2)
    for scale, excess in ((0.9, 0.9 - 0.81), (1.2, 0.44 - 0.3), (1.1, None)):
        margin = objective(scale * waveform, rows).margin
        expected = -3.0 if excess is None else NOT_KEPT - excess
        # The aim cannot be met: what is missing is 3 of the cosine and 0.7 of the overlap.
        expected = -3.7 if excess is None else expected
        assert margin.tolist() == pytest.approx([expected] * 2, abs=1e-4)
    turned_away = objective(-waveform, rows)  # the same score, the opposite map
    assert turned_away.margin.tolist() == pytest.approx([-1.7] * 2, abs=1e-4)


def test_the_penalty_leads_back_to_the_decision():
    waveform = clips(1)
    objective = objective_of(energy, energy_gradient, waveform, away, tolerance=0.1)
    rows = torch.arange(1)
    losses = [float(objective(scale * waveform, rows).loss[0]) for scale in (1.0, 1.04, 1.1, 1.3)]
    # All have the same map; beyond nine tenths of the tolerance the loss falls with the score.
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[1] - losses[2] == pytest.approx(10 * (1.1 + 0.1), abs=1e-3)
    assert losses[1] - losses[3] == pytest.approx(10 * (5.9 + 0.1), abs=1e-3)


def test_the_label_need_not_be_that_of_the_largest_logit():
    """A detector with a threshold of its own decides against its larger logit."""
    logits = torch.tensor([[0.0, 0.4]])
    kept = KeptDecision.of(logits, torch.tensor([0]), threshold=-0.5)
    rows = torch.tensor([0])
    assert float(kept.excess(logits, rows)) == pytest.approx(-0.1)
    assert float(kept.excess(torch.tensor([[0.0, 0.6]]), rows)) == pytest.approx(0.1)
    with pytest.raises(CorruptionError, match=r"0\.0.*above 0"):
        KeptDecision.of(logits, tolerance=0.0)


def test_margins_by_hand():
    clean = torch.tensor([[4.0, 3.0] + [0.0] * 8])
    rows = torch.tensor([0])
    moved = torch.tensor([[0.0, 4.0, -3.0] + [0.0] * 7])  # cosine 12/25, other strongest cell

    def margin(aim, relevance):
        return float(aim.margin(relevance, rows))

    assert margin(AwayFromMap(clean), moved) == pytest.approx(0.4 - 0.48)
    assert margin(AwayFromMap(clean, cosine=0.5), moved) == pytest.approx(0.02)
    assert margin(AwayFromMap(clean, cosine=0.5, share=0.2), moved) == pytest.approx(0.3 - 0.5)
    assert margin(AwayFromStrongest(clean), moved) == pytest.approx(0.5 * 4 / 7)
    assert margin(AwayFromStrongest(clean, share=0.2), moved) == pytest.approx(0.5 - 4 / 7)
    assert margin(TowardsMap(moved, cosine=0.9), moved) == pytest.approx(0.1)
    assert margin(AwayFromRanks(clean), clean) == pytest.approx(0.3 - 1)
    rolled = TowardsMap.rolled(clean).reference
    assert rolled[0, 5:7].tolist() == [4.0, 3.0] and float(rolled.sum()) == 7


@pytest.mark.parametrize("name", ["away", "ranks", "strongest", "rolled"])
def test_every_aim_can_be_reached_where_anything_goes(name):
    waveform = clips()
    wide = EnergyBudget(1.9)

    def squares(moved):
        return moved * energy_gradient(moved)

    objective = objective_of(energy, squares, waveform, lambda clean: aim_named(name, clean))
    found = attacked(load_attack("pgd", steps=100), objective, waveform, wide)
    assert found.succeeded.all()
    assert not (found.score_before > 0).any()


def test_a_wrong_name_and_other_cells_are_refused():
    with pytest.raises(CorruptionError, match=r"sideways.*away, ranks"):
        aim_named("sideways", torch.ones(1, 3))
    with pytest.raises(CorruptionError, match=r"2 cells.*3"):
        AwayFromMap(torch.ones(1, 3)).margin(torch.ones(1, 2), torch.tensor([0]))
