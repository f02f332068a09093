import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from perturbations.attacks import (
    AwayFrom,
    EnergyBudget,
    PeakBudget,
    SnrBudget,
    Towards,
    load_attack,
)
from perturbations.attacks.stepping import AdaptiveWalk, checkpoints
from perturbations.errors import CorruptionError
from tests.perturbations.attacks.models import Bent, Linear, attacked, clips, towards_one
from tests.perturbations.signals import snr

ITERATED = ("pgd", "momentum-pgd", "apgd")


def best_rise(weight, clean, radius):
    """The largest ``w delta`` with norm and range bounded: delta is w times one factor, cut."""
    weight, clean = weight.double().numpy(), clean.double().numpy()

    def cut(factor):
        return np.clip(factor * weight, -1 - clean, 1 - clean)

    factor = brentq(lambda factor: np.linalg.norm(cut(factor)) - radius, 0, 1e3)
    return weight @ cut(factor)


@pytest.mark.parametrize("name", ["fgsm", *ITERATED])
@pytest.mark.parametrize("loss", ["margin", "cross-entropy"])
def test_a_linear_model_is_moved_as_far_as_can_be(name, loss):
    model, clean = Linear(200, bias=-3.0), clips()
    attack = load_attack(name, loss=loss, stop_at=1e9)
    before = model.score(clean)
    cube = attacked(attack, model, clean, PeakBudget(0.01))
    sphere = attacked(attack, model, clean, EnergyBudget(0.3))
    assert torch.allclose(model.score(cube.waveform), before + 0.01 * model.weight.abs().sum())
    assert torch.allclose(model.score(sphere.waveform), before + 0.3 * model.weight.norm())
    assert torch.allclose(cube.score_before.double(), before, atol=1e-4)
    assert torch.allclose(cube.score_after.double(), model.score(cube.waveform), atol=1e-4)
    assert cube.linf.tolist() == pytest.approx([0.01] * 3, rel=1e-4)


@pytest.mark.parametrize("name", ["pgd", "apgd"])
def test_the_range_is_kept_and_used_to_its_end(name):
    model, clean = Linear(200, bias=-60.0), clips(2, loudness=0.8)
    attack = load_attack(name, stop_at=1e9, steps=100)
    cube = attacked(attack, model, clean, PeakBudget(0.3))
    best = torch.minimum(torch.maximum(0.3 * model.weight.sign(), -1 - clean), 1 - clean)
    assert torch.allclose(model.score(cube.waveform), model.score(clean + best), atol=1e-4)
    sphere = attacked(attack, model, clean, EnergyBudget(5.0))
    rises = [best_rise(model.weight, clip, 5.0) for clip in clean]
    found = model.score(sphere.waveform) - model.score(clean)
    assert found.tolist() == pytest.approx(rises, rel=0.01)
    for result in (cube, sphere):
        assert result.waveform.abs().max() <= 1


@pytest.mark.parametrize("name", ["fgsm", *ITERATED])
def test_snr_and_evaluations_are_told_as_they_are(name):
    model, clean = Linear(200, bias=-8.0), clips()
    result = attacked(load_attack(name), model, clean, SnrBudget(12.0))
    changed = result.waveform - clean
    assert torch.allclose(result.snr_db.double(), snr(clean, result.waveform), atol=1e-3)
    assert torch.equal(result.linf, changed.abs().amax(dim=1))
    assert (result.snr_db > 11.999).all()
    assert int(result.evaluations.sum()) == model.calls
    assert torch.equal(result.succeeded, result.score_after > 0)
    assert (result.history.diff(dim=0) >= 0).all()
    assert torch.equal(result.history[-1], result.score_after)


def test_finished_clips_are_left_alone():
    clean, model = clips(3), Linear(200)
    score = model.score(clean)
    model.bias = 0.05 - float(score.max())  # one clip is there already, the others far from it
    result = attacked(load_attack("pgd"), model, clean, PeakBudget(1e-4))
    there = int(score.argmax())
    assert result.evaluations[there] == 1 and result.snr_db[there] == math.inf
    assert torch.equal(result.waveform[there], clean[there])
    assert sorted(result.evaluations.tolist()) == [1, 42, 42]


