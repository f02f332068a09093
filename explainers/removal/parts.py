"""What can be taken from a clip: stretches of time, patches of its spectrum, or its sources."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.mixing import Block, change_remover, owners, stand_in_remover
from explainers.removal.patch_blocks import overlap, patch_blocks
from perturbations.corruption import Key
from perturbations.fills import fills
from perturbations.masking import Patch, SpectrumGrid

Remover = Callable[[Tensor], Float[Tensor, "rows time"]]
"""From coalitions ``[rows, parts]`` on the clip's device to the clips that are left."""

Stretch = tuple[int, int]


@dataclass(frozen=True)
class Filling:
    """What is put where a part is taken away.

    Attributes:
        name: Of the fill, see `perturbations.fills`.
        key: Where its chance comes from.
        joint: Length in seconds of the smooth joints around what is replaced; 0 for none.
    """

    name: str
    key: Key
    joint: float = 0.0


class Parts(ABC):
    """Parts of one clip of `length` samples, each with a name.

    Attributes:
        names: One per part.
        sample_rate: Of the clip, in Hz.
        length: Of the clip, in samples.
    """

    names: tuple[str, ...]
    sample_rate: int
    length: int

    def __len__(self) -> int:
        return len(self.names)

    @property
    @abstractmethod
    def boxes(self) -> Float[np.ndarray, "parts 4"]:
        """Start and end of each part in seconds, its lowest and highest frequency in Hz."""

    @property
    @abstractmethod
    def are_boxes(self) -> bool:
        """Whether the boxes say all: every part fills its box, and no two boxes overlap."""

    @abstractmethod
    def on_samples(self, values: Float[np.ndarray, " parts"]) -> Float[np.ndarray, " time"]:
        """What each part is worth, on its own samples; the total is kept."""

    @abstractmethod
    def remover(self, clip: Float[Tensor, " time"], filling: Filling) -> Remover:
        """The clip as a function of which parts are there; what is not is filled.

        Coalitions are bool, or float from 0 (gone) to 1 (there). A part that is there is as it
        was to the last bit, but for the joints next to what is gone.
        """

    def reordered(self, order: Int[Tensor, " time"]) -> "Parts":  # noqa: ARG002
        """The parts of the clip with its samples in another order: places stay what they are."""
        return self


