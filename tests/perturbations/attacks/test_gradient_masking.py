import pytest
import torch

from perturbations.attacks import PeakBudget, check_gradient_masking, load_attack
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import RATE, Bent, Linear, clips, towards_one
from tests.perturbations.signals import keys

BUDGETS = (PeakBudget(0.003), PeakBudget(0.01), PeakBudget(0.05))
SQUARE = load_attack("square", queries=300)


def report(model, clean, budgets=BUDGETS):
    return check_gradient_masking(
        model, clean, towards_one(len(clean)), budgets, RATE, keys(len(clean)), black_box=SQUARE
    )


def test_honest_gradients_raise_no_flag():
    clean = clips(6, 100)
    for model in (Linear(100, bias=-2.0), Bent(100, 2)):
        found = report(model, clean)
        assert found.passed and found.flags == () and len(found.checks) == 5


def test_a_model_that_hides_behind_steps_is_found_out():
    """Coarse rounding: scores a random search can follow, gradients that are all but zero."""
    inner = Linear(100, bias=-2.0)

    def stepped(waveform):
        hidden = (waveform * 100).round() / 100 + 1e-7 * torch.sin(1e5 * waveform)
        return inner(hidden)

    wide = (PeakBudget(0.01), PeakBudget(0.04), PeakBudget(0.1))
    found = report(stepped, clips(6, 100), wide)
    failed = {check.name for check in found.checks if not check.passed}
    assert not found.passed and len(found.flags) == len(failed)
    assert "white box beats black box" in failed
    assert "no limit, no resistance" in failed
    assert "the gradient points uphill" in failed
    assert any("pgd" in flag and "square" in flag and "%" in flag for flag in found.flags)


def test_success_that_falls_with_the_budget_is_flagged():
    inner = Linear(100, bias=-1.0)

    def wary(waveform):
        logits = inner(waveform)
        loud = (waveform.abs().amax(dim=1, keepdim=True) > 0.315).float()
        return torch.where(loud > 0, torch.tensor([[9.0, -9.0]]), logits)

    clean = clips(6, 100, 0.3).clamp(-0.3, 0.3)
    found = report(wary, clean, (PeakBudget(0.01), PeakBudget(0.3)))
    growth = next(check for check in found.checks if "grows" in check.name)
    assert not growth.passed and "falls" in growth.sentence


def test_one_budget_is_refused():
    with pytest.raises(CorruptionError, match="two"):
        report(Linear(100), clips(2, 100), (PeakBudget(0.1),))
