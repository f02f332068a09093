"""What a corruption gives back: the sound, where its instants came from, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap
from perturbations.waveform import cut_or_pad

Facts = Mapping[str, float | int | str]


@dataclass(frozen=True)
class CorruptedSamples:
    """One corrupted clip.

    Attributes:
        samples: What came out.
        time_map: Where each instant went.
        facts: What was drawn or came about on the way, units in the names: ``bitrate_kbps``.
    """

    samples: Float[Tensor, " new"]
    time_map: TimeMap = field(default_factory=TimeMap.identity)
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True)
class Corrupted:
    """A corrupted batch, where each of its instants came from, and what happened on the way.

    Attributes:
        waveform: The clips, zeros after the end of those that are shorter than the longest.
        time_maps: One per clip.
        lengths: Samples of each clip.
        facts: What was drawn or came about, per clip; empty where there is nothing to tell.
    """

    waveform: Float[Tensor, "batch time"]
    time_maps: tuple[TimeMap, ...]
    lengths: tuple[int, ...]
    facts: tuple[Facts, ...]

    @classmethod
    def alike(cls, waveform: Float[Tensor, "batch time"], time_map: TimeMap) -> "Corrupted":
        """Clips of one length that moved alike, with nothing to tell."""
        count, length = waveform.shape
        return cls(waveform, (time_map,) * count, (length,) * count, ({},) * count)

    @classmethod
    def stacked(cls, clips: Sequence[CorruptedSamples]) -> "Corrupted":
        """Clips of any lengths, one under the other."""
        if len(clips) == 1:  # by far the most frequent, and worth no copy
            only = clips[0]
            length = only.samples.shape[0]
            return cls(only.samples[None], (only.time_map,), (length,), (only.facts,))
        lengths = tuple(len(clip.samples) for clip in clips)
        rows = [cut_or_pad(clip.samples[None], max(lengths)) for clip in clips]
        maps, facts = (
            tuple(each)
            for each in zip(*((clip.time_map, clip.facts) for clip in clips), strict=True)
        )
        return cls(torch.cat(rows), maps, lengths, facts)

    @property
    def time_map(self) -> TimeMap:
        """The map that all clips share.

        Raises:
            CorruptionError: They moved differently; ask `time_maps`.
        """
        if len(set(self.time_maps)) > 1:
            raise CorruptionError(
                "The clips of this batch moved differently in time; ask for `time_maps`, one each."
            )
        return self.time_maps[0]

    def clip(self, row: int) -> CorruptedSamples:
        """One clip, without what follows its end."""
        samples = self.waveform[row, : self.lengths[row]]
        return CorruptedSamples(samples, self.time_maps[row], self.facts[row])