def test_no_more_waveforms_are_asked_about_at_once_than_the_batch_size():
    sizes, model = [], Linear(60, bias=-60.0)

    def watched(waveform):
        sizes.append(len(waveform))
        return model(waveform)

    attacked(load_attack("pgd", batch_size=3, steps=2), watched, clips(7, 60), PeakBudget(0.01))
    assert sizes == [3, 3, 1] * 4


def test_random_starts_leave_a_hill_that_the_clip_stands_on():
    def logits(waveform):
        """A small hill at zero, a valley around it, and the goal beyond."""
        along = waveform.mean(dim=1)
        score = 0.2 * torch.cos(7 * along) + 0.9 * along.square() - 0.5
        return torch.stack([-score, score], dim=1)

    clean, budget = torch.zeros(6, 2), PeakBudget(1.0)
    stuck = attacked(load_attack("pgd"), logits, clean, budget)
    freed = attacked(load_attack("pgd", restarts=20), logits, clean, budget)
    assert not stuck.succeeded.any() and torch.equal(stuck.waveform, clean)
    assert freed.succeeded.float().mean() > 0.8


def test_restarts_help_only_those_that_held_out():
    clean, model = clips(8, 60, 0.2), Bent(60, 4)
    goal = Towards(torch.zeros(8, dtype=torch.long))
    once = attacked(load_attack("pgd", steps=5), model, clean, SnrBudget(18.0), goal)
    often = attacked(load_attack("pgd", steps=5, restarts=8), model, clean, SnrBudget(18.0), goal)
    assert once.succeeded.any() and not once.succeeded.all()
    assert torch.equal(once.waveform[once.succeeded], often.waveform[once.succeeded])
    assert (often.score_after >= once.score_after).all()
    assert (often.score_after[~once.succeeded] > once.score_after[~once.succeeded]).any()


