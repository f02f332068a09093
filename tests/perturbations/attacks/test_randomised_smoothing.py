import math

import pytest
import torch
from scipy.stats import binom, norm

from perturbations.attacks import Smoothing, certify_smoothed
from perturbations.attacks.randomised_smoothing import lower_bound, noisy_votes
from perturbations.corruption import Key, generator
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import Linear, clips

QUICK = Smoothing(sigma=0.05, selection=20, estimation=400, batch_size=100)


def test_unanimous_votes_give_the_published_radius():
    # arXiv 2606.04210: sigma 0.0025, radius 0.007996 (10,000 copies, failure 0.001).
    found = certify_smoothed(
        lambda waveform: torch.tensor([[0.0, 1.0]]).expand(len(waveform), 2),
        clips(1, 20)[0],
        Key("a"),
        Smoothing(batch_size=2000),
    )
    assert found.label == 1 and found.votes == 10_000 and found.evaluations == 10_100
    assert found.radius == pytest.approx(0.007996, abs=1e-6)
    norm_of_clip = float(clips(1, 20)[0].norm())
    assert found.snr_db == pytest.approx(20 * math.log10(norm_of_clip / 0.007996), abs=0.001)


def test_no_radius_is_larger_than_the_distance_of_a_linear_model():
    """Its smoothed answer is the same as its own, so that the radius is at most the distance."""
    clean, model = clips(1, 50)[0], Linear(50)
    model.bias = 0.3 - float(model.score(clean[None]))
    distance = 0.3 / float(model.weight.norm())
    found = [certify_smoothed(model, clean, Key(f"clip-{seed}"), QUICK) for seed in range(200)]
    wrong = sum(one.label != 1 or one.radius > distance for one in found if one.label is not None)
    assert wrong <= 2  # a chance of 0.001 each
    assert sum(one.label == 1 for one in found) > 150
    radii = torch.tensor([one.radius for one in found if one.label == 1])
    assert radii.median() > 0.5 * distance  # the bound is not empty either


def test_the_bound_holds_as_often_as_it_says_and_is_exact():
    for probability, trials in ((0.9, 50), (0.6, 200)):
        bounds = [lower_bound(count, trials, 0.05) for count in range(trials + 1)]
        chance = sum(
            float(binom.pmf(count, trials, probability))
            for count, bound in enumerate(bounds)
            if bound > probability
        )
        assert 0.005 < chance <= 0.05
    # Clopper and Pearson: so many or more successes have the chance 0.05 at the bound.
    assert binom.sf(39, 50, lower_bound(40, 50, 0.05)) == pytest.approx(0.05, abs=1e-9)
    assert lower_bound(0, 10, 0.05) == 0


def test_the_votes_are_those_of_gaussian_noise_with_nothing_between():
    """Far beyond [-1, 1]: clipping or a change of gain would shift the shares."""
    clean = torch.full((30,), 0.9)
    model = Linear(30)
    model.weight = torch.ones(30) / 30
    model.bias = -1.0
    votes = noisy_votes(model, clean, 2.0, 20_000, generator("test", 1, Key("a")), 5000)
    expected = norm.cdf(-0.1 / (2.0 / math.sqrt(30)))
    assert float(votes[1]) / 20_000 == pytest.approx(expected, abs=0.012)


def test_it_abstains_where_no_class_is_surely_in_the_majority():
    clean, model = clips(1, 50)[0], Linear(50)
    model.bias = -float(model.score(clean[None]))
    found = [certify_smoothed(model, clean, Key(f"clip-{seed}"), QUICK) for seed in range(20)]
    assert sum(one.label is None for one in found) >= 19
    abstained = next(one for one in found if one.label is None)
    assert abstained.radius == 0 and abstained.snr_db == math.inf


def test_the_key_decides_and_the_batch_size_does_not():
    clean, model = clips(1, 50)[0], Linear(50, bias=0.2)
    one = certify_smoothed(model, clean, Key("a"), QUICK)
    again = certify_smoothed(model, clean, Key("a"), Smoothing(0.05, 20, 400, batch_size=7))
    other = certify_smoothed(model, clean, Key("a", repeat=1), QUICK)
    assert one == again and one.votes != other.votes


@pytest.mark.parametrize(
    "settings", [{"sigma": 0.0}, {"failure": 1.0}, {"estimation": 0}, {"batch_size": 0}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(CorruptionError):
        Smoothing(**settings)


def test_clips_that_are_none_are_refused():
    for bad in (torch.zeros(0), torch.tensor([math.nan, 0.0])):
        with pytest.raises(CorruptionError):
            certify_smoothed(Linear(2), bad, Key("a"), QUICK)
