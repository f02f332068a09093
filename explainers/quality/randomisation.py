"""Does an explanation depend on what the model has learned? Cascading parameter randomisation.

From the output to the input the layers' parameters are randomised one after another, and the clips
are explained again (Adebayo et al. 2018). A map that stays as it was shows the clip, not the
model.

A parameter is randomised by shuffling its entries. This destroys what was learned and keeps every
entry: scale, sparsity and heavy tails stay, so the network neither dies nor overflows, and what
must be positive (filters, gains) stays positive, which normal draws of the same mean and deviation
do not promise. A parameter of one entry, or of equal ones, is left as it was. Statistics kept in
buffers are not parameters and are left alone.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from explainers.errors import ExplanationError
from explainers.explainer import ExplainableModel, Explainer, Progress
from explainers.quality.similarity import cosine, spearman
from explainers.targets import Target

Rebuilt = Callable[[nn.Module], ExplainableModel]


@dataclass(frozen=True)
class RandomisationSettings:
    """How the cascade is run and maps are compared.

    Attributes:
        step: Maps are compared on stretches of this many seconds.
        looks: How often along the cascade the clips are explained again, at most; spread evenly
            over the layers, the first and the last among them.
        seeds: One cascade each.
    """

    step: float = 0.02
    looks: int = 10
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        if not 0 < self.step < float("inf") or self.looks < 1 or not self.seeds:
            raise ExplanationError(
                f"Stretches of {self.step} s, {self.looks} looks and {len(self.seeds)} seeds were "
                "asked for; give a step above zero, and at least one look and one seed."
            )


@dataclass(frozen=True, eq=False)
class Cascade:
    """How alike explanations are to the original as more layers are randomised.

    Similarities are near 0 where a map has nothing left of the original, and 1 where it is the
    same. A map of one value throughout, which says nothing, counts 0.

    Attributes:
        layers: All layers with parameters in use, the nearest to the output first.
        randomised: How many of them were randomised at each look.
        spearman: Rank correlation of relevance over time, -1 to 1.
        spearman_of_magnitudes: The same of its absolute value, blind to its sign.
        absolute_cosine: Absolute cosine of relevance over time, 0 to 1: a map turned into its own
            negative counts as the same. Of unsigned maps it is far above 0 by chance.
        evaluations: How often each clip was scored, in all.
    """

    layers: tuple[str, ...]
    randomised: tuple[int, ...]
    spearman: Float[np.ndarray, "seeds looks clips"]
    spearman_of_magnitudes: Float[np.ndarray, "seeds looks clips"]
    absolute_cosine: Float[np.ndarray, "seeds looks clips"]
    evaluations: int


def cascading_randomisation(
    model: ExplainableModel,
    explainer: Explainer,
    waveform: Float[Tensor, "batch time"],
    target: Target,
    rebuilt: Rebuilt,
    settings: RandomisationSettings | None = None,
    progress: Progress | None = None,
) -> Cascade:
    """Explain again and again while a copy of the model is randomised layer by layer.

    Args:
        model: What is explained; it must have a module, which is copied and never touched.
        explainer: The method.
        waveform: Clips of one length at the model's sample rate.
        target: Which number is explained.
        rebuilt: The same kind of model around another module of the same shape, which it must
            not copy: ``lambda module: ModuleModel(module, model.sample_rate, model.labels)``.
        settings: How the cascade is run; the defaults if None.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ExplanationError: The model has no module or none of its parameters is seen in use, or
            `rebuilt` gives a model that does not answer as its module does.
    """
    settings = settings or RandomisationSettings()
    module = _module(model)
    layers = _checked_order(model, rebuilt, waveform)
    looks = np.unique(np.rint(np.linspace(1, len(layers), settings.looks)).astype(int)).tolist()
    original, evaluations = _maps(explainer, model, waveform, target, settings.step)
    shape = (len(settings.seeds), len(looks), len(waveform))
    ranks, magnitudes, angles = np.empty(shape), np.empty(shape), np.empty(shape)
    for row, seed in enumerate(settings.seeds):
        random = torch.Generator().manual_seed(seed)
        replica = copied(module)
        other = rebuilt(replica)
        for column, (done, upto) in enumerate(zip([0, *looks], looks, strict=False)):
            for layer in layers[done:upto]:
                shuffle_parameters(replica.get_submodule(layer), random)
            found, cost = _maps(explainer, other, waveform, target, settings.step)
            ranks[row, column] = spearman(original, found)
            magnitudes[row, column] = spearman(np.abs(original), np.abs(found))
            angles[row, column] = np.abs(cosine(original, found))
            evaluations += cost
            if progress is not None:
                progress((row + (column + 1) / len(looks)) / len(settings.seeds))
    return Cascade(layers, tuple(looks), ranks, magnitudes, angles, evaluations)


def layers_from_output(module: nn.Module, run: Callable[[], object]) -> tuple[str, ...]:
    """Names of the layers whose own parameters `run` uses, the last used first.

    The order is that of use, watched as it happens, and not that of registration. A layer used
    several times takes the place of its last use. Parameters shared by layers belong to the first
    that registered them.

    Args:
        module: Whose layers.
        run: Runs the module once, in this thread.
    """
    owners: dict[int, str] = {}
    for name, part in module.named_modules():
        for parameter in part.parameters(recurse=False):
            owners.setdefault(id(parameter), name)
    watch = _ParameterUse(owners)
    with torch.no_grad(), watch:
        run()
    return tuple(sorted(watch.last_use, key=lambda name: -watch.last_use[name]))


def copied(module: nn.Module) -> nn.Module:
    """A deep copy that shares nothing with the module.

    Tensors that torch refuses to copy, since they were computed from parameters as older weight
    normalisation does, are copied by value; the module computes them anew when it runs.
    """
    computed = [
        value
        for part in module.modules()
        for value in vars(part).values()
        if isinstance(value, Tensor) and not value.is_leaf
    ]
    return copy.deepcopy(module, {id(tensor): tensor.detach().clone() for tensor in computed})


def shuffle_parameters(layer: nn.Module, random: torch.Generator) -> None:
    """Shuffle the entries of each of the layer's own parameters, in place."""
    with torch.no_grad():
        for parameter in layer.parameters(recurse=False):
            order = torch.randperm(parameter.numel(), generator=random).to(parameter.device)
            parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))


