"""A version of a clip to hear and to see: a FLAC file, its outline and its spectrogram."""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int8
from numpy import ndarray

from xaudio.audio import Clip
from xaudio.reports.envelope import envelope
from xaudio.viewing.layers import Layer
from xaudio.viewing.spectrograms import QUIETEST, overview

OUTLINE = 4096  # columns at most
FULL_SCALE = 32767  # of 16 bits
SPAN = 80.0  # dB
MEDIA_TYPE = "audio/flac"


@dataclass(frozen=True, eq=False)
class Envelope:
    """The outline of a waveform.

    Attributes:
        lowest: Lowest sample of each column, -127 to 127 for amplitudes of -1 to 1.
        highest: Highest sample of each column.
        column: Seconds per column; the last may be shorter.
    """

    lowest: Int8[ndarray, " columns"]
    highest: Int8[ndarray, " columns"]
    column: float

    @property
    def packed(self) -> bytes:
        """All the lowest, then all the highest, one signed byte each."""
        return self.lowest.tobytes() + self.highest.tobytes()


@dataclass(frozen=True, eq=False)
class Sound:
    """A version of the clip that can be played and looked at.

    Attributes:
        name: What people call it: original, relevant part, with noise at 10 dB.
        clip: Its samples.
        file: Its samples as 16-bit FLAC at the clip's rate, nothing lost that 16 bits hold.
        outline: Of its waveform, at most 4096 columns.
        spectrogram: At most 2048 columns by 320 rows.
        media_type: Of the file.
    """

    name: str
    clip: Clip
    file: bytes
    outline: Envelope
    spectrogram: Layer
    media_type: str = MEDIA_TYPE

    @property
    def levels(self) -> tuple[float, float]:
        """The levels worth showing, dB: from the loudest cell 80 dB down."""
        layer = self.spectrogram
        loudest = layer.lowest + float(layer.cells.max()) * layer.step
        return max(loudest - SPAN, QUIETEST), loudest


def sound_of(name: str, clip: Clip, gain: float = 1.0) -> Sound:
    """A clip as a sound of a viewer.

    Args:
        name: What people call it.
        clip: At any rate; amplitudes beyond 1 are cut off.
        gain: Factor on the samples of the file, so that versions of a clip of which one is louder
            than full scale keep their loudness relative to each other.
    """
    return Sound(
        name=name,
        clip=clip,
        file=_flac(clip, gain),
        outline=_outline(clip),
        spectrogram=overview(clip),
    )


def _flac(clip: Clip, gain: float) -> bytes:
    import soundfile

    levels = np.clip(np.round(clip.samples * (gain * FULL_SCALE)), -FULL_SCALE, FULL_SCALE)
    file = io.BytesIO()
    soundfile.write(file, levels.astype(np.int16), clip.sample_rate, "PCM_16", format="FLAC")
    return file.getvalue()


def _outline(clip: Clip) -> Envelope:
    lowest, highest, width = envelope(clip.samples, OUTLINE)
    return Envelope(_bytes(lowest), _bytes(highest), width / clip.sample_rate)


def _bytes(amplitudes: ndarray) -> Int8[ndarray, " columns"]:
    return np.clip(np.round(amplitudes * 127), -127, 127).astype(np.int8)
