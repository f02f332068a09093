"""Examples drawn afresh for every epoch: human, copied, spoken, and spliced on the fly.

Whatever the label, an example is cut, spliced or not, and sent through a channel drawn from one
distribution. Human speech is spliced with human speech as often as hybrids are made, so that a
joint as such proves nothing.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import Dataset

from explainers.quality.localisation import frame_truth
from xaudio.audio import read_clip
from xaudio.datasets.channel import draw_channel, transmit
from xaudio.datasets.hybrids import Stretch, draw_stretches, splice
from xaudio.datasets.manifest import Manifest
from xaudio.training.recipe import Recipe

Samples = Float[np.ndarray, " time"]

KINDS = {"human": 0.3, "human splice": 0.15, "copy": 0.2, "speech": 0.15, "hybrid": 0.2}
"""How often each kind of example is drawn."""


@dataclass(frozen=True, eq=False)
class Utterance:
    """One human utterance and its copies, aligned in time; a copy's name is its attack's."""

    speaker: str
    human: Samples
    copies: dict[str, Samples]


@dataclass(frozen=True, eq=False)
class Material:
    """A corpus in memory."""

    utterances: tuple[Utterance, ...]
    spoken: dict[str, tuple[Samples, ...]]


def load_material(manifest: Manifest) -> Material:
    """Read every clip of a corpus built without a channel; hybrids in it are left aside."""
    humans: dict[str, tuple[str, Samples]] = {}
    copies: dict[str, dict[str, Samples]] = {}
    spoken: dict[str, list[Samples]] = {}
    for row in manifest:
        if row.segments:
            continue
        samples = read_clip(row.path).samples
        if row.source is None:
            spoken.setdefault(row.attack or "", []).append(samples)
        elif row.is_bonafide:
            humans[row.source] = (row.speaker or "", samples)
        else:
            copies.setdefault(row.source, {})[row.attack or ""] = samples
    return Material(
        tuple(
            Utterance(speaker, samples, copies.get(source, {}))
            for source, (speaker, samples) in sorted(humans.items())
        ),
        {engine: tuple(clips) for engine, clips in sorted(spoken.items())},
    )


@dataclass(frozen=True, eq=False)
class Example:
    """Samples with the stretches of them that are synthetic, in seconds."""

    samples: Samples
    synthetic: tuple[Stretch, ...]


def draw_example(
    material: Material, seconds: float, sample_rate: int, draw: np.random.Generator
) -> Example:
    """One example of a kind drawn from `KINDS`, before any channel."""
    kind = draw.choice(list(KINDS), p=list(KINDS.values()))
    length = round(seconds * sample_rate)
    if kind == "speech" and material.spoken:
        clips = material.spoken[str(draw.choice(list(material.spoken)))]
        samples = cut_at_random(clips[draw.integers(len(clips))][None], length, draw)[0]
        return Example(samples, ((0.0, seconds),))
    utterance = material.utterances[draw.integers(len(material.utterances))]
    if kind == "human" or not utterance.copies:
        return Example(cut_at_random(utterance.human[None], length, draw)[0], ())
    attack = str(draw.choice(list(utterance.copies)))
    pair = np.stack([utterance.human, utterance.copies[attack]])
    human, copy = cut_at_random(pair, length, draw)
    if kind == "copy":
        return Example(copy, ((0.0, seconds),))
    stretches = draw_stretches(seconds, int(draw.integers(2**31)), int(draw.integers(1, 3)))
    if kind == "hybrid":
        return Example(splice(human, copy, sample_rate, stretches), stretches)
    elsewhere = np.roll(human, int(draw.integers(length // 4, 3 * length // 4)))
    return Example(splice(human, elsewhere, sample_rate, stretches), ())


def cut_at_random(
    clips: Float[np.ndarray, "clips time"], length: int, draw: np.random.Generator
) -> Float[np.ndarray, "clips cut"]:
    """The same stretch of each clip; shorter clips are repeated."""
    repeats = -(-length // clips.shape[1])
    tiled = np.tile(clips, (1, repeats))
    start = int(draw.integers(tiled.shape[1] - length + 1))
    return tiled[:, start : start + length]


class Examples(Dataset):
    """The examples of one epoch, each a function of (seed, epoch, index) alone."""

    def __init__(self, material: Material, recipe: Recipe, sample_rate: int, epoch: int):
        self.material = material
        self.recipe = recipe
        self.sample_rate = sample_rate
        self.epoch = epoch

    def __len__(self) -> int:
        return self.recipe.examples

    def __getitem__(self, index: int) -> tuple[Float[Tensor, " time"], Float[Tensor, " frames"]]:
        """Samples, and 0 or 1 for every 10 ms."""
        draw = np.random.default_rng((self.recipe.seed, self.epoch, index))
        seconds = self.recipe.seconds
        example = draw_example(self.material, seconds, self.sample_rate, draw)
        channel = draw_channel(int(draw.integers(2**31)), self.sample_rate)
        samples = transmit(example.samples, self.sample_rate, channel)
        truth = frame_truth(example.synthetic, 0.01, round(seconds * 100))
        return torch.from_numpy(samples), torch.from_numpy(truth).float()
