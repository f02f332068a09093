import copy

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from perturbations.adapters.to_torch import to_torch
from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
CLIPS = speech_like(6, 0.3)


def test_train_and_eval():
    module = to_torch("white-noise", RATE, seed=4)
    first, second = module(CLIPS), module(CLIPS)
    assert first.shape == CLIPS.shape and not torch.equal(first, second)
    before = torch.get_rng_state()
    again = to_torch("white-noise", RATE, seed=4)
    assert torch.equal(again(CLIPS), first) and torch.equal(again(CLIPS), second)
    assert not torch.equal(to_torch("white-noise", RATE, seed=5)(CLIPS), first)
    assert torch.equal(torch.get_rng_state(), before), "no global state is drawn from"
    assert module.eval()(CLIPS) is CLIPS


def test_clips_have_severities_and_keys_of_their_own():
    module = to_torch("pink-noise", RATE)
    severities, own = [5, 0, 2, 5, 1, 3], keys(6)
    done = module(CLIPS, own, severities)
    for row in range(6):
        alone = load_corruption("pink-noise").apply(
            CLIPS[row : row + 1], RATE, severities[row], own[row : row + 1]
        )
        torch.testing.assert_close(done[row], alone.waveform[0], rtol=0, atol=1e-6)
    assert torch.equal(done[1], CLIPS[1])
    drawn, _ = module.draw(300)
    assert all(40 < drawn.count(severity) < 80 for severity in (1, 2, 3, 4, 5))


def test_batches_draw_what_single_clips_would():
    whole, alone = (to_torch("dropouts", RATE, seed=1) for _ in range(2))
    together = whole(CLIPS)
    for row in range(6):
        torch.testing.assert_close(alone(CLIPS[row : row + 1])[0], together[row])


def test_a_resumed_run_goes_on(tmp_path):
    module = torch.nn.Sequential(to_torch("gain", RATE, seed=2), to_torch("white-noise", RATE))
    module(CLIPS)
    torch.save(module.state_dict(), tmp_path / "state.pt")
    expected = module(CLIPS)
    resumed = torch.nn.Sequential(to_torch("gain", RATE, seed=2), to_torch("white-noise", RATE))
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert torch.equal(resumed(CLIPS), expected)
    assert torch.equal(copy.deepcopy(module)(CLIPS), module(CLIPS))


def test_lengths_are_kept():
    module = to_torch("time-stretch", RATE)
    done = module(CLIPS, keys(6), [1, 2, 3, 4, 5, 5])
    assert done.shape == CLIPS.shape
    slow = to_torch(load_corruption("time-stretch", levels=[0.5]), RATE, severities=[1])
    assert slow(CLIPS).shape == CLIPS.shape


def test_gradients_flow_through():
    clips = CLIPS.clone().requires_grad_()
    to_torch("room", RATE)(clips).square().sum().backward()
    assert torch.isfinite(clips.grad).all() and (clips.grad != 0).any(1).all()


class Clips(Dataset):
    def __init__(self, module):
        self.module = module

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return self.module(CLIPS[:1])[0]


def test_workers_and_epochs_draw_differently():
    def epochs():
        torch.manual_seed(7)
        loader = DataLoader(Clips(to_torch("white-noise", RATE)), batch_size=4, num_workers=2)
        return torch.cat([batch for _ in range(2) for batch in loader])

    drawn = epochs()
    assert len({row.numpy().tobytes() for row in drawn}) == 8
    assert torch.equal(epochs(), drawn)


def test_refused():
    for arguments, told in (
        ({"severities": ()}, "no severities"),
        ({"severities": (1, 6)}, "severity is 6"),
        ({"seed": -1}, "seed is -1"),
    ):
        with pytest.raises(CorruptionError, match=told):
            to_torch("echo", RATE, **arguments)
    with pytest.raises(CorruptionError, match="6 clips, 2 severities"):
        to_torch("echo", RATE)(CLIPS, keys(6), [1, 2])
    assert "echo" in repr(to_torch("echo", RATE))
