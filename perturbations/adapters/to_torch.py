"""Every corruption as a module, to train with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.data import get_worker_info

from perturbations.corruption import Corruption, Key, check_severity, load_corruption
from perturbations.errors import CorruptionError
from perturbations.waveform import cut_or_pad


class RandomCorruption(nn.Module):
    """Corrupts each clip of a training batch at a severity of its own; does nothing in eval mode.

    Severities and repeats come from `seed` and a counter of the clips seen, not from any global
    state. The counter is in the `state_dict`, so a run that is resumed draws what it would have
    drawn. In a worker of a `DataLoader` the worker's seed joins in: workers, and epochs, draw
    differently, as reproducibly as torch's own seed is set. Give each process of a distributed run
    a seed of its own.

    Differentiable where the corruption is, on the device of the clips. Clips keep their length:
    what a slower clip has too much is cut, what a faster one lacks is silence.

    Args:
        corruption: A registered name, or a corruption.
        sample_rate: Of the clips, in hertz.
        severities: Those to draw from, each as likely; 0 leaves a clip as it is, and one that is
            named twice comes twice as often.
        seed: Any whole number from 0 on.

    Raises:
        CorruptionError: There is no such corruption or severity.
    """

    def __init__(
        self,
        corruption: str | Corruption,
        sample_rate: int,
        severities: Sequence[int] = (1, 2, 3, 4, 5),
        seed: int = 0,
    ):
        super().__init__()
        self.corruption = load_corruption(corruption) if isinstance(corruption, str) else corruption
        if not severities:
            raise CorruptionError("There are no severities to draw from; name at least one.")
        for severity in severities:
            check_severity(severity, self.corruption.severities)
        if seed < 0:
            raise CorruptionError(f"The seed is {seed}; it must be a whole number from 0 on.")
        self.sample_rate = sample_rate
        self.severities = tuple(severities)
        self.seed = seed
        self.clips_seen = 0

    def forward(
        self,
        waveform: Float[Tensor, "batch time"],
        keys: Sequence[Key] | None = None,
        severities: Sequence[int] | None = None,
    ) -> Float[Tensor, "batch time"]:
        """The batch, corrupted in train mode.

        Args:
            waveform: ``[batch, time]``, within [-1, 1].
            keys: One per clip; drawn if None. With keys and severities nothing is left to chance.
            severities: One per clip; drawn if None.

        Raises:
            CorruptionError: The corruption cannot be done, or there is not one key or severity for
                each clip.
        """
        if not self.training:
            return waveform
        if severities is None or keys is None:
            drawn_severities, drawn_keys = self.draw(len(waveform))
            severities = drawn_severities if severities is None else severities
            keys = drawn_keys if keys is None else keys
        if len(severities) != len(waveform) or len(keys) != len(waveform):
            raise CorruptionError(
                f"There are {len(waveform)} clips, {len(severities)} severities and {len(keys)} "
                "keys; give one of each per clip, or none."
            )
        return self.corrupt(waveform, severities, keys)

    def draw(self, count: int) -> tuple[list[int], list[Key]]:
        """A severity and a key for each of the next clips."""
        worker = get_worker_info()
        stream = () if worker is None else (worker.seed,)
        severities, keys = [], []
        for clip in range(self.clips_seen, self.clips_seen + count):
            random = np.random.default_rng((self.seed, clip, *stream))
            severities.append(self.severities[int(random.integers(len(self.severities)))])
            keys.append(Key("training", int(random.integers(2**63))))
        self.clips_seen += count
        return severities, keys

    def corrupt(
        self, waveform: Float[Tensor, "batch time"], severities: Sequence[int], keys: Sequence[Key]
    ) -> Float[Tensor, "batch time"]:
        """All clips of one severity at a time."""
        length, order, done = waveform.shape[1], [], []
        for severity in sorted(set(severities)):
            rows = [row for row, own in enumerate(severities) if own == severity]
            corrupted = self.corruption.apply(
                waveform[rows], self.sample_rate, severity, [keys[row] for row in rows]
            )
            done.append(cut_or_pad(corrupted.waveform, length))
            order.extend(rows)
        return torch.cat(done)[torch.tensor(order).argsort()]

    def get_extra_state(self) -> dict[str, int]:
        """How many clips it has seen."""
        return {"clips_seen": self.clips_seen}

    def set_extra_state(self, state: Any) -> None:
        """Go on from there."""
        self.clips_seen = int(state["clips_seen"])

    def extra_repr(self) -> str:
        """What it does, when printed."""
        return f"{self.corruption.name}, severities {self.severities}, seed {self.seed}"


def to_torch(
    corruption: str | Corruption,
    sample_rate: int,
    severities: Sequence[int] = (1, 2, 3, 4, 5),
    seed: int = 0,
) -> RandomCorruption:
    """A corruption as a module; see `RandomCorruption`.

    >>> module = to_torch("white-noise", 16_000)
    >>> module(torch.zeros(4, 16_000)).shape
    torch.Size([4, 16000])
    """
    return RandomCorruption(corruption, sample_rate, severities, seed)
