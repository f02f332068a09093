"""Copy synthesis: a human utterance taken apart by a vocoder and put together again.

The copy says the same words at the same times with the same voice; only how the samples were made
differs. A detector trained on such pairs has nothing to learn but the synthesis.
"""

from types import ModuleType
from typing import Protocol

import numpy as np
from jaxtyping import Float

from perturbations.registry import Registry
from xaudio.errors import CorpusError


class CopySynthesis(Protocol):
    """Makes a copy of equal length, aligned in time, deterministic in `seed`."""

    def __call__(
        self, samples: Float[np.ndarray, " time"], sample_rate: int, seed: int
    ) -> Float[np.ndarray, " time"]:
        """The copy, as loud as the original."""
        ...


copy_attacks: Registry[CopySynthesis] = Registry(
    "copy synthesis", "xaudio.copy_synthesis", ("xaudio.datasets.copy_synthesis",), CorpusError
)


def match_level(
    copy: Float[np.ndarray, " copied"], original: Float[np.ndarray, " time"]
) -> Float[np.ndarray, " time"]:
    """The copy cut or zero-padded to the original's length and brought to its root mean square."""
    fitted = np.zeros(len(original))
    shared = min(len(copy), len(original))
    fitted[:shared] = copy[:shared]
    level = np.sqrt(np.mean(fitted**2))
    if level > 0:
        fitted *= np.sqrt(np.mean(np.square(original, dtype=np.float64))) / level
    return np.clip(fitted, -1.0, 1.0).astype(np.float32)


@copy_attacks.register("world")
def world(
    samples: Float[np.ndarray, " time"],
    sample_rate: int,
    seed: int,  # noqa: ARG001 - the vocoder draws nothing
) -> Float[np.ndarray, " time"]:
    """WORLD: pitch, spectral envelope and aperiodicity (Morise et al. 2016)."""
    pyworld = _pyworld()
    signal = samples.astype(np.float64)
    pitch, times = pyworld.dio(signal, sample_rate)
    pitch = pyworld.stonemask(signal, pitch, times, sample_rate)
    envelope = pyworld.cheaptrick(signal, pitch, times, sample_rate)
    aperiodicity = pyworld.d4c(signal, pitch, times, sample_rate)
    return match_level(pyworld.synthesize(pitch, envelope, aperiodicity, sample_rate), samples)


@copy_attacks.register("griffin-lim")
def griffin_lim(
    samples: Float[np.ndarray, " time"], sample_rate: int, seed: int
) -> Float[np.ndarray, " time"]:
    """80 mel bands inverted to magnitudes, phases by 32 Griffin-Lim iterations (1984)."""
    import librosa

    window, hop = _even(0.064 * sample_rate), _even(0.016 * sample_rate)
    magnitude = np.abs(librosa.stft(samples, n_fft=window, hop_length=hop))
    bank = librosa.filters.mel(sr=sample_rate, n_fft=window, n_mels=80)
    inverted = np.maximum(np.linalg.pinv(bank) @ (bank @ magnitude), 0.0)
    copy = librosa.griffinlim(
        inverted, n_iter=32, hop_length=hop, n_fft=window, length=len(samples), random_state=seed
    )
    return match_level(copy, samples)


@copy_attacks.register("lpc")
def linear_prediction(
    samples: Float[np.ndarray, " time"], sample_rate: int, seed: int
) -> Float[np.ndarray, " time"]:
    """Linear-prediction vocoder: pulses or noise through each frame's all-pole filter (LPC-10)."""
    import librosa
    from scipy.signal import lfilter
    from scipy.signal.windows import hann

    hop = _even(0.010 * sample_rate)
    window = 2 * hop
    order = 2 + sample_rate // 1000
    excitation = _pulses_and_noise(samples, sample_rate, seed)
    taper = hann(window, sym=False)
    copy = np.zeros(len(samples) + window)
    padded = np.concatenate([samples, np.zeros(window, np.float32)]).astype(np.float64)
    driven = np.concatenate([excitation, np.zeros(window)])
    for start in range(0, len(samples), hop):
        frame = padded[start : start + window] * taper
        energy = np.sqrt(np.sum(frame**2))
        if energy < 1e-6:
            continue
        coefficients = librosa.lpc(frame + 1e-7 * np.arange(window), order=order)
        voice = lfilter([1.0], coefficients, driven[start : start + window] * taper)
        loudness = np.sqrt(np.sum(voice**2))
        if np.isfinite(loudness) and loudness > 0:
            copy[start : start + window] += voice * (energy / loudness)
    return match_level(copy, samples)


def _pulses_and_noise(
    samples: Float[np.ndarray, " time"], sample_rate: int, seed: int
) -> Float[np.ndarray, " time"]:
    """One pulse per pitch period where there is pitch, white noise where there is none."""
    pyworld = _pyworld()
    signal = samples.astype(np.float64)
    pitch, times = pyworld.dio(signal, sample_rate)
    at_samples = np.interp(np.arange(len(samples)) / sample_rate, times, pitch)
    voiced = at_samples > 50.0
    phase = np.cumsum(np.where(voiced, at_samples, 0.0) / sample_rate)
    pulses = np.diff(np.floor(phase), prepend=0.0) * np.sqrt(
        sample_rate / np.maximum(at_samples, 50.0)
    )
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    return np.where(voiced, pulses + 0.03 * noise, noise)


def _even(length: float) -> int:
    return 2 * round(length / 2)


def _pyworld() -> ModuleType:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports the deprecated pkg_resources
        import pyworld
    return pyworld
