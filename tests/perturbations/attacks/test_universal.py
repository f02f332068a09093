import torch

from perturbations.attacks import EnergyBudget, PeakBudget, SnrBudget, load_attack
from perturbations.attacks.universal import folded, played, tiled
from tests.perturbations.attacks.models import RATE, Bent, Linear, attacked, clips, towards_one


def test_a_linear_model_is_moved_as_far_as_by_one_perturbation_per_clip():
    model, clean = Linear(200, bias=-60.0), clips(4)
    attack = load_attack("universal")
    for budget, rise in (
        (PeakBudget(0.01), 0.01 * model.weight.abs().sum()),
        (EnergyBudget(0.3), 0.3 * model.weight.norm()),
    ):
        result = attacked(attack, model, clean, budget)
        changed = result.waveform - clean
        assert torch.allclose(changed, changed[:1].expand_as(changed), atol=1e-6)
        assert torch.allclose(model.score(result.waveform), model.score(clean) + rise, atol=1e-3)


def test_one_sound_is_played_in_each_clip_as_loud_as_its_budget_allows():
    clean = clips(3) * torch.tensor([[1.0], [0.1], [0.01]])
    result = attacked(load_attack("universal"), Linear(200, bias=-60.0), clean, SnrBudget(20.0))
    changed = result.waveform - clean
    directions = changed / changed.norm(dim=1, keepdim=True)
    assert torch.allclose(directions, directions[:1].expand_as(directions), atol=1e-3)
    assert torch.allclose(result.snr_db, torch.full((3,), 20.0), atol=0.01)


def test_a_short_sound_is_repeated():
    model, clean = Linear(200, bias=-60.0), clips(3)
    model.weight = model.weight[:50].repeat(4)
    result = attacked(load_attack("universal", samples=50), model, clean, PeakBudget(0.01))
    changed = (result.waveform - clean)[0]
    assert torch.allclose(changed, changed[:50].repeat(4), atol=1e-6)
    assert torch.allclose(changed, 0.01 * model.weight.sign(), atol=1e-6)


def test_a_sound_longer_than_the_clips_is_cut():
    result = attacked(
        load_attack("universal", samples=300), Linear(200, bias=-60.0), clips(), PeakBudget(0.01)
    )
    assert (result.score_after > result.score_before).all()


def test_it_moves_clips_it_was_not_made_from():
    model, clean = Bent(100, 2), clips(12, 100, 0.02)
    model.layers[2].bias.data = torch.tensor([0.3, -0.3])
    result = attacked(load_attack("universal"), model, clean[:8], SnrBudget(0.0))
    sound = (result.waveform - clean[:8])[0]
    others = clean[8:]
    moved = others + played(sound, SnrBudget(0.0).around(others, RATE))
    goal, rows = towards_one(4), torch.arange(4)
    rise = goal.margin(model(moved), rows) - goal.margin(model(others), rows)
    assert result.succeeded.any() and (rise > 0).all()


def test_what_is_kept_is_one_sound_though_clips_differ_in_what_suits_them():
    model, clean = Bent(60, 2), clips(6, 60, 0.2)
    result = attacked(load_attack("universal"), model, clean, PeakBudget(0.02))
    changed = result.waveform - clean
    assert torch.allclose(changed, changed[:1].expand_as(changed), atol=1e-6)
    goal, rows = towards_one(6), torch.arange(6)
    assert torch.allclose(result.score_after, goal.margin(model(result.waveform), rows), atol=1e-4)
    assert 0 < result.success_rate < 1
    assert result.succeeded.sum() >= (result.score_before > 0).sum()


def test_a_silent_clip_does_not_keep_the_others_from_their_sound():
    clean = clips(3)
    clean[0] = 0.0
    result = attacked(load_attack("universal"), Linear(200, bias=-60.0), clean, SnrBudget(20.0))
    assert torch.equal(result.waveform[0], clean[0])
    assert torch.allclose(result.snr_db[1:], torch.full((2,), 20.0), atol=0.01)
    assert (result.score_after[1:] > result.score_before[1:] + 1).all()


def test_folding_undoes_repetition():
    sound = torch.randn(7)
    whole = tiled(sound, torch.zeros(2, 21))
    assert whole.shape == (2, 21) and torch.allclose(folded(whole[0], 7), sound)


def test_each_clip_counts_the_same_however_steep_its_score_is():
    """Clips of two kinds, told by their first sample, that ask for sounds of their own."""
    first, second = Linear(200, seed=1).weight, Linear(200, seed=2).weight
    first[0] = second[0] = 0.0

    def logits(waveform):
        steep = waveform[:, :1].detach() > 0
        score = torch.where(steep, 1000 * (waveform @ first)[:, None], (waveform @ second)[:, None])
        return torch.cat([1e4 - score, score - 1e4], dim=1)

    clean = clips(2)
    clean[:, 0] = torch.tensor([0.5, -0.5])
    result = attacked(load_attack("universal"), logits, clean, EnergyBudget(0.3))
    changed = (result.waveform - clean)[0]
    assert changed @ first > 0.1 * 0.3 * first.norm() and changed @ second > 0.3 * second.norm() / 2