@pytest.mark.parametrize("name", ITERATED)
def test_alone_in_a_batch_or_in_small_batches(name):
    clean, model = clips(4, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    attack = load_attack(name, restarts=2, steps=10)
    together = attacked(attack, model, clean, SnrBudget(20.0), goal)
    in_twos = attacked(
        load_attack(name, restarts=2, steps=10, batch_size=2), model, clean, SnrBudget(20.0), goal
    )
    assert torch.allclose(together.waveform, in_twos.waveform, atol=1e-3)
    first = attacked(attack, model, clean[:1], SnrBudget(20.0), AwayFrom(goal.labels[:1]))
    assert torch.allclose(together.waveform[:1], first.waveform, atol=1e-3)


def test_apgd_does_no_worse_than_steady_steps_that_are_too_long():
    clean, model = clips(8, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    long = load_attack("pgd", reach=60.0, steps=30, stop_at=1e9)
    steady = attacked(long, model, clean, EnergyBudget(0.3), goal)
    adapted = load_attack("apgd", steps=30, stop_at=1e9)
    adaptive = attacked(adapted, model, clean, EnergyBudget(0.3), goal)
    assert adaptive.score_after.mean() > steady.score_after.mean()
    assert (adaptive.score_after > steady.score_after - 1e-3).all()


def published_apgd(loss_and_slope, radius, length, steps):
    """Croce and Hein 2020, algorithm 1, for one clip in a sphere; momentum ends at a halving."""

    def projected(delta):
        return delta * min(1.0, radius / max(np.linalg.norm(delta), 1e-30))

    def steepest(delta):
        slope = loss_and_slope(delta)[1]
        return radius * slope / np.linalg.norm(slope)

    size, marks = 2.0, set(checkpoints(steps))
    path = [np.zeros(length)]
    path.append(projected(path[0] + size * steepest(path[0])))
    losses = [loss_and_slope(delta)[0] for delta in path]
    best_at_mark, mark, halved, before = -np.inf, 0, False, path[0]
    for step in range(1, steps):
        here = path[-1]
        if step in marks:
            rises = sum(losses[k + 1] > losses[k] for k in range(mark, step))
            no_better = not halved and max(losses) <= best_at_mark
            halved = rises < 0.75 * (step - mark) or no_better
            best_at_mark, mark = max(losses), step
            if halved:
                size /= 2
                here = before = path[int(np.argmax(losses))]
        ahead = projected(here + size * steepest(here))
        moved = projected(here + 0.75 * (ahead - here) + 0.25 * (here - before))
        before = here
        path.append(moved)
        losses.append(loss_and_slope(moved)[0])
    return path


def test_apgd_walks_the_published_path():
    length, steps = 6, 40
    drawn = np.random.default_rng(4)
    bend, tilt = np.diag([27.0, 12.0, 6.0, 3.0, 1.5, 0.3]), drawn.standard_normal(length)

    def loss_and_slope(delta):
        return tilt @ delta - delta @ bend @ delta, tilt - 2 * bend @ delta

    expected = published_apgd(loss_and_slope, 0.5, length, steps)
    ball = EnergyBudget(0.5).around(torch.zeros(1, length), 16_000)
    walk, delta = AdaptiveWalk(ball, steps), torch.zeros(1, length)
    for here in expected:
        assert delta[0].numpy() == pytest.approx(here, abs=1e-3)
        loss, slope = loss_and_slope(delta[0].double().numpy())
        slope = torch.from_numpy(slope)[None].float()
        delta = walk.next(delta, torch.tensor([loss]).float(), slope)
    assert walk.size < 2.0 / 4


def test_checkpoints_are_the_papers():
    # w_j = ceil(p_j steps), p = 0, 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93, 0.99
    assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert checkpoints(1) and min(checkpoints(1)) >= 1


def test_it_can_be_stopped_and_taken_up_again():
    clean, model = clips(3, 60, 0.2), Bent(60)
    goal = AwayFrom(model(clean).argmax(dim=1))
    attack = load_attack("pgd", stop_at=1e9)
    kept = []

    def stop_halfway(share, so_far):
        kept.append((share, so_far()))
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attacked(attack, model, clean, SnrBudget(20.0), goal, progress=stop_halfway)
    shares = [share for share, _ in kept]
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] <= 1
    half = kept[-1][1]
    whole = attacked(attack, model, clean, SnrBudget(20.0), goal, earlier=half)
    assert (whole.score_after >= half.score_after - 1e-4).all()
    assert (whole.evaluations > half.evaluations).all()
    assert len(whole.history) > len(half.history)
    stricter = attacked(attack, model, clean, SnrBudget(30.0), goal, earlier=half)
    assert (stricter.snr_db > 29.99).all()


def test_a_threshold_is_what_must_be_exceeded():
    model, clean = Linear(200, bias=-1.0), clips()
    goal = Towards(torch.ones(3, dtype=torch.long), threshold=4.0)
    result = attacked(load_attack("pgd"), model, clean, PeakBudget(0.1), goal)
    assert result.succeeded.all() and (model.score(result.waveform) > 4.0).all()


def test_gradients_that_are_no_numbers_count_as_none():
    def logits(waveform):
        loud = torch.log(waveform.abs()).clamp(min=-9).mean(dim=1)
        return torch.stack([-loud, loud], dim=1)

    clean = clips(2)
    clean[:, :50] = 0.0
    result = attacked(load_attack("pgd", stop_at=1e9), logits, clean, EnergyBudget(0.1))
    assert torch.isfinite(result.waveform).all()
    assert (result.score_after > result.score_before).all()


def test_the_model_is_not_touched():
    model, clean = Bent(200), clips()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    attacked(load_attack("pgd", steps=3), model, clean, PeakBudget(0.01))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_model_without_gradients_is_sent_to_square():
    def scores_only(waveform):
        return torch.from_numpy(np.stack([waveform.detach().numpy().mean(1)] * 2, axis=1))

    with pytest.raises(CorruptionError, match="square"):
        attacked(load_attack("pgd"), scores_only, clips(), PeakBudget(0.01))


@pytest.mark.parametrize(
    ("waveform", "goal", "named"),
    [
        (clips(2, 20, 0.1) + 1.0, towards_one(2), "range|within"),
        (torch.full((2, 20), math.nan), towards_one(2), "NaN"),
        (clips(2, 20), towards_one(3), "labels"),
        (clips(2, 1), towards_one(2), "one sample"),
    ],
)
def test_clips_and_goals_that_do_not_fit_are_refused(waveform, goal, named):
    with pytest.raises(CorruptionError, match=named):
        attacked(load_attack("pgd"), Linear(20), waveform, PeakBudget(0.01), goal)
