"""Good and bad recordings, made for tests."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

RATE = 16000
HIGH_FROM, HIGH_TO = 0.5, 1.0  # seconds: where `hybrid` holds high frequencies


def hybrid(seconds: float = 2.0) -> np.ndarray:
    """A low tone with a stretch of a high one, which the tests' detector calls spoof."""
    times = np.arange(int(seconds * RATE)) / RATE
    high = np.where((times >= HIGH_FROM) & (times < HIGH_TO), 1.0, 0.0)
    return 0.3 * np.sin(2 * np.pi * 200 * times) + 0.4 * high * np.sin(2 * np.pi * 5000 * times)


def write_good(path: Path) -> Path:
    soundfile.write(path, hybrid(), RATE)
    return path


def write_truncated(path: Path) -> None:
    write_good(path)
    path.write_bytes(path.read_bytes()[:2000])


BAD_CLIPS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "truncated": write_truncated,
    "text": lambda path: path.write_text("This is no recording.\n" * 50),
    "zero-length": lambda path: soundfile.write(path, np.zeros(0), RATE),
    "one-sample": lambda path: soundfile.write(path, np.array([0.5]), RATE),
    "all-zero": lambda path: soundfile.write(path, np.zeros(RATE), RATE),
    "nan": lambda path: soundfile.write(path, np.full(RATE, np.nan), RATE, subtype="FLOAT"),
    "folder": lambda path: path.mkdir(),
}
