from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from perturbations.attacks import (
    AwayFrom,
    MaskingBudget,
    PeakBudget,
    SnrBudget,
    Towards,
    attacks,
    load_attack,
)
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import RATE, Bent, attacked, clips

QUICK = {
    "carlini-wagner": {"steps": 10, "first_constant": 1e-3, "rate": 0.03},
    "ddn": {"steps": 20},
    "square": {"queries": 60},
}


def quick(name, **more):
    return load_attack(name, **{**QUICK.get(name, {}), **more})


def test_those_there_are():
    assert set(attacks.names()) >= {
        "fgsm", "pgd", "momentum-pgd", "apgd", "carlini-wagner", "ddn", "universal", "square"
    }  # fmt: skip
    for name in attacks.names():
        attack = load_attack(name)
        assert attack.name == name and attack.summary.endswith(".")
        with pytest.raises(FrozenInstanceError):
            attack.batch_size = 3


@pytest.mark.parametrize("name", attacks.names())
def test_every_attack_keeps_its_promises(name):
    clean, model = clips(4, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    shares = []
    result = attacked(
        quick(name), model, clean, SnrBudget(10.0), goal, progress=lambda s, _: shares.append(s)
    )
    again = attacked(quick(name), model, clean, SnrBudget(10.0), goal)
    rows = torch.arange(4)
    assert torch.equal(result.waveform, again.waveform)
    assert result.waveform.shape == clean.shape and result.waveform.abs().max() <= 1
    assert (result.snr_db > 9.99).all()
    after = goal.margin(model(result.waveform), rows)
    assert torch.allclose(result.score_after, after.detach(), atol=1e-4)
    assert torch.equal(result.succeeded, model(result.waveform).argmax(dim=1) != goal.labels)
    assert result.success_rate >= 0.5
    assert (result.evaluations >= 1).all()
    assert shares == sorted(shares) and shares[-1] == 1
    assert not result.waveform.requires_grad


@pytest.mark.parametrize("name", attacks.names())
def test_an_earlier_result_is_gone_on_from(name):
    clean, model = clips(3, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    first = attacked(quick(name), model, clean, SnrBudget(10.0), goal)
    second = attacked(quick(name), model, clean, SnrBudget(10.0), goal, earlier=first)
    assert (second.succeeded >= first.succeeded).all()
    assert (second.evaluations > first.evaluations).all()
    other = replace(first, waveform=first.waveform[:, :50])
    with pytest.raises(CorruptionError, match="earlier"):
        attacked(quick(name), model, clean, SnrBudget(10.0), goal, earlier=other)


@pytest.mark.parametrize(
    ("name", "settings", "named"),
    [
        ("pdg", {}, "pgd"),
        ("pgd", {"step": 3}, "steps"),
        ("pgd", {"steps": 2.5}, "whole"),
        ("pgd", {"steps": 0}, "1 or more"),
        ("pgd", {"restarts": -1}, "0 or more"),
        ("pgd", {"reach": 0.0}, "above 0"),
        ("pgd", {"loss": "hinge"}, "dlr"),
        ("apgd", {"batch_size": 0}, "1 or more"),
        ("fgsm", {"stop_at": -1.0}, "0 or more"),
        ("momentum-pgd", {"decay": 0.0}, "above 0"),
        ("carlini-wagner", {"constants": 0}, "1 or more"),
        ("ddn", {"change": 0.0}, "above 0"),
        ("universal", {"samples": -1}, "0 or more"),
    ],
)
def test_a_wrong_name_or_setting_is_told(name, settings, named):
    with pytest.raises(CorruptionError, match=named):
        load_attack(name, **settings)


def test_success_grows_with_the_budget():
    clean, model = clips(12, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    pgd = load_attack("pgd")
    rates = [
        attacked(pgd, model, clean, PeakBudget(amplitude), goal).success_rate
        for amplitude in (0.001, 0.01, 0.03, 0.1)
    ]
    assert rates == sorted(rates) and rates[0] < 0.5 and rates[-1] == 1


@pytest.mark.parametrize("name", attacks.names())
@pytest.mark.parametrize("budget", [PeakBudget(0.01), SnrBudget(20.0), MaskingBudget()])
def test_any_clip_gives_finite_numbers_within_the_budget(name, budget):
    shortest = {"apgd": {"steps": 8}, "square": {"queries": 8}, "ddn": {"steps": 5}}
    attack = quick(name, **shortest.get(name, {}))
    square = torch.tensor([1.0, -1.0])
    for length in (2, 17, 700):
        silence, full_scale = torch.zeros(length), square.repeat(length)[:length]
        clean = torch.stack([silence, full_scale, torch.ones(length), *clips(1, length, 0.3)])
        result = attacked(attack, Bent(length, 2), clean, budget, Towards(torch.ones(4).long()))
        assert result.waveform.isfinite().all() and result.waveform.abs().max() <= 1
        assert not result.snr_db.isnan().any() and not result.history.isnan().any()
        gauge = budget.around(clean, RATE).gauge(result.waveform - clean)
        assert (gauge <= 1.001).all()
