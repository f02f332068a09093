import pytest
import torch

from perturbations.attacks import PeakBudget, load_attack
from perturbations.attacks.expectation import (
    corruptions_of,
    expected_logits,
    rounded,
    straight_through,
    unchanged,
)
from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import RATE, Linear, attacked, clips
from tests.perturbations.signals import keys, speech_like


def test_the_mean_over_transformations_of_a_linear_model():
    model, clean = Linear(200), clips()
    turned = [unchanged, lambda waveform: -0.5 * waveform, lambda waveform: waveform.roll(3, 1)]
    steady = expected_logits(model, turned)
    expected = torch.stack([model(transform(clean)) for transform in turned]).mean(dim=0)
    assert torch.allclose(steady(clean), expected, atol=1e-5)
    weight = (0.5 * model.weight + model.weight.roll(-3)) / 3
    result = attacked(load_attack("pgd", stop_at=1e9), steady, clean, PeakBudget(0.01))
    assert torch.allclose(result.waveform - clean, 0.01 * weight.sign().expand(3, -1), atol=1e-6)


def test_an_attack_through_a_filter_outlives_it():
    clean = clips(2, 2000)
    model = Linear(2000, bias=-15.0)
    low_pass = load_corruption("low-pass")
    (filtered,) = corruptions_of(low_pass, RATE, severity=5)
    budget, attack = PeakBudget(0.02), load_attack("pgd", stop_at=1e9)
    plain = attacked(attack, model, clean, budget).waveform
    sturdy = attacked(attack, expected_logits(model, [filtered]), clean, budget).waveform
    after = low_pass.apply(torch.cat([plain, sturdy]), RATE, 5, keys(4)).waveform
    assert torch.allclose(filtered(sturdy), after[2:], atol=1e-6)
    score = model.score(after)
    assert (score[2:] > score[:2] + 3).all()


def test_draws_of_a_random_corruption_differ_and_stay():
    noise = corruptions_of(load_corruption("white-noise"), RATE, severity=2, draws=3)
    clean = speech_like(2, 0.1)
    first = [transform(clean) for transform in noise]
    assert not torch.allclose(first[0], first[1]) and not torch.allclose(first[1], first[2])
    assert all(
        torch.equal(one, transform(clean)) for one, transform in zip(first, noise, strict=True)
    )


def test_straight_through_rounding_still_has_gradients_and_exact_values():
    model, clean = Linear(200, bias=-1.0), clips()
    on_file = expected_logits(model, [straight_through(rounded)])
    assert torch.allclose(on_file(clean), model(rounded(clean)), atol=1e-4)
    with pytest.raises(CorruptionError, match="gradients"):
        attacked(load_attack("pgd"), lambda x: model(rounded(x).detach()), clean, PeakBudget(0.01))
    result = attacked(load_attack("pgd"), on_file, clean, PeakBudget(0.02))
    assert result.succeeded.all() and (model.score(rounded(result.waveform)) > 0).all()


def test_what_changes_the_length_is_cut_or_filled():
    clean = clips(2, 100)
    longer = straight_through(lambda waveform: torch.cat([waveform, waveform], dim=1))
    shorter = straight_through(lambda waveform: waveform[:, :60])
    assert torch.allclose(longer(clean), clean, atol=1e-6)
    assert torch.allclose(shorter(clean)[:, :60], clean[:, :60], atol=1e-6)
    assert shorter(clean).shape == clean.shape and shorter(clean)[:, 60:].abs().max() < 1e-6


def test_rounding_is_what_a_16_bit_file_holds():
    waveform = torch.tensor([[-1.0, 1.0, 0.3, -1e-5, 2e-5]])
    assert (rounded(waveform) * 32768).tolist() == [[-32768, 32767, 9830, 0, 1]]


def test_nothing_to_expect_over_is_refused():
    with pytest.raises(CorruptionError):
        expected_logits(Linear(5), [])
    with pytest.raises(CorruptionError):
        corruptions_of(load_corruption("low-pass"), RATE, severity=6)
