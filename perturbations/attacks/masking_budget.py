"""A budget for the ear: the perturbation's spectrum stays under the clip's masking threshold."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.attacks.budgets import ROUNDING, Ball, Budget, above_zero
from perturbations.attacks.psychoacoustics import MaskingModel, from_spectrum, spectrum
from perturbations.corruption import draw_normal
from perturbations.errors import CorruptionError

ROUNDS = 3
FRAMES, LINES = 3, 8  # how far a line's own sound shows in other frames and lines


@dataclass(frozen=True)
class MaskingBudget(Budget):
    """Every spectral line of the perturbation stays under the clip's masking threshold.

    Attributes:
        above_db: Raises the threshold, in dB; 0 is meant to be inaudible, more is audible.
        model: How the threshold is found.
    """

    above_db: float = 0.0
    model: MaskingModel = field(default_factory=MaskingModel)

    def __post_init__(self) -> None:
        if not -60 <= self.above_db <= 60:
            raise CorruptionError(
                f"A threshold raised by {self.above_db} dB was given; give -60 to 60."
            )

    def around(self, clean: Float[Tensor, "batch time"], sample_rate: int) -> Ball:
        """See `Budget`."""
        size = self.model.size(sample_rate)
        limit = self.model.threshold(clean, sample_rate) * 10 ** (self.above_db / 20)
        return MaskedBall(clean, limit, reachable(limit, size), size)


@dataclass(frozen=True, eq=False)
class MaskedBall(Ball):
    """The perturbations whose short-time spectrum nowhere exceeds a limit.

    Attributes:
        limit: Largest magnitude of each spectral line.
        reachable: As much of it as a line may have without pushing its neighbours over theirs.
        size: Samples per window of the spectrum.
    """

    limit: Float[Tensor, "batch frame bin"]
    reachable: Float[Tensor, "batch frame bin"]
    size: int

    def excess(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frame bin"]:
        """Each spectral line's magnitude over its limit; differentiable."""
        return self._lines(delta).abs() / self.limit

    def gauge(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        """The worst line's magnitude over its limit."""
        return self.excess(delta).amax(dim=(1, 2))

    def project(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """A perturbation near this one that is allowed, not the nearest.

        Lines are cut to what is reachable, and samples to the range, in a few rounds (windows
        overlap, so that cutting one line raises others a little); a clip of which some line is
        still too large is then turned down as a whole.
        """
        delta = self.within_range(delta)
        worst = self.gauge(delta)
        for _ in range(ROUNDS):
            over = worst > 1
            if not bool(over.any()):
                return delta
            delta = torch.where(over[:, None], self.within_range(self._cut(delta)), delta)
            worst = self.gauge(delta)
        return delta / torch.where(worst > 1, worst * ROUNDING, 1.0)[:, None]

    def steepest(self, gradient: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """Every spectral line as large as is reachable, in the gradient's phase."""
        lines = self._lines(gradient)
        aligned = lines * (self.reachable / above_zero(lines.abs()))
        return self._samples(aligned)

    def draw(self, generators: Sequence[np.random.Generator]) -> Float[Tensor, "batch time"]:
        """White noise shaped to the limit."""
        return self.project(self.steepest(draw_normal(generators, self.clean)))

    def _cut(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        lines = self._lines(delta)
        kept = (self.reachable / above_zero(lines.abs())).clamp(max=1)
        return self._samples(lines * kept)

    def _lines(self, delta: Float[Tensor, "batch time"]) -> Complex[Tensor, "batch frame bin"]:
        return spectrum(delta, self.size)

    def _samples(self, lines: Complex[Tensor, "batch frame bin"]) -> Float[Tensor, "batch time"]:
        """The waveform of these lines, faded at both ends: where it broke off it would click."""
        length = self.clean.shape[1]
        rise = min(self.size, length) // 2
        fade = torch.ones_like(self.clean[0])
        fade[:rise] = torch.hann_window(2 * rise, device=fade.device)[:rise]
        return from_spectrum(lines, self.size, length) * fade * fade.flip(0)


def reachable(
    limit: Float[Tensor, "batch frame bin"], size: int
) -> Float[Tensor, "batch frame bin"]:
    """The limit, lowered where a line that reaches it would push a neighbour over its own.

    Windows overlap and have width: whatever sounds in one line shows in the lines and frames
    around it. Next to a pause, or to a band in which little is masked, less can be used.
    """
    shown = leakage(size)
    _, frames, lines = limit.shape
    padded = torch.nn.functional.pad(limit, (LINES, LINES, FRAMES, FRAMES), value=torch.inf)
    lowest = limit
    for frame, row in enumerate(shown.tolist()):
        for line, share in enumerate(row):
            there = padded[:, frame : frame + frames, line : line + lines]
            lowest = torch.minimum(lowest, there / max(share, 1e-6))
    return lowest


def leakage(size: int) -> Float[Tensor, "frame line"]:
    """What the sound of one spectral line shows in those around it, relative to itself."""
    frames, bins = 8 * FRAMES + 1, size // 2 + 1
    lines = torch.zeros(1, frames, bins, dtype=torch.complex64)
    frame, line = frames // 2, bins // 2
    lines[0, frame, line] = 1
    shown = spectrum(from_spectrum(lines, size, (frames - 1) * size // 4), size)[0].abs()
    within = shown.new_zeros(2 * FRAMES + 1, 2 * LINES + 1)
    reach = min(LINES, line)
    within[:, LINES - reach : LINES + reach + 1] = shown[
        frame - FRAMES : frame + FRAMES + 1, line - reach : line + reach + 1
    ]
    return within / shown[frame, line]