@dataclass(frozen=True, eq=False)
class TimeParts(Parts):
    """Parts that are one or more stretches of time; they may overlap.

    Attributes:
        names: As in `Parts`.
        stretches: For each part its (start, stop) in samples, rising and apart.
        length: As in `Parts`.
        sample_rate: As in `Parts`.
    """

    names: tuple[str, ...]
    stretches: tuple[tuple[Stretch, ...], ...]
    length: int
    sample_rate: int

    def __post_init__(self) -> None:
        check_names(self.names, len(self.stretches))
        for name, own in zip(self.names, self.stretches, strict=True):
            times = [time for stretch in own for time in stretch]
            rising = all(start < stop for start, stop in own) and times == sorted(times)
            if not own or not rising or times[0] < 0 or times[-1] > self.length:
                raise ExplanationError(
                    f"The part '{name}' is {[*own]} in samples; expected one (start, stop) or "
                    f"more, rising and apart, from 0 to {self.length}."
                )

    @property
    def boxes(self) -> Float[np.ndarray, "parts 4"]:
        """From the start of the first stretch to the end of the last, over all frequencies."""
        ends = [(own[0][0], own[-1][1]) for own in self.stretches]
        times = np.array(ends, dtype=np.float64) / self.sample_rate
        return np.column_stack(
            [times, np.zeros(len(ends)), np.full(len(ends), self.sample_rate / 2)]
        )

    @property
    def are_boxes(self) -> bool:
        """See `Parts.are_boxes`."""
        return len(self.families) == 1 and all(len(own) == 1 for own in self.stretches)

    @property
    def masks(self) -> Bool[np.ndarray, "parts time"]:
        """True on each part's samples."""
        masks = np.zeros((len(self), self.length), dtype=bool)
        for mask, own in zip(masks, self.stretches, strict=True):
            for start, stop in own:
                mask[start:stop] = True
        return masks

    def on_samples(self, values: Float[np.ndarray, " parts"]) -> Float[np.ndarray, " time"]:
        """Evenly over each part's samples; see `Parts.on_samples`."""
        return spread_evenly(values, self.stretches, self.length)

    @cached_property
    def families(self) -> tuple[tuple[int, ...], ...]:
        """Parts put together so that within a family none overlap; one family where none do."""
        families: list[list[int]] = []
        taken: list[deque[Stretch]] = []  # the latest first, for what overlaps is near
        ends: list[int] = []
        for part in sorted(range(len(self)), key=lambda one: self.stretches[one]):
            own = self.stretches[part]
            candidates = (
                family
                for family, end in enumerate(ends)
                if own[0][0] >= end or _apart(own, taken[family])
            )
            free = next(candidates, len(families))
            if free == len(families):
                families.append([])
                taken.append(deque())
                ends.append(0)
            families[free].append(part)
            taken[free].extendleft(own)
            ends[free] = max(ends[free], own[-1][1])
        return tuple(tuple(sorted(family)) for family in families)

    def remover(self, clip: Float[Tensor, " time"], filling: Filling) -> Remover:
        """See `Parts.remover`; where parts overlap, what any of them takes away is gone.

        Each part is filled from what lies around it.
        """
        fill, joint = fills.get(filling.name), round(filling.joint * self.sample_rate)
        layers = []
        for family in self.families:
            own = [(part, stretch) for part in family for stretch in self.stretches[part]]
            own.sort(key=lambda entry: entry[1])
            stretches = [stretch for _, stretch in own]
            stand_in = fill(clip[None], self.sample_rate, [filling.key], stretches)[0]
            layers.append((stand_in, owners(own, self.length, nobody=len(self))))
        return stand_in_remover(clip, layers, joint)


@dataclass(frozen=True, eq=False)
class PatchParts(Parts):
    """Parts that are rectangles of time and frequency, cut from the short-time spectrum.

    Attributes:
        names: As in `Parts`.
        patches: One per part; they may overlap.
        length: As in `Parts`.
        sample_rate: As in `Parts`.
    """

    names: tuple[str, ...]
    patches: tuple[Patch, ...]
    length: int
    sample_rate: int

    def __post_init__(self) -> None:
        check_names(self.names, len(self.patches))

    @property
    def boxes(self) -> Float[np.ndarray, "parts 4"]:
        """The patches."""
        return np.array([(one.start, one.end, one.low, one.high) for one in self.patches])

    @property
    def are_boxes(self) -> bool:
        """See `Parts.are_boxes`."""
        return not overlap(self.patches, self.length, self._grid)

    def on_samples(self, values: Float[np.ndarray, " parts"]) -> Float[np.ndarray, " time"]:
        """Evenly over the samples between each patch's start and end; see `Parts.on_samples`."""
        stretches = [(self._samples(patch),) for patch in self.patches]
        return spread_evenly(values, stretches, self.length)

    def remover(self, clip: Float[Tensor, " time"], filling: Filling) -> Remover:
        """See `Parts.remover`; the windows of the transform make the joints.

        Cells that several patches cover are gone when any of these is.
        """
        stretches = _disjoint(sorted({self._samples(patch) for patch in self.patches}), self.length)
        fill = fills.get(filling.name)
        stand_in = fill(clip[None], self.sample_rate, [filling.key], stretches)[0]
        return change_remover(clip, patch_blocks(clip, stand_in, self.patches, self._grid))

    @cached_property
    def _grid(self) -> SpectrumGrid:
        return SpectrumGrid.at(self.sample_rate)

    def _samples(self, patch: Patch) -> Stretch:
        start, stop = round(patch.start * self.sample_rate), round(patch.end * self.sample_rate)
        start = min(start, self.length - 1)
        return start, min(max(stop, start + 1), self.length)


