"""The mode: a model's own forward keeps its values, and every gradient becomes a relevance rule.

Relevance at any tensor is activation x gradient, so one backward pass gives it everywhere. The
module is never touched: no mode, flag, weight or hook of it changes, and the mode holds for the
calling thread only.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack

import explainers.lrp.answers  # noqa: F401 - registers the answers
from explainers.errors import ExplanationError
from explainers.lrp.calls import Call
from explainers.lrp.composites import Composite
from explainers.lrp.inplace import (
    RESHAPES,
    WRITES,
    inplace_argument,
    is_in_place,
    out_of_place,
    without_inplace,
)
from explainers.lrp.ledger import Flow, Ledger, per_clip
from explainers.lrp.metering import Meters, can_be_metered
from explainers.lrp.naming import FUNCTIONAL, Operation, named, operation_name
from explainers.lrp.notes import forget_notes
from explainers.lrp.places import Places
from explainers.lrp.registry import find_answer, find_foreign
from explainers.lrp.saving import SavedTensors
from explainers.lrp.taps import Taps
from explainers.lrp.tensors import changed, tensors_in
from explainers.lrp.trail import Trail, Unknown, number

DIFFERENTIABLE_PROPERTIES = frozenset(
    f"{name}.__get__" for name in ("real", "imag", "T", "mT", "H", "mH")
)
QUESTIONS = frozenset(
    named(
        """
        dim size stride numel is_contiguous is_floating_point is_complex __len__
        element_size storage_offset data_ptr untyped_storage get_device ndimension nelement
        is_nonzero item tolist numpy requires_grad_ register_hook retain_grad
        _set_grad_enabled detach
        """
    )
)
"""What only asks about a tensor, or leaves the path on purpose."""


class LRP(TorchFunctionMode):
    """Relevance by operation, while it is entered.

    Attributes:
        composite: Which rule answers which operation.
        flows: Every operation on the path, in the order of the calls.
        batch: Clips in the input.
    """

    def __init__(
        self,
        composite: Composite,
        module: nn.Module | None = None,
        ledger: Ledger | None = None,
        metered: bool = False,
        taps: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.composite = composite
        self.ledger = ledger or Ledger()
        self.flows: list[Flow] = []
        self.batch = 0
        self.saved = SavedTensors()
        self.inputs: dict[int, Tensor] = {}
        self.shadows: dict[int, Tensor] = {}
        self.linear_layers = 0
        self.gives_relevance = composite.gives_relevance
        self.meters = Meters(self) if metered else None
        self._places = Places(module)
        self._trail = Trail()
        self.taps = Taps(self, taps, module)
        self._open: list[ExitStack] = []

    def __enter__(self) -> "LRP":
        if any(isinstance(mode, LRP) for mode in _get_current_function_mode_stack()):
            raise ExplanationError(
                "A run of relevance propagation is under way in this thread; leave it before "
                "another begins, or each would answer what the other answers."
            )
        stack = self.taps.on_layers()
        stack.enter_context(
            torch.autograd.graph.saved_tensors_hooks(self.saved.pack, self.saved.unpack)
        )
        self._open.append(stack)
        super().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self._open.pop().close()
        self.taps.close()

    def __torch_function__(
        self,
        function: Operation,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Answer one call of the model."""
        name = operation_name(function)
        if name in QUESTIONS or _is_property(name):
            return function(*args, **(kwargs or {}))
        if name in ("autograd.grad", "backward"):
            self.check(*tensors_in(args[0]))
            return function(*args, **(kwargs or {}))
        return self.dispatch(function, args, kwargs or {}, name)

    def dispatch(
        self,
        function: Operation,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        name: str | None = None,
        outer: Flow | None = None,
    ) -> Any:
        """Answer an operation: by its rule where it is on the path, as it is elsewhere.

        Args:
            function: The operation.
            args: Its arguments.
            kwargs: Its named arguments.
            name: Its name, where it is known.
            outer: The operation that is being unfolded to this one.
        """
        name = name or operation_name(function)
        if not torch.is_grad_enabled():
            self._protect(name, args)
            return function(*args, **kwargs)
        args, kwargs = changed(args, self._constant), changed(kwargs, self._constant)
        path = [one for one in tensors_in((args, kwargs)) if one.requires_grad]
        if not path:
            self._protect(name, args)
            return function(*args, **kwargs)
        if name in WRITES or name in RESHAPES:
            return self._written(function, name, args, kwargs, path)
        if is_in_place(name):
            return self._in_place(function, name, args, kwargs)
        position = inplace_argument(function) if name.startswith(FUNCTIONAL) else None
        if position is not None:
            args, kwargs, asked = without_inplace(position, args, kwargs)
            if asked:
                result = self.dispatch(function, args, kwargs)
                return self._write_back(args[0] if args else kwargs["input"], result)
        return self._answered(function, name, args, kwargs, path, outer)

    def check(self, *targets: Tensor) -> None:
        """Whether every operation between the targets and the inputs has a rule.

        Raises:
            UnknownOperation: One has none; the message names it and the module that called it.
        """
        for target in targets:
            self._trail.check(target, [*self.inputs.values(), *self.shadows.values()])

    def unknown(self, target: Tensor) -> tuple[Unknown, ...]:
        """Every operation between the inputs and the target that has no rule, as they ran."""
        return self._trail.unknown(target, [*self.inputs.values(), *self.shadows.values()])

    def relevance(
        self, scores: Float[Tensor, " batch"], inputs: Tensor
    ) -> Float[Tensor, "batch *axes"]:
        """Relevance of the input for the scores, by one backward pass; fills the ledger.

        Args:
            scores: One number per clip, made in this mode from the inputs.
            inputs: The leaf that was given to the model, ``requires_grad``.

        Raises:
            UnknownOperation: An operation on the way has no rule.
        """
        relevance, _ = self.propagate(scores, inputs)
        return relevance

    def propagate(
        self, scores: Float[Tensor, " batch"], inputs: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Relevance of the input, and the coefficient c where it is input x c, else None."""
        self.check(scores)
        if id(inputs) not in self.inputs:
            raise ExplanationError(
                "The input did not take part in the run: give the very tensor that the model was "
                "given in this mode, a leaf that requires gradients."
            )
        shadow = self.shadows.get(id(inputs))
        wanted = [inputs] if shadow is None else [inputs, shadow]
        grads = torch.autograd.grad(scores.sum(), wanted, allow_unused=True)
        coefficient = torch.zeros_like(inputs) if grads[0] is None else grads[0]
        relevance = inputs.detach() * coefficient
        if shadow is None:
            return relevance, coefficient
        return relevance + grads[1], None

    def place(self) -> str:
        """The path of the module that is running."""
        return self._places.current()

    def note(self, outputs: Any, flow: Flow, inputs: Iterable[Tensor]) -> None:
        """Remember that an answered operation made these tensors of those."""
        self._trail.note(tensors_in(outputs), flow, self._trail.parents(inputs), answered=True)

    def _constant(self, tensor: Tensor) -> Tensor:
        """Weights take no relevance of their own: they enter as constants."""
        if not (tensor.requires_grad and tensor.is_leaf):
            return tensor
        if isinstance(tensor, nn.Parameter):
            return tensor.detach()
        if id(tensor) not in self.inputs:
            self.inputs[id(tensor)] = tensor
            self.batch = self.batch or len(tensor)
        return tensor

    def _answered(
        self,
        function: Operation,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        path: list[Tensor],
        outer: Flow | None = None,
    ) -> Any:
        flow = Flow(name, self.place(), outer)
        self._adopt(path, flow.place)
        parents = self._trail.parents(path)
        known = find_answer(name)
        if known is None:
            result = function(*args, **kwargs)
            outputs = [one for one in tensors_in(result) if one.requires_grad]
            self._trail.note(outputs, flow, parents, answered=False)
            return result
        self.flows.append(flow)
        meters = self.meters if can_be_metered(name) else None
        if meters is not None:
            args, kwargs = changed((args, kwargs), lambda one: meters.inlet(flow, one))
            path = [one for one in tensors_in((args, kwargs)) if one.requires_grad]
        call = Call(self, function, name, flow, path)
        result = known(call, *args, **kwargs)
        call.close()
        outputs = [one for one in tensors_in(result) if one.requires_grad]
        self._trail.note(outputs, flow, parents, answered=True)
        if meters is not None and not any(one.outer is flow for one in self.flows):
            meters.outlets(flow, outputs)
        if self.taps.on_operations:
            self.taps.operation(call, args, kwargs, outputs)
        return result

    def _adopt(self, path: list[Tensor], place: str) -> None:
        """Take in what foreign autograd functions made, where somebody answers for them."""
        for tensor in path:
            name = self._trail.stranger(tensor)
            adopt = None if name is None else find_foreign(name)
            if name is not None and adopt is not None:
                flow = Flow(name, place)
                self.flows.append(flow)
                self._trail.adopt(tensor, flow)
                call = Call(self, torch.clone, name, flow, [tensor])
                adopt(call, tensor)
                call.close()

    def _in_place(
        self, function: Operation, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Answer out of place, then write the result where the model wants it."""
        plain = out_of_place(function, name)
        if plain is None:
            return self._answered(function, name, args, kwargs, list(tensors_in((args, kwargs))))
        result = self.dispatch(plain, args, kwargs)
        return self._write_back(args[0], result)

    def _write_back(self, target: Tensor, result: Tensor) -> Tensor:
        self.saved.protect(target)
        target.copy_(result)
        self._note_written(target, Flow("copy_", self.place()), [result])
        forget_notes(target)
        return target

    def _written(
        self,
        function: Operation,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        path: list[Tensor],
    ) -> Any:
        """Operations whose meaning is to write: their gradient is their rule."""
        target = args[0]
        flow = Flow(name, self.place())
        parents = [*path, *([target._base] if target._base is not None else [])]
        known = find_answer(name)
        assert known is not None
        self.saved.protect(target)
        self.flows.append(flow)
        noted = self._trail.parents(one for one in parents if one.requires_grad)
        call = Call(self, function, name, flow, path)
        result = known(call, *args, **kwargs)
        call.close()
        self._note_written(target, flow, (), noted)
        forget_notes(target)
        return result

    def _note_written(
        self,
        target: Tensor,
        flow: Flow,
        inputs: Iterable[Tensor],
        parents: frozenset[Any] = frozenset(),
    ) -> None:
        parents = parents | self._trail.parents(inputs)
        base = target._base
        if base is not None and base.grad_fn is not None:
            # What was there before stays where the view does not reach.
            before = [number(node) for node, _ in base.grad_fn.next_functions if node is not None]
            parents = parents | frozenset(before)
            self._trail.note([base], flow, parents, answered=True)
        self._trail.note([target], flow, parents, answered=True)

    def _protect(self, name: str, args: Sequence[Any]) -> None:
        if (is_in_place(name) or name in WRITES) and args and isinstance(args[0], Tensor):
            self.saved.protect(args[0])

    def per_clip(self, amounts: Tensor) -> Float[Tensor, " batch"]:
        """The sum of the amounts of each clip of this run."""
        return per_clip(amounts, self.batch)


def _is_property(name: str) -> bool:
    """Whether the call only reads or sets a property of a tensor that is no function of it."""
    return name.endswith("__set__") or (
        name.endswith("__get__") and name not in DIFFERENTIABLE_PROPERTIES
    )
