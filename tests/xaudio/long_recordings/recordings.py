"""Recordings in every container, made for tests."""

from pathlib import Path

import av
import numpy as np
import soundfile

from tests.xaudio.tiny import HighBandDetector
from xaudio.classifiers import Classifier

RATE = 16000
CONTAINERS = ("wav", "flac", "ogg", "mp3", "aiff", "m4a", "webm", "aac", "amr", "g722")
_FFMPEG = {
    "m4a": ("ipod", "aac", 44100),
    "webm": ("webm", "libopus", 48000),
    "aac": ("adts", "aac", 16000),
    "amr": ("amr", "libopencore_amrnb", 8000),
    "g722": ("g722", "g722", 16000),
}


def sound(seconds: float, rate: int = RATE, seed: int = 0) -> np.ndarray:
    """Low-passed noise whose level swings, so that no two instants are alike."""
    noise = np.random.default_rng(seed).normal(0, 0.1, round(seconds * rate) + 7)
    smooth = np.convolve(noise, np.ones(8) / 8, mode="valid")
    swing = 1 + 0.8 * np.sin(2 * np.pi * 4 * np.arange(len(smooth)) / rate)
    return (smooth * swing).astype(np.float32)


def written(folder: Path, container: str, seconds: float) -> Path:
    """A recording in a container; WAV in stereo at 44.1 kHz."""
    path = folder / f"recording.{container}"
    if container in _FFMPEG:
        _encode(path, *_FFMPEG[container], seconds)
    elif container == "wav":
        both = np.stack([sound(seconds, 44100), 0.5 * sound(seconds, 44100, 1)], axis=1)
        soundfile.write(path, both, 44100, subtype="FLOAT")
    else:
        soundfile.write(path, sound(seconds, 24000), 24000)
    return path


def _encode(path: Path, container: str, codec: str, rate: int, seconds: float) -> None:
    with av.open(str(path), "w", format=container) as output:
        # AAC may send noise as a level alone; the decoder then draws samples of its own.
        options = {"aac_pns": "0"} if codec == "aac" else {}
        stream = output.add_stream(codec, rate=rate, options=options)
        stream.layout = "mono"
        samples = (32767 * sound(seconds, rate)).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)


def detector() -> Classifier:
    """Says spoof where there are high frequencies."""
    return Classifier(HighBandDetector(), "high-band", RATE, ("spoof", "bonafide"))


def planted(path: Path, seconds: float, start: float, end: float) -> Path:
    """A swinging low tone with a stretch of a high one, which `detector` calls spoof."""
    times = np.arange(round(seconds * RATE)) / RATE
    high = np.where((times >= start) & (times < end), 1.0, 0.0)
    swing = 0.5 + 0.4 * np.sin(2 * np.pi * 4 * times)
    low = 0.3 * np.sin(2 * np.pi * 200 * times)
    soundfile.write(path, swing * (low + high * np.sin(2 * np.pi * 5000 * times)), RATE)
    return path
