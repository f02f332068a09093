"""How fast ours is beside zennit on a CNN that both can do, in one process.

Run from the project's root, with a folder that holds nothing but zennit (see `zennit_beside`):
`python -m tests.benchmarks.peers.speed_zennit FOLDER`

Zennit registers hooks on every layer and merges batch norms when its context is entered, and undoes
both when it is left; it is timed with that, as a user meets it, and without. Ours needs neither.
"""

import argparse
import platform
import warnings
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from tests.benchmarks.peers.zennit_beside import import_zennit
from tests.benchmarks.relevance_speed import (
    Pass,
    gradient_pass,
    peak_bytes,
    ratios_to_first,
    relevance_pass,
)
from tests.explainers.lrp.networks.weights import seeded

COMPOSITES = {
    "epsilon": None,  # zennit has no name for it: made below
    "epsilon_plus": "EpsilonPlus",
    "epsilon_alpha2_beta1": "EpsilonAlpha2Beta1",
}


def blocks(*channels: int) -> list[nn.Module]:
    """A 3 x 3 convolution, batch norm, ReLU and pooling for every pair of channels."""
    layers: list[nn.Module] = []
    for a, b in pairwise(channels):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    return layers


def convolutional() -> nn.Module:
    """Five blocks over a log-mel spectrogram of 128 bands and 256 frames, and two dense layers."""
    return nn.Sequential(
        *blocks(1, 64, 128, 256, 256, 256),
        nn.Flatten(), nn.Linear(256 * 4 * 8, 512), nn.ReLU(), nn.Linear(512, 2),
    )  # fmt: skip


def alexnet() -> nn.Module:
    """AlexNet without batch norms, over spectrograms of 227 x 227."""
    return nn.Sequential(
        nn.Conv2d(1, 96, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1), nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(),
        nn.Linear(4096, 10),
    )  # fmt: skip


NETWORKS = {
    "CNN with batch norms": (convolutional, (1, 128, 256)),
    "AlexNet": (alexnet, (1, 227, 227)),
}


def zennit_composite(zennit: ModuleType, name: str) -> Any:
    """Zennit's composite of that name, batch norms merged into the layer before them."""
    merge = [zennit.canonizers.SequentialMergeBatchNorm()]
    if COMPOSITES[name] is not None:
        return getattr(zennit.composites, COMPOSITES[name])(canonizers=merge)
    layers = (zennit.types.Convolution, zennit.types.Linear)
    rules = [
        (zennit.types.Activation, zennit.rules.Pass()),
        *((layer, zennit.rules.Epsilon()) for layer in layers),
    ]
    return zennit.composites.LayerMapComposite(rules, canonizers=merge)


def hooked_pass(module: nn.Module, clips: Tensor) -> Pass:
    """Forward and backward of a module that zennit's hooks are on: its gradients are relevance."""

    def run() -> Tensor:
        inputs = clips.clone().requires_grad_()
        scores = module(inputs)[:, 0]
        return torch.autograd.grad(scores, inputs, scores.detach())[0]

    return run


def context_pass(module: nn.Module, clips: Tensor, composite: Any) -> Pass:
    """The same with zennit's context entered and left."""

    def run() -> Tensor:
        with composite.context(module) as hooked:
            return hooked_pass(hooked, clips)()

    return run


def compare(
    zennit: ModuleType, network: str, name: str, batch: int, device: str, rounds: int
) -> str:
    """One row of the table."""
    make, shape = NETWORKS[network]
    ours, theirs = (seeded(make).to(device) for _ in range(2))
    for module in (ours, theirs):
        for parameter in module.parameters():
            parameter.requires_grad_(False)
    generator = torch.Generator().manual_seed(0)
    clips = torch.rand(batch, *shape, generator=generator).to(device)
    composite = zennit_composite(zennit, name)
    # Zennit leaves its traces on a module while hooked, so that one has a module to itself.
    hooked = seeded(make).to(device).requires_grad_(False)
    with ExitStack() as stack:
        stack.enter_context(composite.context(hooked))
        passes = {
            "gradient": gradient_pass(ours, clips),
            "ours": relevance_pass(ours, clips, name),
            "zennit": context_pass(theirs, clips, zennit_composite(zennit, name)),
            "hooked": hooked_pass(hooked, clips),
        }
        first, second = passes["ours"](), passes["zennit"]()
        apart = float((first - second).abs().sum() / second.abs().sum())
        found = ratios_to_first(passes, device, rounds)
        held = {key: peak_bytes(run, device) for key, run in passes.items()}
    cells = [
        network, name, str(batch), f"{found['gradient']:.3f}", f"{found['ours']:.2f}",
        f"{found['zennit']:.2f}", f"{found['hooked']:.2f}",
        f"{found['zennit'] / found['ours']:.2f}", f"{found['hooked'] / found['ours']:.2f}",
        f"{held['zennit'] / held['ours']:.2f}", f"{apart:.0e}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 4])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    warnings.filterwarnings("ignore")
    zennit = import_zennit(given.folder)
    columns = [
        "network", "composite", "clips", "gradient, s", "ours, x gradient", "zennit",
        "zennit, hooks in place", "zennit / ours", "hooks in place / ours", "memory, zennit / ours",
        "relevance apart",
    ]  # fmt: skip
    print(f"{platform.platform()}, torch {torch.__version__}, zennit 0.5.1\n")
    print(f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    for network in NETWORKS:
        for name in COMPOSITES:
            for batch in given.batches:
                row = compare(zennit, network, name, batch, given.device, given.rounds)
                print(row, flush=True)


if __name__ == "__main__":
    main()
