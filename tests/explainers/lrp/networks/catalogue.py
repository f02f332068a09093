"""The reference networks by name: small, random, and shaped like the published ones."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tests.explainers.lrp.networks.weights import seeded


@dataclass(frozen=True)
class ReferenceNetwork:
    """One network and what it listens to.

    Attributes:
        name: As in `get`.
        build: Makes the module in eval mode, float32, always with the same weights.
        example: Makes a random batch of the given size that the module takes.
        tags: What it takes ("waveform" or "features") and what is special about it: "spectrogram"
            (computed inside), "recurrent", "attention", "inplace", "mask", "quirk", "exotic" (rare
            operations), "foreign-function" (an `autograd.Function` on the path), "huggingface" with
            "eager" or "sdpa".
    """

    name: str
    build: Callable[[], nn.Module]
    example: Callable[[int], Tensor]
    tags: frozenset[str] = frozenset()


_NETWORKS: dict[str, ReferenceNetwork] = {}


def reference_network(
    name: str, example: Callable[[int], Tensor], *tags: str
) -> Callable[[Callable[[], nn.Module]], Callable[[], nn.Module]]:
    """Lists what the decorated function builds; its random weights are then fixed by a seed."""

    def listed(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
        add(name, make, example, *tags)
        return make

    return listed


def add(
    name: str, make: Callable[[], nn.Module], example: Callable[[int], Tensor], *tags: str
) -> None:
    """Lists one network."""
    if name in _NETWORKS:
        raise ValueError(f"There are two reference networks called '{name}'.")
    _NETWORKS[name] = ReferenceNetwork(name, lambda: seeded(make), example, frozenset(tags))


def names(*tags: str, without: tuple[str, ...] = ()) -> list[str]:
    """The networks with all of these tags and none of those."""
    return [
        network.name
        for network in _NETWORKS.values()
        if network.tags.issuperset(tags) and network.tags.isdisjoint(without)
    ]


def get(name: str) -> ReferenceNetwork:
    """One network by its name."""
    return _NETWORKS[name]


def noise(*shape: int, scale: float = 0.3) -> Callable[[int], Tensor]:
    """Makes batches of white noise, some clips louder; each is the same in every batch."""

    def example(batch: int) -> Tensor:
        clips = [
            (1 + number % 3)
            / 2
            * torch.randn(shape, generator=torch.Generator().manual_seed(number))
            for number in range(batch)
        ]
        return scale * torch.stack(clips)

    return example
