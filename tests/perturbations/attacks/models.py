"""Classifiers whose best attack is known."""

import torch

from perturbations.attacks import Towards
from tests.perturbations.signals import keys

RATE = 16_000


class Linear:
    """Logits ``[-s/2, s/2]`` of the score ``s = w x + b``, so that the margin towards 1 is s."""

    def __init__(self, length, bias=0.0, seed=0):
        self.weight = torch.randn(length, generator=torch.Generator().manual_seed(seed))
        self.bias = bias
        self.calls = 0

    def __call__(self, waveform):
        self.calls += len(waveform)
        score = waveform @ self.weight + self.bias
        return torch.stack([-score / 2, score / 2], dim=1)

    def score(self, waveform):
        return waveform.double() @ self.weight.double() + self.bias


class Bent(torch.nn.Module):
    """A small network of several classes that curves everywhere."""

    def __init__(self, length, classes=5, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(length, 16), torch.nn.Tanh(), torch.nn.Linear(16, classes)
        )

    def forward(self, waveform):
        return self.layers(20 * waveform)


def clips(count=3, length=200, loudness=0.1, seed=1):
    noise = torch.randn(count, length, generator=torch.Generator().manual_seed(seed))
    return (loudness * noise).clamp(-1, 1)


def towards_one(count):
    return Towards(torch.ones(count, dtype=torch.long))


def attacked(attack, model, waveform, budget, goal=None, **more):
    goal = goal or towards_one(len(waveform))
    return attack.run(model, waveform, goal, budget, RATE, keys(len(waveform)), **more)
