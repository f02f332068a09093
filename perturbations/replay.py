"""The replay attack: a clip played by a loudspeaker, in a room, to a microphone.

The physical-access attack of ASVspoof 2019 (Wang et al., Computer Speech and Language 64, 2020),
whose factors are the device's occupied band, its lowest frequency and its linear-to-non-linear
power ratio, and the distance. The clip is taken for the recording that the attacker has.
"""

import math
from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.convolution import transform_length
from perturbations.corrupted import CorruptedSamples, Facts
from perturbations.corruption import ClipCorruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.filters import filter_high_pass, filter_low_pass
from perturbations.impulse_responses import reverberate
from perturbations.noise import mix_at_snr
from perturbations.rooms import Room, check_rt60, measured, place, simulate
from perturbations.waveform import peak, rms

ORDER = 4
APART = 256
"""Samples of silence between the end of a clip and its beginning, to which an FFT returns."""

FULL_SCALE = 32_768
QUIETEST_DBFS = -60.0


@dataclass(frozen=True)
class Equipment:
    """What a clip is replayed and recorded with.

    Attributes:
        loudspeaker_lowest_hz: Lower edge of the loudspeaker's band (-3 dB).
        loudspeaker_highest_hz: Upper edge.
        harmonic_distortion: Of the loudspeaker at full scale, as a share of the fundamental.
        microphone_lowest_hz: Lower edge of the microphone's band.
        microphone_highest_hz: Upper edge.
        microphone_snr_db: What is heard over the microphone's own noise.
        distance_metres: From the loudspeaker to the microphone.
    """

    loudspeaker_lowest_hz: float
    loudspeaker_highest_hz: float
    harmonic_distortion: float
    microphone_lowest_hz: float
    microphone_highest_hz: float
    microphone_snr_db: float
    distance_metres: float

    @property
    def lowest_hz(self) -> float:
        """The lower edge of what gets through both."""
        return max(self.loudspeaker_lowest_hz, self.microphone_lowest_hz)

    @property
    def highest_hz(self) -> float:
        """The upper edge of what gets through both."""
        return min(self.loudspeaker_highest_hz, self.microphone_highest_hz)


BEST = Equipment(50.0, 16_000.0, 0.003, 30.0, 18_000.0, 60.0, 0.1)
WORST = Equipment(700.0, 4_500.0, 0.08, 250.0, 6_000.0, 20.0, 1.2)


def equipment(grade: float) -> Equipment:
    """Equipment from grade 1, a studio monitor, to 5, a telephone's loudspeaker across a table.

    In between everything runs geometrically (the noise linearly in dB). Both ends are ours.

    >>> round(equipment(3.0).distance_metres, 2)
    0.35
    """
    share = (grade - 1) / 4
    between = {
        name: best ** (1 - share) * worst**share
        for (name, best), worst in zip(asdict(BEST).items(), asdict(WORST).values(), strict=True)
    }
    snr_db = (1 - share) * BEST.microphone_snr_db + share * WORST.microphone_snr_db
    return Equipment(**{**between, "microphone_snr_db": snr_db})


