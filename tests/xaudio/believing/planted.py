"""A model that has learned one sound, clips in which it is hidden, and maps that know nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from explainers.arrays import clip_digest
from explainers.explainer import Attribution, Explainer
from xaudio.audio import Clip, clip_from_samples
from xaudio.classifiers import Classifier, load_classifier
from xaudio.explained import ExplainedClip
from xaudio.explaining import explain_clip, load_method

RATE = 4000
SECONDS = 3.0
TEMPLATE = 120  # samples: 30 ms
HIDDEN = (0.4, 1.3, 1.45, 2.2)  # seconds: where the sound begins
OTHER = (0.1, 0.9, 1.8, 2.6)  # where another one does, just as loud


def chirp(start: float, rise: float) -> np.ndarray:
    times = np.arange(TEMPLATE) / RATE
    return np.sin(2 * np.pi * (start + rise * times) * times) * np.hanning(TEMPLATE)


LEARNED, UNKNOWN = chirp(300, 12000), chirp(1500, -9000)


class Listener(nn.Module):
    """Says spoof where it hears the sound it has learned."""

    labels = ("spoof", "bonafide")
    sample_rate = RATE

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Conv1d(1, 1, TEMPLATE + 1, bias=False, padding=TEMPLATE // 2)
        self.filter.weight.data = torch.from_numpy(np.append(LEARNED, 0.0)).float()[None, None]

    def forward(self, waveform):
        heard = torch.relu(self.filter(waveform[:, None])[:, 0]).square()
        odds = 0.1 * heard.sum(dim=1) - 5
        return torch.stack([odds / 2, -odds / 2], dim=1)


def hidden_clip(seed: int = 0) -> Clip:
    random = np.random.default_rng(seed)
    samples = 0.05 * random.standard_normal(int(SECONDS * RATE))
    for places, sound in ((HIDDEN, LEARNED), (OTHER, UNKNOWN)):
        for place in places:
            first = round(place * RATE)
            samples[first : first + TEMPLATE] += 0.5 * sound
    return clip_from_samples(samples, RATE, "hidden")


def listener() -> Classifier:
    return load_classifier(Listener())


def explained(
    method: str = "lrp", seed: int = 0, settings: Mapping[str, float] = {}
) -> tuple[ExplainedClip, Classifier, Explainer]:
    classifier, explainer = listener(), load_method(method, settings)
    return explain_clip(hidden_clip(seed), classifier, explainer), classifier, explainer


def with_relevance(explained: ExplainedClip, relevance: np.ndarray) -> ExplainedClip:
    """The same with another map."""
    values = relevance.astype(np.float32)
    values *= np.abs(explained.explanation.relevance).sum() / np.abs(values).sum()
    changed = replace(explained.explanation, relevance=values, coefficient=None, activation=None)
    return replace(explained, explanation=changed)


def knows_nothing(explained: ExplainedClip, seed: int, smooth: float) -> ExplainedClip:
    """A random map, smooth over so many seconds; 0 for none."""
    random = np.random.default_rng(seed)
    values = random.standard_normal(explained.explanation.relevance.shape)
    if smooth:
        width = round(4 * smooth * RATE)
        bell = np.exp(-0.5 * (np.arange(-width, width + 1) / (smooth * RATE)) ** 2)
        wrapped = np.pad(values, width, mode="wrap")
        values = np.convolve(wrapped, bell, mode="valid")
    return with_relevance(explained, values)


@dataclass(frozen=True)
class Loudness(Explainer):
    """Shows how loud the clip is and never looks at the model."""

    name: ClassVar[str] = "loudness"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "How loud the clip is."

    def attribute(self, task):
        return [Attribution(clip.square().numpy()) for clip in task.waveform]


@dataclass(frozen=True)
class Dice(Explainer):
    """A random map, always the same for the same samples."""

    name: ClassVar[str] = "dice"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Chance."

    def attribute(self, task):
        return [
            Attribution(
                np.random.default_rng(int(clip_digest(clip), 16)).standard_normal(len(clip))
            )
            for clip in task.waveform
        ]
