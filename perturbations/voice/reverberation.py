"""In how large a room a clip is spoken.

Image sources (Allen and Berkley 1979) in an empty cube. A cube of another size, with speaker and
microphone at the same shares of its side, has the same images at distances in proportion: they are
found once for a layout and serve every room.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key, generator
from perturbations.filters import fast_length
from perturbations.rooms import METRES_PER_SECOND, Room, find_images
from perturbations.voice.loudness import match_level
from perturbations.voice.properties import VoiceProperty, register_property

ABSORPTION = 0.1
FAINTEST_DB = -40.0
OVERSAMPLING = 8
LOWEST_HZ = 20.0


@dataclass(frozen=True)
class Layout:
    """Where speaker and microphone are, as shares of the cube's side."""

    speaker: tuple[float, float, float]
    microphone: tuple[float, float, float]


def draw_layout(random: np.random.Generator) -> Layout:
    """A microphone about the middle, and a speaker 0.3 sides from it in any direction."""
    microphone = random.uniform(0.35, 0.65, 3)
    direction = random.standard_normal(3)
    speaker = microphone + 0.3 * direction / np.linalg.norm(direction)
    return Layout(tuple(speaker.tolist()), tuple(microphone.tolist()))


@dataclass(frozen=True, eq=False)
class Echoes:
    """What follows the direct sound in a cube of one metre; both proportions hold in any cube.

    Attributes:
        detours: Further ways than the direct one, in sides of the cube.
        amplitudes: As shares of the direct sound's.
    """

    detours: Float[np.ndarray, " images"]
    amplitudes: Float[np.ndarray, " images"]


def find_echoes(layout: Layout, absorption: float = ABSORPTION) -> Echoes:
    """All images by as many reflections as leave more than -40 dB of a sound.

    Args:
        layout: Where speaker and microphone are.
        absorption: Share of the energy that a wall keeps, above 0 and below 1.
    """
    most = math.ceil(FAINTEST_DB / (10 * math.log10(1 - absorption)))
    room = Room((1.0, 1.0, 1.0), layout.speaker, layout.microphone)
    images = find_images(room, most)
    met = images.reflections > 0
    metres, reflections = images.metres[met], images.reflections[met]
    amplitudes = (1 - absorption) ** (reflections / 2) * room.distance_metres / metres
    return Echoes(metres - room.distance_metres, amplitudes)


def reverberate(
    waveform: Float[Tensor, "batch time"], sample_rate: int, side_metres: float, echoes: Echoes
) -> Float[Tensor, "batch time"]:
    """Each clip as heard in a cube of `side_metres`, at the level (RMS) it had.

    The direct sound stays where it is in time; what rings on after the clip is cut. Echoes reach
    down to 20 Hz: a loudspeaker moves no air at rest, and a constant would add up for ever. At a
    side of 0 m the clip is returned as it is.
    """
    if side_metres == 0:
        return waveform
    length = waveform.shape[1]
    size = fast_length(2 * length)
    seconds = side_metres / METRES_PER_SECOND * echoes.detours
    places = np.rint(seconds * sample_rate * OVERSAMPLING).astype(np.int64)
    there = places < length * OVERSAMPLING
    fine = np.bincount(places[there], echoes.amplitudes[there], minlength=length * OVERSAMPLING)
    response = torch.fft.rfft(torch.from_numpy(fine), n=size * OVERSAMPLING)[: size // 2 + 1]
    hertz = torch.fft.rfftfreq(size, 1 / sample_rate, dtype=torch.float64)
    response = response * hertz**4 / (hertz**4 + LOWEST_HZ**4)
    clips = torch.fft.rfft(waveform.double(), n=size)
    tail = torch.fft.irfft(clips * response.to(clips), n=size)[:, :length]
    return match_level(waveform + tail.to(waveform), waveform)


@register_property
@dataclass(frozen=True)
class RoomSize(VoiceProperty):
    """The clip in an empty cube with hard walls (absorption 0.1); the sides are SpeechXAI's.

    Pastor et al., EACL 2024, arXiv 2309.07733. Where speaker and microphone are is drawn from the
    key. In a cube of 0 m all echoes fall on the direct sound: no room at all.
    """

    name: ClassVar[str] = "reverberation"
    unit: ClassVar[str] = "m side of the room"
    summary: ClassVar[str] = "Echoes of an empty cubic room with hard walls."
    neutral: ClassVar[float] = 0.0
    lowest: ClassVar[float] = 0.5
    highest: ClassVar[float] = 50.0
    random: ClassVar[bool] = True

    values: tuple[float, ...] = (3.0, 4.0, 5.0, 6.0, 7.0)

    def vary(
        self,
        clip: Float[Tensor, " time"],
        sample_rate: int,
        values: Sequence[float],
        key: Key,
    ) -> Iterator[Float[Tensor, " time"]]:
        """See `VoiceProperty.vary`."""
        echoes = find_echoes(draw_layout(generator("voice-room", 1, key)))
        for value in values:
            yield reverberate(clip[None], sample_rate, value, echoes)[0]
