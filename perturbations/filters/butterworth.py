"""Butterworth filters: one analogue low-pass, and what its frequency is replaced by."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from perturbations.filters.linear import AnalogueDesign, filter_by, warped

ORDER = 5


def butterworth_poles(order: int) -> Complex[Tensor, "order"]:
    """Poles of the analogue Butterworth low-pass with its cutoff at 1 rad/s."""
    k = torch.arange(order, dtype=torch.float64)
    return torch.exp(1j * math.pi * (2 * k + order + 1) / (2 * order))


def prototype(
    numerator: Complex[Tensor, "point"], denominator: Complex[Tensor, "point"], order: int
) -> Complex[Tensor, "point"]:
    """The low-pass with its cutoff at 1 rad/s, at ``numerator / denominator``, which may be inf."""
    largest = torch.maximum(numerator.abs(), denominator.abs())
    above, below = numerator / largest, denominator / largest
    return (below[:, None] / (above[:, None] - below[:, None] * butterworth_poles(order))).prod(1)


@dataclass(frozen=True)
class ButterworthLowPass(AnalogueDesign):
    """Passes what is below `cutoff`, its -3 dB point; `order` poles."""

    cutoff: float
    order: int = ORDER

    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """With s / cutoff for s."""
        return prototype(s, torch.full_like(s, warped(self.cutoff)), self.order)

    def poles(self) -> Complex[Tensor, "pole"]:
        """Those of the prototype, further out."""
        return butterworth_poles(self.order) * warped(self.cutoff)


@dataclass(frozen=True)
class ButterworthHighPass(AnalogueDesign):
    """Passes what is above `cutoff`, its -3 dB point; `order` poles."""

    cutoff: float
    order: int = ORDER

    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """With cutoff / s for s."""
        return prototype(torch.full_like(s, warped(self.cutoff)), s, self.order)

    def poles(self) -> Complex[Tensor, "pole"]:
        """The inverse of those of the prototype, further out."""
        return warped(self.cutoff) / butterworth_poles(self.order)


@dataclass(frozen=True)
class ButterworthBandPass(AnalogueDesign):
    """Passes what is from `low` to `high`, its -3 dB points; `order` poles at each edge."""

    low: float
    high: float
    order: int = ORDER

    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """With (s^2 + low high) / ((high - low) s) for s."""
        low, high = warped(self.low), warped(self.high)
        return prototype(s.square() + low * high, (high - low) * s, self.order)

    def poles(self) -> Complex[Tensor, "pole"]:
        """Two for each of the prototype's."""
        return band_poles(self.low, self.high, butterworth_poles(self.order))


@dataclass(frozen=True)
class ButterworthBandStop(AnalogueDesign):
    """Stops what is from `low` to `high`, its -3 dB points; `order` poles at each edge."""

    low: float
    high: float
    order: int = ORDER

    def at(self, s: Complex[Tensor, "point"]) -> Complex[Tensor, "point"]:
        """With (high - low) s / (s^2 + low high) for s."""
        low, high = warped(self.low), warped(self.high)
        return prototype((high - low) * s, s.square() + low * high, self.order)

    def poles(self) -> Complex[Tensor, "pole"]:
        """Two for each inverse of the prototype's."""
        return band_poles(self.low, self.high, 1 / butterworth_poles(self.order))


def band_poles(low: float, high: float, poles: Complex[Tensor, "order"]) -> Complex[Tensor, "pole"]:
    """The s for which (s^2 + low high) / ((high - low) s) is one of the given poles."""
    half = poles * (warped(high) - warped(low)) / 2
    root = (half.square() - warped(low) * warped(high)).sqrt()
    return torch.cat([half + root, half - root])


def filter_low_pass(
    waveform: Float[Tensor, "batch time"], cutoff: float, order: int = ORDER
) -> Float[Tensor, "batch time"]:
    """Causal Butterworth low-pass; `cutoff` as a share of the Nyquist frequency."""
    return filter_by(waveform, ButterworthLowPass(cutoff, order))


def filter_high_pass(
    waveform: Float[Tensor, "batch time"], cutoff: float, order: int = ORDER
) -> Float[Tensor, "batch time"]:
    """Causal Butterworth high-pass; `cutoff` as a share of the Nyquist frequency."""
    return filter_by(waveform, ButterworthHighPass(cutoff, order))
