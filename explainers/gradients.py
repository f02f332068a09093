"""Explaining by the gradient of the target with respect to the samples.

The gradients of single batches and of paths are captum's; parameters gather none.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import to_array
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Scoring, Task, register_explainer

SEED_BOUND = 2**63


@register_explainer
@dataclass(frozen=True)
class Saliency(Explainer):
    """Absolute gradient (Simonyan et al. 2013): how much the target answers to each sample."""

    name: ClassVar[str] = "saliency"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "How strongly the score answers to a small change of each sample."

    def attribute(self, task: Task) -> list[Attribution]:
        """The magnitude of the gradient on every sample."""
        gradient = _gradient(task.scoring, task.waveform)
        task.progress(1.0)
        return [Attribution(to_array(row.abs())) for row in gradient]


@register_explainer
@dataclass(frozen=True)
class InputXGradient(Explainer):
    """Sample times gradient (Shrikumar et al. 2016)."""

    name: ClassVar[str] = "input-x-gradient"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = (
        "Each sample times the gradient there: a first-order share of the score."
    )

    def attribute(self, task: Task) -> list[Attribution]:
        """Sample times gradient; the ledger holds what a first-order look leaves unexplained."""
        gradient = _gradient(task.scoring, task.waveform)
        task.progress(1.0)
        found = []
        for clip, slope, score in zip(task.waveform, gradient, task.scores, strict=True):
            relevance = clip * slope
            ledger = {"nonlinearity": float(score) - float(relevance.double().sum())}
            factors = {"activation": to_array(clip), "coefficient": to_array(slope)}
            found.append(Attribution(to_array(relevance), more={"ledger": ledger, **factors}))
        return found


@register_explainer
@dataclass(frozen=True)
class IntegratedGradients(Explainer):
    """Gradients averaged on the straight path from a baseline (Sundararajan et al. 2017).

    Behind a logarithm the score changes most in the first thousandth of a path from digital
    silence, where no point of it lies: from there the sum misses most of the change, and says so
    in the ledger. From faint noise a few dozen points suffice.

    Attributes:
        steps: Points on the path (Gauss-Legendre).
        baseline: Where the path begins: ``white-noise`` 60 dB below full scale, or ``zeros``.
        seed: Of the noise.
        batch_size: Waveforms per forward and backward pass.
    """

    steps: int = 32
    baseline: str = "white-noise"
    seed: int = 0
    batch_size: int = 16

    name: ClassVar[str] = "integrated-gradients"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = (
        "Gradients gathered on the way from faint noise to the clip; sums to the score's change."
    )

    def __post_init__(self) -> None:
        _at_least(self.name, "steps", self.steps, 1)
        _at_least(self.name, "batch_size", self.batch_size, 1)
        if self.baseline not in BASELINES:
            raise ExplanationError(
                f"There is no baseline '{self.baseline}'; there are: {', '.join(BASELINES)}."
            )

    def attribute(self, task: Task) -> list[Attribution]:
        """Average gradient times distance; the ledger holds the baseline's score and the gap."""
        from captum.attr import IntegratedGradients as Captum

        captum = Captum(task.scoring, multiply_by_inputs=False)
        found = []
        for number, (clip, score) in enumerate(zip(task.waveform, task.scores, strict=True)):
            start = BASELINES[self.baseline](clip, self.seed)
            slope = captum.attribute(
                clip[None],
                baselines=start[None],
                n_steps=self.steps,
                internal_batch_size=self.batch_size,
            )[0].detach()
            with torch.no_grad():
                at_baseline = float(task.scoring(start[None]))
            distance = clip - start
            relevance = distance * slope.to(clip.dtype)
            gap = float(score) - at_baseline - float(relevance.double().sum())
            ledger = {"baseline": at_baseline, "convergence gap": gap}
            factors = {"activation": to_array(distance), "coefficient": to_array(slope)}
            found.append(Attribution(to_array(relevance), more={"ledger": ledger, **factors}))
            task.progress((number + 1) / len(task.waveform))
        return found


@register_explainer
@dataclass(frozen=True)
class SmoothGrad(Explainer):
    """Absolute gradients averaged over noisy copies of the clip (Smilkov et al. 2017).

    Attributes:
        samples: Noisy copies.
        noise_level: Standard deviation of the noise relative to the clip's level (RMS); 0.1 is
            20 dB below the clip.
        seed: Of the noise; every clip of a batch gets the same noise.
        batch_size: Noisy copies per forward and backward pass.
    """

    samples: int = 16
    noise_level: float = 0.1
    seed: int = 0
    batch_size: int = 16

    name: ClassVar[str] = "smoothgrad"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = (
        "Saliency averaged over noisy copies of the clip, with its standard error."
    )

    def __post_init__(self) -> None:
        _at_least(self.name, "samples", self.samples, 2)
        _at_least(self.name, "batch_size", self.batch_size, 1)
        if not 0 < self.noise_level < float("inf"):
            raise ExplanationError(
                f"A noise level of {self.noise_level} was given; it must be above zero."
            )

    def attribute(self, task: Task) -> list[Attribution]:
        """The mean magnitude of the gradient, and how sure that mean is."""
        found = []
        for number, clip in enumerate(task.waveform):
            scale = self.noise_level * clip.square().mean().sqrt()
            random = torch.Generator().manual_seed(self.seed % SEED_BOUND)
            count, mean, spread = 0, torch.zeros_like(clip), torch.zeros_like(clip)
            while count < self.samples:
                copies = min(self.batch_size, self.samples - count)
                # One draw per copy: a joint draw would depend on how many share a batch.
                noise = [torch.randn(len(clip), generator=random) for _ in range(copies)]
                noisy = clip + scale * torch.stack(noise).to(clip)
                for size in _gradient(task.scoring, noisy).abs():
                    count += 1
                    away = size - mean
                    mean = mean + away / count
                    spread = spread + away * (size - mean)
                task.progress((number + count / self.samples) / len(task.waveform))
            error = (spread / (count - 1) / count).sqrt()
            found.append(Attribution(to_array(mean), more={"standard_error": to_array(error)}))
        return found


def zero_baseline(clip: Float[Tensor, " time"], _: int) -> Float[Tensor, " time"]:
    """Digital silence."""
    return torch.zeros_like(clip)


def noise_baseline(clip: Float[Tensor, " time"], seed: int) -> Float[Tensor, " time"]:
    """White noise 60 dB below full scale: silence as a recorder knows it."""
    random = torch.Generator().manual_seed(seed % SEED_BOUND)
    return 1e-3 * torch.randn(len(clip), generator=random).to(clip)


BASELINES = {"zeros": zero_baseline, "white-noise": noise_baseline}


def _gradient(
    scoring: Scoring, waveform: Float[Tensor, "batch time"]
) -> Float[Tensor, "batch time"]:
    from captum.attr import Saliency as Captum

    leaf = waveform.detach().clone().requires_grad_()
    return Captum(scoring).attribute(leaf, abs=False).detach()


def _at_least(method: str, setting: str, value: int, least: int) -> None:
    if value < least:
        raise ExplanationError(
            f"The setting '{setting}' of '{method}' is {value}; it must be {least} or more."
        )
