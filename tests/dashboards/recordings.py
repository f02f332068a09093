"""A folder as the dashboard is given one: recordings, one of them broken, and a manifest above."""

from pathlib import Path

import numpy as np
import soundfile

from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, hybrid
from xaudio.datasets.manifest import Manifest, ManifestRow, save_manifest

MODEL = "tests.xaudio.tiny:high_band_detector"
CLIP, LONG_CLIP, BROKEN = "audio/hybrid.wav", "audio/ten-seconds.wav", "audio/broken.wav"


def recordings(corpus: Path) -> Path:
    """Fill `corpus` and return its folder of recordings."""
    audio = corpus / "audio"
    audio.mkdir()
    soundfile.write(audio / "hybrid.wav", hybrid(), RATE)
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    soundfile.write(audio / "ten-seconds.wav", noise, RATE)
    (audio / "broken.wav").write_text("This is no recording.\n" * 50)
    (audio / "notes.txt").write_text("not a clip")
    row = ManifestRow(
        clip="hybrid",
        path=audio / "hybrid.wav",
        label="spoof",
        attack="tone",
        segments=((HIGH_FROM, HIGH_TO),),
    )
    save_manifest(Manifest.of([row]), corpus / "manifest.parquet")
    return audio
