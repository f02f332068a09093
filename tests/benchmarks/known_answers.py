"""Nets whose relevance can be written down, and what every method makes of them.

    python -m tests.benchmarks.known_answers

Each net reads one second of noise whose level changes every tenth. What each tenth brings is known
from the net's own formula. Misplaced is the share of relevance that lies elsewhere, or has the
other sign: half the sum of ``|r / sum|r| - t / sum|t||``, 0 for the truth and 1 for none of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, relu

from explainers.contract import ModuleModel
from explainers.explainer import load_explainer
from explainers.targets import parse_target

RATE = 16000
PARTS = 10
PART = RATE // PARTS
LEVELS = torch.tensor([0.05, 0.1, 0.02, 0.2, 0.3, 0.15, 0.01, 0.25, 0.08, 0.12])
EARLY, LATE = slice(1, 4), slice(6, 9)
LABELS = ("rest", "heard")

METHODS = {
    "LRP epsilon": ("lrp", {"composite": "epsilon"}),
    "LRP epsilon_plus": ("lrp", {"composite": "epsilon_plus"}),
    "LRP gamma": ("lrp", {"composite": "gamma"}),
    "LRP cp": ("lrp", {"composite": "cp"}),
    "LRP attnlrp": ("lrp", {"composite": "attnlrp"}),
    "saliency": ("saliency", {}),
    "smoothgrad": ("smoothgrad", {}),
    "input x gradient": ("input-x-gradient", {}),
    "integrated gradients": ("integrated-gradients", {}),
    "integrated gradients from zero": ("integrated-gradients", {"baseline": "zeros"}),
    "occlusion, zeros": ("occlusion", {"fill": "zeros", "window": 0.1, "hop": 0.1}),
}


def band_pass(low: float, high: float, taps: int = 129) -> Tensor:
    """A windowed sinc for a band between two frequencies in Hz."""
    steps = torch.arange(taps, dtype=torch.float64) - taps // 2
    sides = [2 * edge / RATE * torch.sinc(2 * edge / RATE * steps) for edge in (low, high)]
    return ((sides[1] - sides[0]) * torch.hann_window(taps, periodic=False).double()).float()


def template() -> Tensor:
    """What the matched filter listens for: 40 ms of a rising tone."""
    time = torch.arange(640) / RATE
    return torch.sin(2 * torch.pi * (500 + 20000 * time) * time) * torch.hann_window(640)


def energies(waveform: Tensor) -> Tensor:
    """Mean square of each tenth."""
    return waveform.unfold(-1, PART, PART).square().mean(-1)


class Known(nn.Module):
    """A score from a waveform, as the second of two logits."""

    def forward(self, waveform: Tensor) -> Tensor:
        score = self.score(waveform)
        return torch.stack([torch.zeros_like(score), score], dim=-1)


class Energy(Known):
    """Evidence summed tenth by tenth: each brings its energy."""

    def score(self, waveform):
        return energies(waveform).sum(-1)

    def truth(self, clip):
        return energies(clip)


class Decibels(Known):
    """Evidence summed tenth by tenth, behind a logarithm: each brings what exceeds a level."""

    def _evidence(self, waveform):
        return relu(energies(waveform).clamp(min=1e-10).log() + 5)

    def score(self, waveform):
        return self._evidence(waveform).sum(-1)

    def truth(self, clip):
        return self._evidence(clip)


class CentredDecibels(Known):
    """Some tenths' levels against the mean of all, as a front end that takes the mean off."""

    def _centred(self, waveform):
        levels = (energies(waveform) + 1e-10).log()
        return levels - levels.mean(-1, keepdim=True)

    def score(self, waveform):
        return self._centred(waveform)[:, EARLY].sum(-1)

    def truth(self, clip):
        return only(EARLY, self._centred(clip))


class Band(Known):
    """The energy of one band in one stretch, above a threshold."""

    def __init__(self):
        super().__init__()
        self.register_buffer("filter", band_pass(1000, 2000)[None, None])

    def _energies(self, waveform):
        return energies(conv1d(waveform[:, None], self.filter, padding="same")[:, 0])

    def score(self, waveform):
        return relu(self._energies(waveform)[:, LATE].sum(-1) - 1e-3)

    def truth(self, clip):
        return only(LATE, self._energies(clip))


class MatchedFilter(Known):
    """The best match with a template, wherever it is."""

    def __init__(self):
        super().__init__()
        self.register_buffer("template", template()[None, None])

    def score(self, waveform):
        return conv1d(waveform[:, None], self.template)[:, 0].amax(-1)

    def truth(self, clip):
        matches = conv1d(clip[:, None], self.template)[:, 0]
        first = int(matches.argmax())
        products = torch.zeros_like(clip)
        products[0, first : first + 640] = clip[0, first : first + 640] * template()
        return products.unfold(-1, PART, PART).sum(-1)


class Both(Known):
    """Two stretches that are worth nothing without each other: half is either's."""

    def score(self, waveform):
        parts = energies(waveform)
        return parts[:, EARLY].sum(-1) * parts[:, LATE].sum(-1)

    def truth(self, clip):
        parts = energies(clip)
        return sum(only(one, parts) / parts[:, one].sum() for one in (EARLY, LATE))


class ForAndAgainst(Known):
    """One stretch speaks for it, another against it."""

    def score(self, waveform):
        parts = energies(waveform)
        return parts[:, LATE].sum(-1) - parts[:, EARLY].sum(-1)

    def truth(self, clip):
        parts = energies(clip)
        return only(LATE, parts) - only(EARLY, parts)


NETS: dict[str, Callable[[], Known]] = {
    "energy": Energy,
    "decibels": Decibels,
    "centred decibels": CentredDecibels,
    "one band, one stretch": Band,
    "matched filter": MatchedFilter,
    "two stretches at once": Both,
    "for and against": ForAndAgainst,
}


def only(stretch: slice, values: Tensor) -> Tensor:
    """The values of one stretch, zeros elsewhere."""
    kept = torch.zeros_like(values)
    kept[:, stretch] = values[:, stretch]
    return kept


def example(seed: int = 0) -> Tensor:
    """One second of noise in ten levels, the template hidden in it."""
    random = torch.Generator().manual_seed(seed)
    clip = torch.randn(1, RATE, generator=random) * LEVELS.repeat_interleave(PART)
    clip[0, 4 * PART + 400 :][:640] += template()
    return clip


@dataclass(frozen=True)
class Answer:
    """What a method said of a net, and what is so.

    Attributes:
        found: Relevance of each tenth.
        truth: What each tenth brings, up to scale.
    """

    found: np.ndarray
    truth: np.ndarray

    @property
    def misplaced(self) -> float:
        found, truth = self.found / np.abs(self.found).sum(), self.truth / np.abs(self.truth).sum()
        return float(np.abs(found - truth).sum() / 2)


def answer(net: str, method: str, clip: Tensor) -> Answer:
    """One method's relevance of one net."""
    module = NETS[net]().eval()
    name, settings = METHODS[method]
    model = ModuleModel(module, RATE, LABELS)
    (found,) = load_explainer(name, **settings).explain(model, clip, parse_target("heard", LABELS))
    truth = module.truth(clip)[0].double().numpy()
    return Answer(found.over_time(1 / PARTS).relevance, truth)


def main() -> None:
    clip = example()
    print(f"| misplaced | {' | '.join(NETS)} |")
    print(f"| --- {'| --- ' * len(NETS)}|")
    for method in METHODS:
        cells = [f"{answer(net, method, clip).misplaced:.3f}" for net in NETS]
        print(f"| {method} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