@dataclass(frozen=True, eq=False)
class SourceParts(Parts):
    """Parts that are signals which together make up the clip, or some of it.

    Attributes:
        names: As in `Parts`.
        sources: One signal per part; what the clip holds beside them always stays.
        sample_rate: As in `Parts`.
    """

    names: tuple[str, ...]
    sources: Float[Tensor, "parts time"]
    sample_rate: int

    def __post_init__(self) -> None:
        check_names(self.names, len(self.sources))

    @property
    def length(self) -> int:  # type: ignore[override]
        """Samples in the clip."""
        return int(self.sources.shape[1])

    @property
    def boxes(self) -> Float[np.ndarray, "parts 4"]:
        """Every source may be anywhere."""
        whole = [0.0, self.length / self.sample_rate, 0.0, self.sample_rate / 2]
        return np.tile(whole, (len(self), 1))

    @property
    def are_boxes(self) -> bool:
        """A source is not all of its box, unless it is alone."""
        return False

    def on_samples(self, values: Float[np.ndarray, " parts"]) -> Float[np.ndarray, " time"]:
        """As each source's energy is spread, evenly if it is silent; see `Parts.on_samples`."""
        energy = self.sources.detach().double().square().cpu().numpy()
        energy[energy.sum(axis=1) == 0] = 1.0
        return (values / energy.sum(axis=1)) @ energy

    def reordered(self, order: Int[Tensor, " time"]) -> "SourceParts":
        """See `Parts.reordered`; sources go with the clip they are in."""
        return SourceParts(
            self.names, self.sources[:, order.to(self.sources.device)], self.sample_rate
        )

    def remover(self, clip: Float[Tensor, " time"], filling: Filling) -> Remover:
        """See `Parts.remover`; each source is filled for itself."""
        sources = self.sources.to(clip)
        keys = [Key(f"{filling.key.clip}:{name}", filling.key.repeat) for name in self.names]
        whole = [(0, self.length)]
        stand_ins = fills.get(filling.name)(sources, self.sample_rate, keys, whole)
        each = torch.eye(len(self), dtype=torch.bool, device=clip.device)
        numbers = torch.arange(len(self), device=clip.device)
        return change_remover(clip, [Block(0, stand_ins - sources, numbers, each)])


def check_names(names: Sequence[str], count: int) -> None:
    """There are parts, and every one has a name of its own.

    Raises:
        ExplanationError: There are none, or two share a name.
    """
    if not names or len(names) != count or len(set(names)) < len(names):
        raise ExplanationError(
            f"{len(set(names))} different names were given for {count} parts; expected one name "
            "of its own for each, and at least one part."
        )


def spread_evenly(
    values: Float[np.ndarray, " parts"], stretches: Sequence[Sequence[Stretch]], length: int
) -> Float[np.ndarray, " {length}"]:
    """Each part's value in equal shares on its samples, added up where parts overlap.

    >>> spread_evenly(np.array([4.0, 6.0]), [[(0, 2)], [(1, 2), (3, 5)]], 5)
    array([2., 4., 0., 2., 2.])
    """
    spread = np.zeros(length)
    for value, own in zip(values, stretches, strict=True):
        for start, stop in own:
            spread[start:stop] += value / sum(stop - start for start, stop in own)
    return spread


def _apart(own: Sequence[Stretch], others: Iterable[Stretch]) -> bool:
    return all(stop <= start or end <= begin for start, end in others for begin, stop in own)


def _disjoint(stretches: Sequence[Stretch], length: int) -> list[Stretch]:
    """The stretches if none overlap, else the whole clip as one."""
    after = [*stretches[1:], (length, length)]
    apart = all(stop <= start for (_, stop), (start, _) in zip(stretches, after, strict=True))
    return [*stretches] if apart else [(0, length)]
