"""One random recording channel for both classes, so that a detector cannot learn the channel.

Human recordings come with a microphone, a room and often a codec; synthesis comes clean. Whatever
is trained or tested on the two must meet them through the same doors: band limits, colouring,
a codec, noise and level are drawn from the same distribution whatever the label.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from perturbations.codecs.coder import Coder
from perturbations.codecs.g722 import g722_coder
from perturbations.codecs.mp3 import mp3_coder
from perturbations.codecs.opus import opus_coder
from perturbations.codecs.transmission import code


@dataclass(frozen=True)
class Channel:
    """One draw of a channel.

    Attributes:
        low_hz: Below this nothing passes.
        high_hz: Above this nothing passes.
        colouring_db: Gain at `COLOURING_HZ`, interpolated in between on a logarithmic axis.
        codec: A name of `CODECS`, or None.
        bitrate_kbps: Of the codec, in kbit/s.
        noise_snr_db: Level of the speech over the added noise.
        noise_slope_db: Fall of the noise spectrum per octave: 0 white, 3 pink.
        level_db: Root mean square of the result, full scale is 0.
        seed: Of the noise.
    """

    low_hz: float
    high_hz: float
    colouring_db: tuple[float, ...]
    codec: str | None
    bitrate_kbps: float
    noise_snr_db: float
    noise_slope_db: float
    level_db: float
    seed: int


COLOURING_HZ = (60.0, 200.0, 600.0, 1500.0, 3500.0, 8000.0)

CODECS: dict[str, tuple[Callable[[int, float], Coder], tuple[float, ...]]] = {
    "mp3": (mp3_coder, (16.0, 24.0, 32.0, 48.0, 64.0)),
    "opus": (opus_coder, (8.0, 12.0, 16.0, 24.0, 32.0)),
    "g722": (g722_coder, (64.0,)),
}
"""Codecs of everyday recordings: how to build a coder, and the bit rates in kbit/s to draw from."""


def draw_channel(seed: int, sample_rate: int) -> Channel:
    """Half of the channels are narrower than the recording, two in five have a codec."""
    draw = np.random.default_rng(seed)
    nyquist = sample_rate / 2
    narrow = draw.random() < 0.5
    coded = draw.random() < 0.4
    codec = str(draw.choice(tuple(CODECS)))
    bitrate_kbps = float(draw.choice(CODECS[codec][1]))
    return Channel(
        low_hz=float(np.exp(draw.uniform(np.log(20), np.log(300)))),
        high_hz=float(draw.uniform(min(3400.0, nyquist / 2), nyquist) if narrow else nyquist),
        colouring_db=tuple(float(gain) for gain in draw.normal(0.0, 3.0, len(COLOURING_HZ))),
        codec=codec if coded else None,
        bitrate_kbps=bitrate_kbps,
        noise_snr_db=float(draw.uniform(20.0, 50.0)),
        noise_slope_db=float(draw.uniform(0.0, 6.0)),
        level_db=float(draw.uniform(-36.0, -16.0)),
        seed=int(draw.integers(2**31)),
    )


def transmit(
    samples: Float[np.ndarray, " time"], sample_rate: int, channel: Channel
) -> Float[np.ndarray, " time"]:
    """The samples as they leave the channel: filtered, noisy, coded, levelled; same length."""
    filtered = _filter(samples.astype(np.float64), sample_rate, channel)
    level = np.sqrt(np.mean(filtered**2)) + 1e-9
    noise = _noise(len(samples), sample_rate, channel)
    noisy = filtered + noise * level * 10 ** (-channel.noise_snr_db / 20)
    loud = _levelled(noisy, -20.0)
    if channel.codec is not None:
        coder = CODECS[channel.codec][0](sample_rate, channel.bitrate_kbps)
        loud = code(torch.from_numpy(loud)[None], sample_rate, coder)[0].numpy()
    return _levelled(loud.astype(np.float64), channel.level_db)


def _levelled(samples: Float[np.ndarray, " time"], level_db: float) -> Float[np.ndarray, " time"]:
    level = np.sqrt(np.mean(samples**2)) + 1e-9
    scaled = samples * (10 ** (level_db / 20) / level)
    return (scaled / max(1.0, np.abs(scaled).max() / 0.99)).astype(np.float32)


def _filter(
    samples: Float[np.ndarray, " time"], sample_rate: int, channel: Channel
) -> Float[np.ndarray, " time"]:
    """Gains set in the frequency domain, with skirts a tenth of the edge wide."""
    padding = sample_rate // 4
    spectrum = np.fft.rfft(samples, n=len(samples) + padding)
    frequencies = np.fft.rfftfreq(len(samples) + padding, 1 / sample_rate)
    position = np.log(np.maximum(frequencies, COLOURING_HZ[0]))
    gain_db = np.interp(position, np.log(COLOURING_HZ), channel.colouring_db)
    gain = 10 ** (gain_db / 20) * _rise(frequencies, channel.low_hz)
    if channel.high_hz < sample_rate / 2:
        gain *= 1.0 - _rise(frequencies, channel.high_hz)
    return np.fft.irfft(spectrum * gain)[: len(samples)]


def _rise(frequencies: Float[np.ndarray, " bins"], edge: float) -> Float[np.ndarray, " bins"]:
    ramp = np.clip((frequencies - 0.95 * edge) / (0.1 * edge), 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * ramp)


def _noise(length: int, sample_rate: int, channel: Channel) -> Float[np.ndarray, " time"]:
    """Noise of unit power whose spectrum falls by so many dB per octave."""
    white = np.random.default_rng(channel.seed).standard_normal(length)
    spectrum = np.fft.rfft(white)
    frequencies = np.maximum(np.fft.rfftfreq(length, 1 / sample_rate), 50.0)
    shaped = np.fft.irfft(spectrum * frequencies ** (-channel.noise_slope_db / 6.02), n=length)
    return shaped / (shaped.std() + 1e-12)
