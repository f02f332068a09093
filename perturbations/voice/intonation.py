"""How much the melody of a clip moves."""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.errors import CorruptionError
from perturbations.voice.loudness import match_level
from perturbations.voice.properties import VoiceProperty, register_property
from perturbations.waveform import cut_or_pad, resample

LOWEST_RATE = 16_000  # below, WORLD's aperiodicity looks at bands that are not there
LOWEST_PITCH, HIGHEST_PITCH = 50.0, 1_000.0


@dataclass(frozen=True, eq=False)
class VoiceParts:
    """A clip taken apart by WORLD (Morise et al. 2016), every 5 ms.

    Attributes:
        pitch: In hertz, 0 where there is none.
        envelope: Power spectra without the pitch's harmonics.
        aperiodicity: Share of noise per frequency.
        sample_rate: In hertz.
    """

    pitch: Float[np.ndarray, " frames"]
    envelope: Float[np.ndarray, "frames bins"]
    aperiodicity: Float[np.ndarray, "frames bins"]
    sample_rate: int


def take_apart(clip: Float[Tensor, " time"], sample_rate: int) -> VoiceParts:
    """Pitch (Harvest), envelope (CheapTrick) and aperiodicity (D4C) of a clip.

    A rate below 16 kHz is raised to it first.
    """
    pyworld = _pyworld()
    rate = max(sample_rate, LOWEST_RATE)
    samples = resample(clip[None], sample_rate, rate)[0].detach().cpu().double().numpy()
    pitch, times = pyworld.harvest(samples, rate)
    envelope = pyworld.cheaptrick(samples, pitch, times, rate)
    aperiodicity = pyworld.d4c(samples, pitch, times, rate)
    return VoiceParts(pitch, envelope, aperiodicity, rate)


def flattened(pitch: Float[np.ndarray, " frames"], share: float) -> Float[np.ndarray, " frames"]:
    """The melody with `share` of its way to the median taken, in semitones.

    >>> flattened(np.array([0.0, 100.0, 200.0, 400.0]), 0.5).round(1).tolist()
    [0.0, 141.4, 200.0, 282.8]
    """
    voiced = pitch > 0
    if not voiced.any():
        return pitch
    median = np.median(pitch[voiced])
    moved = median * (np.where(voiced, pitch, median) / median) ** (1 - share)
    return np.where(voiced, np.clip(moved, LOWEST_PITCH, HIGHEST_PITCH), 0.0)


def put_together(
    parts: VoiceParts, share: float, original: Float[Tensor, " time"], sample_rate: int
) -> Float[Tensor, " time"]:
    """The clip from its parts with its melody flattened, as long and as loud as the original."""
    samples = _pyworld().synthesize(
        flattened(parts.pitch, share), parts.envelope, parts.aperiodicity, parts.sample_rate
    )
    made = resample(torch.from_numpy(samples).float()[None], parts.sample_rate, sample_rate)
    fitted = cut_or_pad(made, len(original)).to(original)
    return match_level(fitted, original[None])[0]


def flatten_intonation(
    waveform: Float[Tensor, "batch time"], sample_rate: int, share: float
) -> Float[Tensor, "batch time"]:
    """Each clip with its melody flattened: 0 as it was, 1 monotone at its median pitch.

    Below 0 the melody moves more than it did: at -1 twice as far, in semitones. WORLD takes the
    clip apart and puts it together again, which is heard at any share: compare with share 0, not
    with the clip itself. A clip without pitch comes back as at share 0, whatever the share.

    Raises:
        CorruptionError: The share is not from -1 to 1.
    """
    if not Intonation.lowest <= share <= Intonation.highest:
        raise CorruptionError(
            f"An intonation flattened by a share of {share} was asked for; give -1 (twice the "
            "melody) to 1 (monotone)."
        )
    rows = [
        put_together(take_apart(clip, sample_rate), share, clip, sample_rate) for clip in waveform
    ]
    return torch.stack(rows)


@register_property
@dataclass(frozen=True)
class Intonation(VoiceProperty):
    """The clip's melody flattened towards its median pitch.

    The neutral clip is the one taken apart and put together again, so what the vocoder does is not
    blamed on the melody.
    """

    name: ClassVar[str] = "intonation"
    unit: ClassVar[str] = "share flattened"
    summary: ClassVar[str] = "The melody flattened to the median pitch, all through a vocoder."
    neutral: ClassVar[float] = 0.0
    lowest: ClassVar[float] = -1.0
    highest: ClassVar[float] = 1.0

    values: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,
        values: Sequence[float],
        key: Key,  # noqa: ARG002
    ) -> Iterator[Float[Tensor, " time"]]:
        """See `VoiceProperty.vary`."""
        parts = take_apart(clip, sample_rate)
        for value in values:
            yield put_together(parts, value, clip, sample_rate)


def _pyworld() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports the deprecated pkg_resources
        import pyworld
    return pyworld
