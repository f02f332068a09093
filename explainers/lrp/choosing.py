"""A composite for a model that nobody chose one for, from the operations it is made of."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.explainer import ExplainableModel
from explainers.lrp.composites import Composite, load_composite
from explainers.lrp.errors import UnknownOperation
from explainers.lrp.mode import LRP
from explainers.lrp.naming import FUNCTIONAL, Operation, operation_name

TOKEN_NORMS = frozenset({"layer_norm", "rms_norm"})
"""Met in models of tokens, transformers first of all."""
LOGARITHMS = frozenset({"log", "log2", "log10", "log1p"})
"""Met in models that look at a spectrogram."""


class _Listener(TorchFunctionMode):
    """Hears the names of all operations."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: set[str] = set()

    def __torch_function__(
        self,
        function: Operation,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        self.heard.add(operation_name(function).removeprefix(FUNCTIONAL))
        return function(*args, **(kwargs or {}))


def operations_met(
    scoring: Callable[[Tensor], Tensor], clip: Float[Tensor, "1 time"]
) -> frozenset[str]:
    """Names of the operations that one run of the model calls."""
    listener = _Listener()
    with torch.no_grad(), listener:
        scoring(clip)
    return frozenset(listener.heard)


def chosen_composite(operations: frozenset[str]) -> Composite:
    """What did best on models made of such operations.

    Behind a logarithm, gamma in all layers; on raw waveforms, whose values have both signs alike,
    epsilon: both as measured in docs/results.md. In models of tokens gamma stays with the
    convolutions before them, as is usual for transformers (Achtibat et al. 2024); no such model was
    measured here.
    """
    if operations & TOKEN_NORMS:
        return load_composite("epsilon_gamma")
    return load_composite("gamma" if operations & LOGARITHMS else "epsilon")


def has_rules(model: ExplainableModel) -> bool:
    """Whether every operation between a waveform and the logits has a rule; one run tells."""
    random = torch.Generator().manual_seed(0)
    clip = 0.1 * torch.randn(1, model.sample_rate, generator=random)
    parameters = () if model.module is None else model.module.parameters()
    device = next((one.device for one in parameters), clip.device)
    leaf = clip.to(device).requires_grad_()
    run = LRP(Composite("any"), model.module)
    with torch.enable_grad(), run:
        logits = model(leaf.clone())
    try:
        run.check(logits)
    except UnknownOperation:
        return False
    return True
