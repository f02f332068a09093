"""Relevance on the way: at any named layer, and at the result of any operation, in the same pass.

A tap is named by a module's path (``encoder.layers.3``: what the module gives), by a path and an
operation (``frontend:log``: what each call of it in that module gives), or by an operation alone
(``:stft``). Heads are an axis of what attention gives (``attention:scaled_dot_product_attention``).
"""

import inspect
import threading
import weakref
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from explainers.errors import ExplanationError
from explainers.lrp.naming import FUNCTIONAL, Operation
from explainers.lrp.saving import Saved
from explainers.lrp.tensors import tensors_in
from explainers.lrp.values import relevance_of

if TYPE_CHECKING:
    from explainers.lrp.calls import Call
    from explainers.lrp.mode import LRP


@dataclass
class Tapped:
    """One tensor that was tapped.

    Attributes:
        name: Of the tap.
        kept: The activation.
        settings: The operation's arguments that are not tensors, by name where it has names.
        relevance: What it received, once the backward pass is over; None where nothing came back.
    """

    name: str
    kept: Saved
    settings: Mapping[str, Any] = field(default_factory=dict)
    relevance: Tensor | None = None

    def add(self, amounts: Tensor) -> None:
        """More relevance of the same tensor."""
        self.relevance = amounts if self.relevance is None else self.relevance + amounts


class Taps:
    """The taps of one run."""

    def __init__(self, run: "LRP", names: Iterable[str], module: nn.Module | None) -> None:
        # A proxy, so that a run that is over is freed at once and not by the garbage collector.
        self._run: LRP = weakref.proxy(run)
        self._layers: dict[str, nn.Module] = {}
        self._operations: set[str] = set()
        self.found: list[Tapped] = []
        self._sources: dict[int, tuple[Tensor, Tapped]] = {}
        known = {} if module is None else dict(module.named_modules())
        for name in names:
            if ":" in name:
                self._operations.add(name)
            elif name in known and name:
                self._layers[name] = known[name]
            else:
                layers = ", ".join(layer for layer in known if layer) or "none, no module was given"
                raise ExplanationError(
                    f"There is no layer '{name}' to tap. Layers are: {layers}. An operation is "
                    "named with a colon: ':stft', 'frontend:log'."
                )

    @property
    def on_operations(self) -> bool:
        """Whether any operation is tapped."""
        return bool(self._operations)

    def relevance(self, name: str) -> list[Tensor]:
        """Relevance at a tap, one tensor per call, in the order of the calls."""
        return [
            one.relevance for one in self.found if one.name == name and one.relevance is not None
        ]

    def operation(
        self, call: "Call", args: Any, kwargs: Mapping[str, Any], outputs: Iterable[Tensor]
    ) -> None:
        """Tap what an operation gave, where that is wanted."""
        bare = call.name.removeprefix(FUNCTIONAL)
        for name in {f"{call.flow.place}:{bare}", f":{bare}"}:
            if name in self._operations:
                self._tap(name, outputs, _settings(call.function, args, kwargs))

    def on_layers(self) -> ExitStack:
        """Look at what the tapped layers give to this thread until the stack is closed."""
        stack, thread = ExitStack(), threading.get_ident()
        for name, layer in self._layers.items():

            def see(_: nn.Module, __: Any, output: Any, name: str = name) -> None:
                if threading.get_ident() == thread:
                    self._tap(name, tensors_in(output))

            stack.callback(layer.register_forward_hook(see).remove)
        return stack

    def close(self) -> None:
        """Let go of what was tapped but for its activation: it would keep the graph in memory."""
        self._sources.clear()

    def source(self, tensor: Tensor) -> Tapped | None:
        """What was tapped here, for rules that give relevance where the tensor is zero."""
        held = self._sources.get(id(tensor))
        return None if held is None else held[1]

    def _tap(
        self, name: str, outputs: Iterable[Tensor], settings: Mapping[str, Any] | None = None
    ) -> None:
        for output in outputs:
            if not output.requires_grad:
                continue
            tapped = Tapped(name, self._run.saved.pack(output.detach()), settings or {})
            self.found.append(tapped)
            self._sources[id(output)] = (output, tapped)
            output.register_hook(
                lambda grad, tapped=tapped: tapped.add(relevance_of(tapped.kept.tensor, grad))
            )


def _settings(function: Operation, args: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    try:
        named = inspect.signature(function).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        named = dict(kwargs)
    return {name: value for name, value in named.items() if not isinstance(value, Tensor)}
