"""A small delay as an attack: the sound is the same, the model's frames fall elsewhere.

A model that hears through frames sees a delayed clip in other frames. Its decision should not care,
and neither should its explanation once the delay is taken out again.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.attacks.explanations.aims import Aim
from perturbations.attacks.explanations.kept_decision import KeptDecision
from perturbations.attacks.explanations.objective import ExplanationObjective, Relevance
from perturbations.attacks.objectives import Logits
from perturbations.corruption import of_kind
from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap

RelevanceThrough = Callable[[Float[Tensor, "some time"], TimeMap], Float[Tensor, "some cells"]]
"""Relevance on the cells of the clean clip, fetched from where the time map says they went."""

ENDS = ("padded", "rolled")
SUB_SAMPLES = (-0.5, -0.25, 0.25, 0.5)


@dataclass(frozen=True)
class Shift:
    """The best of many small delays.

    Attributes:
        longest_seconds: The largest delay, later or earlier; above 0.
        count: Delays tried on each side, evenly spaced; delays of a quarter and half a sample are
            tried besides.
        ends: What comes in where the clip moved away: ``padded`` silence, or ``rolled``, the other
            end of the clip.
    """

    longest_seconds: float = 0.01
    count: int = 16
    ends: str = "padded"

    def __post_init__(self) -> None:
        if not 0 < self.longest_seconds < math.inf:
            raise CorruptionError(
                f"A longest delay of {self.longest_seconds} s was given; it must be above 0."
            )
        if self.count < 1:
            raise CorruptionError(f"{self.count} delays were asked for; ask for 1 or more.")
        if self.ends not in ENDS:
            raise CorruptionError(f"The ends are {' or '.join(ENDS)}; '{self.ends}' was given.")

    def delays(self, sample_rate: int) -> tuple[float, ...]:
        """The delays that are tried, in seconds, the smallest first; never 0."""
        even = [self.longest_seconds * step / self.count for step in range(1, self.count + 1)]
        finer = [part / sample_rate for part in SUB_SAMPLES]
        tried = {*even, *(-each for each in even), *finer}
        return tuple(sorted(tried, key=lambda delay: (abs(delay), delay)))

    def run(
        self,
        logits: Logits,
        relevance: RelevanceThrough,
        waveform: Float[Tensor, "one time"],
        kept: KeptDecision,
        aim: Aim,
        sample_rate: int,
        progress: Callable[[float], None] | None = None,
    ) -> "Shifted":
        """Try every delay of one clip and keep the one that moves the relevance furthest.

        Arguments as of `ExplanationObjective` and `Attack.pursue`; the relevance is aligned with
        the clean clip by the time map it is given.

        Raises:
            CorruptionError: There is more than one clip, or a delay is as long as the clip.
        """
        if len(waveform) != 1 or self.longest_seconds * sample_rate >= waveform.shape[1]:
            raise CorruptionError(
                f"A clip was given as {tuple(waveform.shape)} samples, to be moved by up to "
                f"{self.longest_seconds} s; give one clip that is longer."
            )
        margins = []
        row = torch.zeros(1, dtype=torch.long)
        delays = self.delays(sample_rate)
        for number, delay in enumerate(delays):
            aligned = ExplanationObjective(logits, _through(relevance, delay), kept, aim)
            with torch.no_grad():
                moved = moved_later(waveform, delay * sample_rate, self.ends)
                margins.append(float(aligned(moved, row).margin[0]))
            if progress is not None:
                progress((number + 1) / len(delays))
        best = max(range(len(delays)), key=margins.__getitem__)
        found = moved_later(waveform, delays[best] * sample_rate, self.ends)
        return Shifted(found, delays[best], margins[best] > 0, delays, tuple(margins))


def _through(relevance: RelevanceThrough, delay: float) -> Relevance:
    """The relevance of clips that come so many seconds later."""
    later = TimeMap.later(delay)
    return lambda moved: relevance(moved, later)


@dataclass(frozen=True, eq=False)
class Shifted:
    """What `Shift` found.

    Attributes:
        waveform: The delayed clip, as long as the clean one.
        delay: In seconds; negative is earlier.
        succeeded: Whether the aim was reached with the decision kept.
        delays: All that were tried.
        margins: How far beyond the aim each was.
    """

    waveform: Float[Tensor, "one time"]
    delay: float
    succeeded: bool
    delays: tuple[float, ...]
    margins: tuple[float, ...]


def moved_later(
    waveform: Float[Tensor, "batch time"], samples: float, ends: str = "padded"
) -> Float[Tensor, "batch time"]:
    """The clips that many samples later, or earlier where negative; what leaves is cut off.

    A delay that is no whole number of samples is a turn of the spectrum's phase, exact for what
    the sampling holds; it may exceed the peak a little and is cut to [-1, 1].

    Args:
        waveform: Within [-1, 1].
        samples: The delay.
        ends: ``padded`` with silence or ``rolled``; see `Shift`.

    >>> moved_later(torch.tensor([[0.1, 0.2, 0.3]]), 1.0)
    tensor([[0.0000, 0.1000, 0.2000]])
    """
    length = waveform.shape[1]
    pad = math.ceil(abs(samples)) + 1 if ends == "padded" else 0
    room = torch.nn.functional.pad(waveform, (pad, pad))
    whole = round(samples)
    if abs(samples - whole) < 1e-6:
        return room.roll(whole, dims=1)[:, pad : pad + length]
    bins = torch.fft.rfft(room.double())
    cycles = torch.arange(bins.shape[1], device=bins.device).double() / room.shape[1]
    turned = bins * torch.exp(-2j * math.pi * cycles * samples)
    moved = torch.fft.irfft(turned, n=room.shape[1])[:, pad : pad + length]
    return moved.to(waveform).clamp(-1, 1)


def cells_inside(
    edges: Float[Tensor, " edges"], delay: float, seconds: float
) -> Bool[Tensor, " cells"]:
    """Which cells are still wholly within the clip after a delay; edges and all in seconds."""
    later = edges.double() + delay
    return (later[:-1] > -1e-9) & (later[1:] < seconds + 1e-9)


def load_shift(**settings: Any) -> Shift:
    """The attack by delays, with its defaults unless told otherwise.

    Raises:
        CorruptionError: No such setting, where those there are get named; or a value of another
            kind than the setting's default, or out of its range.
    """
    defaults = {field.name: field.default for field in fields(Shift)}
    unknown = [setting for setting in settings if setting not in defaults]
    if unknown:
        raise CorruptionError(
            f"'shift' has no setting '{unknown[0]}'. There are: {', '.join(defaults)}."
        )
    fitting = {
        setting: of_kind(f"'{setting}' of 'shift'", value, defaults[setting])
        for setting, value in settings.items()
    }
    return Shift(**fitting)
