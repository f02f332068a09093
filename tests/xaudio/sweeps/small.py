"""A corpus, a detector and a corruption small enough to reason about."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import soundfile
import torch
from torch import nn

from perturbations.corruption import Corruption, Key
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, ManifestRow

RATE = 8000


class Loudness(nn.Module):
    """Louder than `threshold` is spoof: the score is how far the mean square lies below it."""

    def __init__(self, threshold: float = 0.02):
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(threshold))

    def forward(self, waveform):
        power = waveform.square().mean(dim=1) - self.threshold
        return torch.stack([power, -power], dim=1)


@dataclass(frozen=True)
class Quieter(Corruption):
    """Keeps the waveform's sign and multiplies it by a factor; counts how often it was asked."""

    name: ClassVar[str] = "quieter"
    summary: ClassVar[str] = "Turns the volume down."
    quantity: ClassVar[str] = "factor"
    asked: ClassVar[list[str]] = []

    levels: tuple[float, ...] = (0.9, 0.7, 0.5, 0.3, 0.1)

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        self.asked.append(keys[0].clip)
        return waveform * level


@dataclass(frozen=True)
class Noisy(Corruption):
    """Adds keyed noise."""

    name: ClassVar[str] = "noisy"
    summary: ClassVar[str] = "Adds noise."
    quantity: ClassVar[str] = "amplitude"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (0.01, 0.02, 0.05, 0.1, 0.2)

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        draws = [each.standard_normal(waveform.shape[1]) for each in self.generators(keys)]
        return waveform + level * torch.tensor(np.stack(draws), dtype=waveform.dtype)


@dataclass(frozen=True)
class Slow(Quieter):
    """Takes its time."""

    name: ClassVar[str] = "slow"

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        time.sleep(0.01)
        return waveform * level


@dataclass(frozen=True)
class Crashing(Corruption):
    """Takes the whole process along over clips whose keys begin with `clip`."""

    name: ClassVar[str] = "crashing"
    summary: ClassVar[str] = "Crashes as a codec might."
    quantity: ClassVar[str] = "signal"

    levels: tuple[float, ...] = (float(signal.SIGSEGV), float(signal.SIGKILL))
    clip: str = "nobody"

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        if keys[0].clip.startswith(self.clip):
            os.kill(os.getpid(), int(level))
            time.sleep(10)
        return waveform


def loudness(name: str = "loudness", threshold: float = 0.02) -> Classifier:
    return Classifier(Loudness(threshold), name, RATE, ("spoof", "bonafide"))


def write_clip(path: Path, number: int) -> ManifestRow:
    """Odd numbers are spoof and louder."""
    is_spoof = number % 2 == 1
    samples = np.random.default_rng(number).normal(0, 0.2 if is_spoof else 0.1, RATE // 4)
    soundfile.write(path, samples, RATE)
    return ManifestRow(
        clip=f"clip{number:03}",
        path=path,
        label="spoof" if is_spoof else "bonafide",
        speaker=f"speaker{number % 5}",
        attack="loud" if is_spoof else None,
    )


def small_manifest(folder: Path, clips: int = 12) -> Manifest:
    folder.mkdir(exist_ok=True)
    return Manifest.of(write_clip(folder / f"{n:03}.wav", n) for n in range(clips))