def distort(waveform: Float[Tensor, "batch time"], amount: float) -> Float[Tensor, "batch time"]:
    """A loudspeaker driven to full scale by each clip's peak: ``x + a x^2 - b x^3``.

    On a sine at full scale the second and the third harmonic are equal, and together the share
    `amount` of the fundamental (the total harmonic distortion). Computed at twice the rate, so that
    no harmonic folds back into the band.

    Args:
        waveform: ``[batch, time]``.
        amount: From 0 to 0.1; beyond, a higher input would give a lower output.
    """
    harmonic = amount / (math.sqrt(2) + 3 * amount)
    length = waveform.shape[1]
    size = transform_length(length + APART)
    loudest = peak(waveform).clamp(min=torch.finfo(waveform.dtype).tiny)[:, None]
    driven = 2 * torch.fft.irfft(torch.fft.rfft(waveform / loudest, n=size), n=2 * size)
    bent = driven + 2 * harmonic * driven.square() - 4 * harmonic * driven**3
    in_band = torch.fft.rfft(bent)[:, : size // 2 + 1] / 2
    return loudest * torch.fft.irfft(in_band, n=size)[:, :length]


def limit_band(
    waveform: Float[Tensor, "batch time"], sample_rate: int, lowest_hz: float, highest_hz: float
) -> Float[Tensor, "batch time"]:
    """What gets through a device: Butterworth of order 4 on either side, -3 dB at the edges.

    An edge at or beyond the Nyquist frequency takes nothing away.
    """
    if 2 * lowest_hz < sample_rate:
        waveform = filter_high_pass(waveform, 2 * lowest_hz / sample_rate, ORDER)
    if 2 * highest_hz < sample_rate:
        waveform = filter_low_pass(waveform, 2 * highest_hz / sample_rate, ORDER)
    return waveform


def record(
    waveform: Float[Tensor, "batch time"], level_dbfs: float
) -> tuple[Float[Tensor, "batch time"], Float[Tensor, "batch"]]:
    """Automatic gain to an RMS of `level_dbfs`, clipped at full scale, in 16 bits.

    Returns:
        The recording, and the gain of each clip in dB (0 for silence).
    """
    level = rms(waveform)
    gain = torch.where(level > 0, 10 ** (level_dbfs / 20) / level, 1.0)
    steps = torch.round(FULL_SCALE * gain[:, None] * waveform)
    return steps.clamp(-FULL_SCALE, FULL_SCALE - 1) / FULL_SCALE, 20 * torch.log10(gain)


def draw_table(random: np.random.Generator, distance_metres: float) -> Room:
    """A room of 4-8 x 4-7 x 2.4-3.5 m, the microphone about its middle, a loudspeaker beside it."""
    size = random.uniform((4.0, 4.0, 2.4), (8.0, 7.0, 3.5))
    microphone = size * 0.5 + random.uniform(-0.4, 0.4, 3)
    angle = random.uniform(0, 2 * math.pi)
    away = distance_metres * np.array([math.cos(angle), math.sin(angle), 0.0])
    return Room(place(size), place(microphone + away), place(microphone))


@register_corruption
@dataclass(frozen=True)
class Replay(ClipCorruption):
    """Loudspeaker (distortion, band), room, microphone (band, noise, gain, 16 bits).

    Attributes:
        rt60_seconds: Reverberation time of the room.
        level_dbfs: RMS to which the recorder turns the clip up or down, relative to full scale; -26
            is what ITU-T P.56 measurements of speech are set to.
    """

    name: ClassVar[str] = "replay"
    summary: ClassVar[str] = "Played by a loudspeaker in a room to a microphone."
    quantity: ClassVar[str] = "equipment_grade"
    primary: ClassVar[str] = "occupied_band_hz"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0)
    rt60_seconds: float = 0.3
    level_dbfs: float = -26.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_rt60(self.name, [self.rt60_seconds])
        if not all(1 <= grade <= 5 for grade in self.levels):
            raise CorruptionError(
                f"'replay' was given the levels {self.levels}; grades of equipment are from 1 "
                "(studio) to 5 (telephone)."
            )
        if not QUIETEST_DBFS <= self.level_dbfs <= 0:
            raise CorruptionError(
                f"'replay' was given a recording level of {self.level_dbfs:g} dB; it must be from "
                f"{QUIETEST_DBFS:g} to 0 dB relative to full scale."
            )

    def parameters(self, severity: int) -> dict[str, float | int | str]:
        """See `Corruption.parameters`; the grade is spelled out."""
        named = super().parameters(severity)
        return {**named, **asdict(equipment(self.levels[severity - 1]))} if named else {}

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`; in double precision up to the rounding to 16 bits."""
        used, random = equipment(level), self.generator(key)
        room = draw_table(random, used.distance_metres)
        response = simulate(room, self.rt60_seconds, sample_rate, random)
        driven = distort(samples[None].double(), used.harmonic_distortion)
        played = limit_band(
            driven, sample_rate, used.loudspeaker_lowest_hz, used.loudspeaker_highest_hz
        )
        arriving = reverberate(played, [response])
        heard = limit_band(
            arriving, sample_rate, used.microphone_lowest_hz, used.microphone_highest_hz
        )
        noise = torch.from_numpy(random.standard_normal(heard.shape))
        noisy = mix_at_snr(heard, noise.to(heard), used.microphone_snr_db)
        recording, gain_db = record(noisy, self.level_dbfs)
        facts = {
            **told(used),
            **measured(response, sample_rate),
            "automatic_gain_db": gain_db.item(),
        }
        return CorruptedSamples(recording[0].to(samples), facts=facts)


def told(used: Equipment) -> Facts:
    """The equipment in the terms of ASVspoof 2019, and the classes it falls into.

    Distance: A is 10 to 50 cm, B to 1 m, C beyond. Quality: B (high) has more than 10 kHz of band
    from below 600 Hz on, C (low) has not; B asks for a ratio beyond 100 dB too, which no
    loudspeaker with a distortion to speak of has, so the band alone decides here. A is perfect.
    """
    band = used.highest_hz - used.lowest_hz
    return {
        **asdict(used),
        "occupied_band_hz": band,
        "lowest_hz": used.lowest_hz,
        "linear_to_nonlinear_db": -20 * math.log10(used.harmonic_distortion),
        "asvspoof_distance": "ABC"[int(np.digitize(used.distance_metres, (0.5, 1.0)))],
        "asvspoof_quality": "B" if band > 10_000 and used.lowest_hz < 600 else "C",
    }
