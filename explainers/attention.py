"""Explaining by where a transformer looks: its attention maps, multiplied from layer to layer.

Tokens are given their place in time by `explainers.token_times`; what several tokens of one moment
hear in different bands is summed. Which tokens the classifier reads (a class token, the mean over
frames, the last frame) is asked of the gradient: those whose row of the last map the score depends
on.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import to_array
from explainers.attention_maps import Attention, AttentionMaps, by_clip, chained
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Task, register_explainer
from explainers.taps import tapped
from explainers.token_times import TokenTimes, find_token_times

READ = 1e-6
"""A token is read where the score depends on it by more than this share of the most it does."""


@dataclass(frozen=True, eq=False)
class Chain:
    """The attention of one pass of the model, ready to be multiplied.

    Attributes:
        maps: Of each layer.
        slopes: Of the target, with respect to each map.
        reading: How much the target depends on where each token looks in the last layer; sums to
            one for each clip, or is zero where the target depends on none.
    """

    maps: Sequence[Float[Tensor, "batch heads tokens tokens"]]
    slopes: Sequence[Float[Tensor, "batch heads tokens tokens"]]
    reading: Float[Tensor, "batch tokens"]


class AttentionMethod(Explainer):
    """What methods that follow attention share."""

    @abstractmethod
    def over_tokens(self, chain: Chain) -> Float[Tensor, "batch tokens"]:
        """Relevance of the tokens that enter the first layer."""

    def attribute(self, task: Task) -> list[Attribution]:
        """Relevance on samples; it is as coarse as the tokens."""
        module = task.scoring.model.module
        assert module is not None
        clips = task.waveform.clone().requires_grad_()
        with torch.enable_grad(), tapped(module, module) as tap, AttentionMaps() as attention:
            score = task.scoring(clips)
        passes = _per_pass(attention.seen, [len(fitted) for fitted in tap.inputs])
        chains = _chains(score, passes, [len(fitted) for fitted in tap.inputs])
        task.progress(0.5)
        times = {
            fitted.shape[1]: find_token_times(module, fitted.detach()) for fitted in tap.inputs
        }
        samples = [
            _on_samples(self.over_tokens(chain), times[fitted.shape[1]], fitted)
            for chain, fitted in zip(chains, tap.inputs, strict=True)
        ]
        # How the clip was tiled, cropped, padded or cut to meet the module, backwards.
        (relevance,) = torch.autograd.grad(tap.inputs, clips, samples)
        task.progress(1.0)
        fitted, layout = tap.inputs[0], times[tap.inputs[0].shape[1]]
        findings = {
            "attention_layers": len(passes[0]),
            "attention_left_out": len(attention.seen) // len(passes) - len(passes[0]),
            "tokens": len(layout.columns),
            "class_tokens": layout.class_tokens,
            "token_seconds": _step(layout, fitted, task.scoring.model.sample_rate),
        }
        return [Attribution(to_array(row), findings=findings) for row in relevance]


@register_explainer
@dataclass(frozen=True)
class AttentionRollout(AttentionMethod):
    """Attention rollout (Abnar and Zuidema 2020): whose share of the tokens is in what is read.

    Heads are averaged, half of each layer is its residual connection, layers are multiplied. It
    says where the model looks, not for what: it is the same for every target.
    """

    name: ClassVar[str] = "attention-rollout"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "Where a transformer looks, all layers together, whatever the target."

    def over_tokens(self, chain: Chain) -> Float[Tensor, "batch tokens"]:
        """The mean row of the tokens that are read."""
        read = (chain.reading > READ * chain.reading.amax(dim=1, keepdim=True)).to(chain.reading)
        rows = read / read.sum(dim=1, keepdim=True).clamp(min=1)
        return (rows[:, None] @ rollout(chain.maps))[:, 0]


@register_explainer
@dataclass(frozen=True)
class AttentionRelevancy(AttentionMethod):
    """Relevancy of attention (Chefer et al. 2021, eqs. 5 and 6): weights times their gradient.

    Taken to the time axis of speech models in the manner of GATR (Grinberg et al. 2025): there is
    no class token, so rows are averaged by how much the target depends on them. What a token keeps
    of itself (the identity that the maps start from) says nothing of attention and is taken away.
    """

    name: ClassVar[str] = "attention-relevancy"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "Where a transformer looks to raise the score, all layers together."

    def over_tokens(self, chain: Chain) -> Float[Tensor, "batch tokens"]:
        """The rows of the tokens that are read, each by how much it is."""
        return (chain.reading[:, None] @ relevancy(chain.maps, chain.slopes))[:, 0]


def rollout(
    maps: Sequence[Float[Tensor, "batch heads tokens tokens"]],
) -> Float[Tensor, "batch tokens tokens"]:
    """How much of each first token (column) is in each last one (row); rows sum to one."""
    identity = torch.eye(maps[0].shape[-1], dtype=torch.float64, device=maps[0].device)
    whole = identity.expand(len(maps[0]), -1, -1)
    for weights in maps:
        mixed = weights.mean(dim=1).double() + identity
        whole = mixed / mixed.sum(dim=-1, keepdim=True) @ whole
    return whole


def relevancy(
    maps: Sequence[Float[Tensor, "batch heads tokens tokens"]],
    slopes: Sequence[Float[Tensor, "batch heads tokens tokens"]],
) -> Float[Tensor, "batch tokens tokens"]:
    """``R <- R + mean_heads((A x dscore/dA)^+) R`` from the identity on, less the identity."""
    identity = torch.eye(maps[0].shape[-1], dtype=torch.float64, device=maps[0].device)
    whole = identity.expand(len(maps[0]), -1, -1)
    for weights, slope in zip(maps, slopes, strict=True):
        whole = whole + (weights * slope).clamp(min=0).mean(dim=1).double() @ whole
    return whole - identity


def _per_pass(seen: Sequence[Attention], clips: Sequence[int]) -> list[list[Attention]]:
    """The chained attention of each pass of the module."""
    if not clips:
        raise ExplanationError(
            "The model gave logits without running its module, so its attention cannot be seen."
        )
    each = len(seen) // len(clips)
    return [
        chained(seen[number * each : (number + 1) * each], rows)
        for number, rows in enumerate(clips)
    ]


def _chains(
    score: Float[Tensor, " batch"], passes: Sequence[list[Attention]], clips: Sequence[int]
) -> list[Chain]:
    """The maps of each pass with their gradients, one backward pass for all."""
    wanted = [one.weights for calls in passes for one in calls]
    found = torch.autograd.grad(score.sum(), wanted, retain_graph=True, allow_unused=True)
    if all(slope is None or not slope.any() for slope in found):
        raise ExplanationError(
            "The target does not depend on the model's attention, so that explains nothing of it."
        )
    slopes = iter(
        torch.zeros_like(weights) if slope is None else slope
        for weights, slope in zip(wanted, found, strict=True)
    )
    chains = []
    for calls, rows in zip(passes, clips, strict=True):
        maps = [by_clip(one.weights.detach(), rows) for one in calls]
        ours = [by_clip(next(slopes), rows) for _ in calls]
        sizes = ours[-1].double().square().sum(dim=(1, 3)).sqrt()
        whole = sizes.sum(dim=1, keepdim=True)
        chains.append(Chain(maps, ours, torch.where(whole > 0, sizes / whole, 0.0)))
    return chains


def _on_samples(
    relevance: Float[Tensor, "batch tokens"],
    times: TokenTimes,
    fitted: Float[Tensor, "batch samples"],
) -> Float[Tensor, "batch samples"]:
    spread = times.on_samples(to_array(relevance), fitted.shape[1])
    return torch.from_numpy(spread).to(fitted)


def _step(times: TokenTimes, fitted: Tensor, sample_rate: int) -> float:
    return float((times.edges[1] - times.edges[0]) * fitted.shape[1] / sample_rate)
