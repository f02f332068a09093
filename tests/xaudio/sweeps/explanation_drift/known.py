"""A corpus whose synthetic stretches are known, and a detector that finds them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import soundfile
import torch

from perturbations.corruption import Corruption, Key, TimeMap
from perturbations.errors import CorruptionError
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.sweeps.plan import Plan, plan_sweep
from xaudio.sweeps.swept_model import SweptModel

RATE = 16000
SECONDS = 1.0
DETECTOR = SweptModel("tests.xaudio.tiny:high_band_detector")
METHOD = "input-x-gradient"


@dataclass(frozen=True)
class Untouched(Corruption):
    """Changes nothing and says so at five severities."""

    name: ClassVar[str] = "untouched"
    summary: ClassVar[str] = "Changes nothing."
    quantity: ClassVar[str] = "nothing"

    levels: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0)

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        return waveform.clone()


@dataclass(frozen=True)
class Backwards(Untouched):
    """Plays the clip backwards."""

    name: ClassVar[str] = "backwards"

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        return waveform.flip(1)

    def time_map(self, level: float) -> TimeMap:
        return TimeMap((0.0, SECONDS), (SECONDS, 0.0))


@dataclass(frozen=True)
class Moved(Untouched):
    """Plays the second half first, and does not say so: relevance leaves its place."""

    name: ClassVar[str] = "moved"

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        return waveform.roll(waveform.shape[1] // 2, 1)


@dataclass(frozen=True)
class Refusing(Untouched):
    """Cannot be done to loud clips, which here are those with a synthetic part."""

    name: ClassVar[str] = "refusing"

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        if waveform.abs().max() > 0.5:
            raise CorruptionError("This clip is refused.")
        return waveform.clone()


@dataclass(frozen=True)
class Deadly(Untouched):
    """Ends the process that asks for it."""

    name: ClassVar[str] = "deadly"

    def corrupt(self, waveform, sample_rate: int, level: float, keys: Sequence[Key]):
        os._exit(3)


def write_clip(folder: Path, number: int) -> ManifestRow:
    """Every third is human, every third synthetic, every third from 0.1 to 0.4 s."""
    kind = number % 3
    times = np.arange(int(SECONDS * RATE)) / RATE
    high = np.sin(2 * np.pi * 5000 * times) * [0.0, 0.4, 0.8][kind]
    if kind == 2:
        high *= (times >= 0.1) & (times < 0.4)
    noise = np.random.default_rng(number).normal(0, 0.02, len(times))
    path = folder / f"{number:02}.wav"
    soundfile.write(path, 0.2 * np.sin(2 * np.pi * 200 * times) + high * 0.9 + noise, RATE)
    return ManifestRow(
        clip=f"clip{number:02}",
        path=path,
        label="bonafide" if kind == 0 else "spoof",
        speaker=f"speaker{number % 4}",
        attack=[None, "whole", "hybrid"][kind],
        segments=((0.1, 0.4),) if kind == 2 else (),
    )


def manifest(folder: Path, clips: int = 9) -> Manifest:
    folder.mkdir(exist_ok=True)
    return Manifest.of(write_clip(folder, number) for number in range(clips))


def levels(folder: Path) -> Manifest:
    """Two clips for the detector of levels."""
    rows = []
    for label, level in (("quiet", 0.0), ("loud", 0.5)):
        samples = np.random.default_rng(0).normal(0, 0.1, RATE // 2) * level + 1e-4
        soundfile.write(folder / f"{label}.wav", samples, RATE // 2)
        rows.append(ManifestRow(clip=label, path=folder / f"{label}.wav", label=label))
    return Manifest.of(rows)


def plan_of(clips: Manifest, *corruptions: Corruption, severities=(1,)) -> Plan:
    torch.set_num_threads(1)
    return plan_sweep(clips, [DETECTOR.identity()], corruptions, severities)