class _ParameterUse(TorchFunctionMode):
    """Notes when each layer's parameters are last handed to an operation.

    Hooks would only see that a module ran: one that holds parameters of its own beside children
    ends after them and begins before them, wherever it uses its own.
    """

    def __init__(self, owners: dict[int, str]) -> None:
        super().__init__()
        self.last_use: dict[str, int] = {}
        self._owners = owners
        self._count = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        self._count += 1
        result = func(*args, **kwargs)
        # what answers with neither a tensor nor nothing only asks, for a type or a shape
        if result is None or any(isinstance(one, Tensor) for one in tree_leaves(result)):
            owners = (self._owners.get(id(value)) for value in tree_leaves((args, kwargs)))
            self.last_use |= {owner: self._count for owner in owners if owner is not None}
        return result


def _module(model: ExplainableModel) -> nn.Module:
    if model.module is None:
        raise ExplanationError(
            "This model has no module, so it has no parameters to randomise; give one that has."
        )
    return model.module


def _checked_order(
    model: ExplainableModel, rebuilt: Rebuilt, waveform: Float[Tensor, "batch time"]
) -> tuple[str, ...]:
    """The layers from the output, once `rebuilt` has been seen to use the module it is given."""
    replica = copied(_module(model))
    other, first = rebuilt(replica), next(replica.parameters(), None)
    clip = waveform[:1].detach().to(waveform.device if first is None else first.device)
    with torch.no_grad():
        expected = model(clip)
        same = torch.allclose(other(clip), expected, rtol=1e-4, atol=1e-5)
    layers = layers_from_output(replica, lambda: other(clip))
    if not same or not layers:
        raise ExplanationError(
            "The rebuilt model does not answer as the model does, or uses no parameter of the "
            "module it was given; return a model around that very module, made like the original."
        )
    return layers


def _maps(
    explainer: Explainer,
    model: ExplainableModel,
    waveform: Float[Tensor, "batch time"],
    target: Target,
    step: float,
) -> tuple[Float[np.ndarray, "batch stretches"], int]:
    """Relevance over time of every clip, and how many clips were scored for each."""
    found = explainer.explain(model, waveform, target)
    evaluations = int(found[0].provenance.get("evaluations", 0))
    return np.stack([one.over_time(step).relevance for one in found]), evaluations
