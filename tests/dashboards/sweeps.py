"""A sweep as the dashboard is given one: a detector of high tones, whose mistakes are known.

White noise sounds synthetic to it, and what a low-pass filter leaves sounds human.
"""

from pathlib import Path

import numpy as np
import soundfile

from tests.dashboards.recordings import MODEL
from xaudio.datasets.manifest import Manifest, ManifestRow, save_manifest
from xaudio.sweeps import SweepStore, sweep

RATE = 16000
SECONDS = 2
NAME = "high_band_detector"


def corpus(folder: Path, clips: int = 8) -> Path:
    """Fill `folder` with clips and return their manifest; odd numbers are spoof."""
    audio = folder / "audio"
    audio.mkdir(parents=True)
    rows = [_clip(audio / f"clip{number}.wav", number) for number in range(clips)]
    save_manifest(Manifest.of(rows), folder / "manifest.parquet")
    return folder / "manifest.parquet"


def small_sweep(folder: Path, manifest: Path) -> SweepStore:
    """The finished sweep over a manifest."""
    return sweep(manifest, [MODEL], ["white-noise", "low-pass"], [1, 5], folder)


def _clip(path: Path, number: int) -> ManifestRow:
    spoof = number % 2 == 1
    times = np.arange(SECONDS * RATE) / RATE
    low = 0.3 * np.sin(2 * np.pi * (150 + 10 * number) * times)
    high = 0.2 * np.sin(2 * np.pi * (5000 + 50 * number) * times)
    soundfile.write(path, low + high if spoof else low, RATE)
    return ManifestRow(
        path.stem,
        path,
        "spoof" if spoof else "bonafide",
        speaker=f"speaker{number % 4}",
        attack="tone" if spoof else None,
    )
