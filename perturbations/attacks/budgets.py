"""How much an attack may change: budgets, and the balls around clips they stand for."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import draw_normal
from perturbations.errors import CorruptionError
from perturbations.waveform import largest

HALVINGS = 40
ROUNDING = 1 + 1e-5  # what single precision may add


@dataclass(frozen=True, eq=False)
class Ball(ABC):
    """The perturbations that a budget allows, for a batch of clips.

    The perturbed clips stay within [-1, 1] as well. Every ball is convex and holds the zero.

    Attributes:
        clean: The clips, within [-1, 1].
    """

    clean: Float[Tensor, "batch time"]

    @abstractmethod
    def gauge(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        """How many times the budget each perturbation needs, the range [-1, 1] aside."""

    @abstractmethod
    def project(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The perturbation itself where it is allowed, else one near it that is."""

    @abstractmethod
    def steepest(self, gradient: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The perturbation as large as the budget that rises most along a gradient.

        The range is left to `project`; without a gradient there is no perturbation.
        """

    @abstractmethod
    def draw(self, generators: Sequence[np.random.Generator]) -> Float[Tensor, "batch time"]:
        """A random perturbation of each clip, allowed."""

    def fill(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The same perturbation made as large as the budget allows."""
        return self.project(delta / above_zero(self.gauge(delta) * ROUNDING)[:, None])

    def within_range(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """Each sample changed so that the clip stays within [-1, 1]."""
        return torch.minimum(torch.maximum(delta, -1 - self.clean), 1 - self.clean)


@dataclass(frozen=True)
class Budget(ABC):
    """How much an attack may change a clip; frozen settings with their unit."""

    @abstractmethod
    def around(self, clean: Float[Tensor, "batch time"], sample_rate: int) -> Ball:
        """The ball for these clips, at a rate in hertz."""

    def project(
        self,
        delta: Float[Tensor, "batch time"],
        clean: Float[Tensor, "batch time"],
        sample_rate: int,
    ) -> Float[Tensor, "batch time"]:
        """A perturbation brought into the budget and the range; see `Ball.project`."""
        check_range(clean)
        return self.around(clean, sample_rate).project(delta)


@dataclass(frozen=True)
class PeakBudget(Budget):
    """No sample changes by more than an amplitude (L-infinity).

    Attributes:
        amplitude: Of full scale, above 0; 2 is no limit but the range.

    >>> PeakBudget(0.1).project(torch.tensor([[0.3, -0.02]]), torch.tensor([[0.95, 0.0]]), 16000)
    tensor([[ 0.0500, -0.0200]])
    """

    amplitude: float = 0.002

    def __post_init__(self) -> None:
        if not 0 < self.amplitude <= 2:
            raise CorruptionError(
                f"An amplitude of {self.amplitude} was given; it must be above 0 and at most 2."
            )

    def around(
        self,
        clean: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
    ) -> Ball:
        """See `Budget`."""
        return PeakBall(clean, torch.full_like(clean[:, 0], self.amplitude))


@dataclass(frozen=True)
class EnergyBudget(Budget):
    """The perturbation's L2 norm over all samples is bounded.

    Attributes:
        norm: Above 0.
    """

    norm: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.norm < float("inf"):
            raise CorruptionError(f"An L2 norm of {self.norm} was given; it must be above 0.")

    def around(
        self,
        clean: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
    ) -> Ball:
        """See `Budget`."""
        return EnergyBall(clean, torch.full_like(clean[:, 0], self.norm))


@dataclass(frozen=True)
class SnrBudget(Budget):
    """The clip's power over the perturbation's is at least a ratio: L2, relative to each clip.

    Digital silence leaves room for nothing.

    Attributes:
        snr_db: In dB, from -100 to 200; larger is a smaller perturbation.
    """

    snr_db: float = 30.0

    def __post_init__(self) -> None:
        if not -100 <= self.snr_db <= 200:
            raise CorruptionError(
                f"An SNR of {self.snr_db} dB was given; it must be from -100 to 200."
            )

    def around(
        self,
        clean: Float[Tensor, "batch time"],
        sample_rate: int,  # noqa: ARG002
    ) -> Ball:
        """See `Budget`."""
        return EnergyBall(clean, clean.norm(dim=1) * 10 ** (-self.snr_db / 20))


@dataclass(frozen=True, eq=False)
class PeakBall(Ball):
    """A cube: no sample changes by more than the radius.

    Attributes:
        radius: Of each clip.
    """

    radius: Float[Tensor, " batch"]

    def gauge(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        """Largest change over the radius."""
        return delta.abs().amax(dim=1) / self.radius

    def project(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The nearest perturbation allowed, exactly."""
        edge = self.radius[:, None]
        return self.within_range(torch.minimum(torch.maximum(delta, -edge), edge))

    def steepest(self, gradient: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The radius times the gradient's sign."""
        return self.radius[:, None] * gradient.sign()

    def draw(self, generators: Sequence[np.random.Generator]) -> Float[Tensor, "batch time"]:
        """Uniform in the cube."""
        length = self.clean.shape[1]
        rows = np.stack([each.uniform(-1, 1, length) for each in generators])
        return self.project(torch.from_numpy(rows).to(self.clean) * self.radius[:, None])


@dataclass(frozen=True, eq=False)
class EnergyBall(Ball):
    """A sphere and what is within: the L2 norm is at most the radius.

    Attributes:
        radius: Of each clip.
    """

    radius: Float[Tensor, " batch"]

    def gauge(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, " batch"]:
        """Norm over the radius; where nothing is allowed, anything is infinitely too much."""
        norm = delta.norm(dim=1)
        return torch.where(norm > 0, norm / self.radius, torch.zeros_like(norm))

    def project(self, delta: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The nearest perturbation allowed, exactly.

        That is the perturbation scaled by one factor and then cut to the range (the conditions of
        Karush, Kuhn and Tucker), the factor being the largest up to 1 whose result has at most the
        radius. Where nothing is cut the factor is known, else it is found by bisection.
        """
        scaled = delta * (self.radius / above_zero(delta.norm(dim=1))).clamp(max=1)[:, None]
        cut = self.within_range(scaled)
        if torch.equal(cut, scaled):
            return cut
        low = torch.zeros_like(self.radius)
        high = torch.ones_like(self.radius)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            fits = self.within_range(middle[:, None] * delta).norm(dim=1) <= self.radius
            low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
        return self.within_range(low[:, None] * delta)

    def steepest(self, gradient: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """The gradient, as long as the radius."""
        return gradient * (self.radius / above_zero(gradient.norm(dim=1)))[:, None]

    def draw(self, generators: Sequence[np.random.Generator]) -> Float[Tensor, "batch time"]:
        """Uniform in the sphere, which in so many dimensions is all but on its surface."""
        noise = draw_normal(generators, self.clean)
        power = 1 / self.clean.shape[1]
        share = torch.tensor([each.uniform() ** power for each in generators])
        return self.project(self.steepest(noise) * share.to(self.clean)[:, None])


def above_zero(value: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The value, or where it is zero the least that can be divided by."""
    return value.clamp(min=torch.finfo(value.dtype).tiny)


def check_range(clean: Float[Tensor, "batch time"]) -> None:
    """Refuse clips that exceed [-1, 1]: no perturbation could bring them back unseen."""
    if largest(clean) > 1:
        raise CorruptionError(
            f"The waveform peaks at {largest(clean):.4g}; attacks work within [-1, 1]. Turn it "
            "down first."
        )
