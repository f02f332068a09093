"""A recording that is read piece by piece and never lies in memory as a whole."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from jaxtyping import Float32
from numpy import ndarray

from xaudio.audio import Clip
from xaudio.decoding.reading import shorter

BLOCK = 1 << 16  # samples read at a time
SLACK = 0.25  # seconds a container's stated duration may exceed what it decodes to (priming)


@dataclass(frozen=True)
class Recording(ABC):
    """What is known of a recording before it is read.

    Attributes:
        name: What people call it: the file's name.
        digest: SHA-256, in hexadecimal, of the original bytes.
        sample_rate: In hertz.
        announced: Length in seconds as the container states or estimates it; None where it does
            neither.
        decode_chain: What is done to the original bytes to get the samples, in order.
    """

    name: str
    digest: str
    sample_rate: int
    announced: float | None
    decode_chain: tuple[str, ...]

    @abstractmethod
    def blocks(self, first: int = 0) -> Iterator[Float32[ndarray, " time"]]:
        """The samples, mixed to one channel, from sample `first` on, in blocks of any length.

        Raises:
            AudioError: The recording turns out to be truncated or damaged.
        """


@dataclass(frozen=True)
class ClipRecording(Recording):
    """A clip that is in memory already, for those who treat long and short alike.

    Attributes:
        clip: The clip.
    """

    clip: Clip

    @staticmethod
    def of(clip: Clip) -> "ClipRecording":
        """The clip as a recording."""
        return ClipRecording(
            clip.name, clip.digest, clip.sample_rate, clip.seconds, clip.decode_chain, clip
        )

    def blocks(self, first: int = 0) -> Iterator[Float32[ndarray, " time"]]:
        """Stretches of the clip's own samples."""
        for start in range(first, len(self.clip.samples), BLOCK):
            yield self.clip.samples[start : start + BLOCK]


def check_complete(recording: Recording, stated: float, found: float) -> None:
    """Refuse a recording that ends before its container says it should.

    Args:
        recording: What was read, for the message.
        stated: Seconds its header promises.
        found: Seconds it holds.

    Raises:
        AudioError: More than a quarter of a second is missing.
    """
    if stated - found > SLACK:
        raise shorter(recording.name, stated, found)
