import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from perturbations.attacks import EnergyBudget, MaskingBudget, PeakBudget, SnrBudget
from perturbations.attacks.budgets import check_range
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import RATE, clips
from tests.perturbations.signals import snr, speech_like

BUDGETS = (PeakBudget(0.05), EnergyBudget(0.2), SnrBudget(15.0))


def members(ball, count=200, seed=0):
    """Random members of a ball, most on its surface or at the end of the range."""
    drawn = np.random.default_rng(seed)
    for _ in range(count):
        direction = torch.from_numpy(drawn.standard_normal(ball.clean.shape)).float()
        direction = direction * torch.from_numpy(drawn.random(ball.clean.shape) < 0.3)
        grown = direction / ball.gauge(direction).clamp(min=1e-9)[:, None]
        yield ball.within_range(grown * drawn.choice([0.3, 1.0]))


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("loudness", [0.1, 0.9])
def test_no_member_of_the_ball_is_nearer_than_the_projection(budget, loudness):
    clean = clips(4, 6, loudness)
    ball = budget.around(clean, RATE)
    delta = clips(4, 6, 0.4, seed=2)
    projected = ball.project(delta)
    assert (ball.gauge(projected) <= 1 + 1e-5).all()
    assert ((clean + projected).abs() <= 1).all()
    for member in members(ball):
        # For a convex set: the way back is at no acute angle with any way further in.
        angle = ((delta - projected) * (member - projected)).sum(dim=1)
        assert (angle <= 1e-4).all()


def test_the_projection_on_energy_and_range_is_the_one_a_solver_finds():
    clean = torch.tensor([[0.95, -0.9, 0.5, 0.99]])
    delta = torch.tensor([[0.4, -0.3, 0.2, 0.3]])
    found = EnergyBudget(0.25).project(delta, clean, RATE)[0].double().numpy()
    start, wanted = clean[0].double().numpy(), delta[0].double().numpy()
    solved = minimize(
        lambda x: ((x - wanted) ** 2).sum(),
        np.zeros(4),
        bounds=list(zip(-1 - start, 1 - start, strict=True)),
        constraints={"type": "ineq", "fun": lambda x: 0.25**2 - (x**2).sum()},
    )
    assert found == pytest.approx(solved.x, abs=1e-4)


@pytest.mark.parametrize("budget", BUDGETS)
def test_nothing_in_the_ball_rises_more_than_the_steepest(budget):
    ball = budget.around(clips(3, 8, 0.05), RATE)
    gradient = clips(3, 8, seed=5)
    best = (ball.steepest(gradient) * gradient).sum(dim=1)
    assert torch.allclose(ball.gauge(ball.steepest(gradient)), torch.ones(3))
    for member in members(ball):
        assert ((member * gradient).sum(dim=1) <= best + 1e-6).all()


@pytest.mark.parametrize("budget", [*BUDGETS, MaskingBudget()])
def test_draws_are_inside_and_spread_out(budget):
    clean = speech_like(3, 0.3)
    ball = budget.around(clean, RATE)
    drawn = ball.draw([np.random.default_rng(seed) for seed in range(3)])
    again = ball.draw([np.random.default_rng(seed) for seed in range(3)])
    assert torch.equal(drawn, again)
    assert (ball.gauge(drawn) <= 1 + 1e-5).all() and (ball.gauge(drawn) > 0.4).all()
    assert not torch.allclose(drawn[0], drawn[1])
    assert torch.equal(ball.project(drawn), drawn) or torch.allclose(ball.project(drawn), drawn)


def test_an_snr_budget_is_relative_to_each_clip():
    clean = clips(3, 1000) * torch.tensor([[1.0], [0.1], [0.01]])
    delta = clips(3, 1000, 1.0, seed=9)
    moved = clean + SnrBudget(25.0).project(delta, clean, RATE)
    assert snr(clean, moved).tolist() == pytest.approx([25.0] * 3, abs=1e-3)


def test_silence_leaves_no_room_and_no_nan():
    silent = torch.zeros(1, 100)
    ball = SnrBudget(20.0).around(silent, RATE)
    assert not ball.project(clips(1, 100)).any()
    assert not ball.fill(clips(1, 100)).any()
    assert not ball.steepest(silent).any()


def test_fill_is_as_large_as_the_budget():
    clean = 0.5 * speech_like(2, 0.3)
    for budget in (*BUDGETS, MaskingBudget()):
        ball = budget.around(clean, RATE)
        filled = ball.fill(1e-3 * ball.draw([np.random.default_rng(1)] * 2))
        assert ball.gauge(filled).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PeakBudget(0.0),
        lambda: PeakBudget(2.1),
        lambda: PeakBudget(math.nan),
        lambda: EnergyBudget(0.0),
        lambda: EnergyBudget(math.inf),
        lambda: SnrBudget(math.inf),
        lambda: SnrBudget(math.nan),
        lambda: MaskingBudget(math.nan),
        lambda: check_range(torch.full((1, 3), 1.01)),
    ],
)
def test_what_is_no_budget_is_refused(make):
    with pytest.raises(CorruptionError):
        make()
