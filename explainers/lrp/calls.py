"""What an answer is handed: one call of one operation, and the means to answer it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.lrp.ledger import Flow, per_clip
from explainers.lrp.naming import Operation
from explainers.lrp.saving import Saved
from explainers.lrp.tensors import tensors_in
from explainers.lrp.values import Number, alias, constant_share

if TYPE_CHECKING:
    from explainers.lrp.composites import Composite
    from explainers.lrp.mode import LRP


@dataclass
class Call:
    """One call of an operation whose inputs carry relevance.

    Attributes:
        run: The mode that saw it.
        function: The operation itself.
        name: Its name.
        flow: Its entry in the ledger.
        path: Those of its inputs that carry relevance, while it is being answered.
    """

    run: "LRP"
    function: Operation
    name: str
    flow: Flow
    path: Sequence[Tensor]

    def close(self) -> None:
        """The answer is given: what is left goes along to the backward pass, without the inputs."""
        self.path = ()

    @property
    def composite(self) -> "Composite":
        """The rules of this run."""
        return self.run.composite

    def native(self, *args: Any, **kwargs: Any) -> Any:
        """The operation with its own gradient."""
        return self.function(*args, **kwargs)

    def through(self, function: Operation, *args: Any, **kwargs: Any) -> Any:
        """Another operation, answered by its own rule: for unfolding a fused one."""
        return self.run.dispatch(function, args, kwargs, outer=self.flow)

    def step(self, compute: Callable[..., Any], *inputs: Tensor) -> Any:
        """A part of the operation as an entry of its own: `compute` is given it and the inputs."""
        run, flow = self.run, Flow(self.name, self.flow.place, self.flow)
        run.flows.append(flow)
        path = [one for one in inputs if one.requires_grad]
        if run.meters is not None:
            inputs = tuple(run.meters.inlet(flow, one) for one in inputs)
        call = Call(run, self.function, self.name, flow, path)
        outputs = compute(call, *inputs)
        call.close()
        run.note(outputs, flow, path)
        if run.meters is not None:
            run.meters.outlets(flow, tensors_in(outputs))
        return outputs

    def absorb(self, kind: str, amounts: Callable[[], Tensor]) -> None:
        """Enter an amount of relevance, per element, in the ledger; called in a backward pass."""
        self.run.ledger.absorb(
            self.flow, kind, lambda: per_clip(amounts().detach(), self.run.batch)
        )

    def watch(self, output: Tensor, kind: str, amounts: Callable[[Tensor], Tensor]) -> None:
        """Enter, when the gradient of the output is known, what a sink takes of it."""
        if output.requires_grad:
            output.register_hook(lambda grad: self.absorb(kind, lambda: amounts(grad)))

    def keep(self, tensor: Tensor) -> Saved:
        """A tensor for a watch to use, safe from being written to by the model."""
        return self.run.saved.pack(tensor.detach())

    def constant(self, output: Tensor, value: Tensor | Number) -> None:
        """Enter what a constant that was added to the output takes."""
        if not isinstance(value, Tensor):
            if value == 0:
                return
            self.watch(output, "constants", lambda grad: grad * value)
            return
        kept = self.keep(value)
        self.watch(
            output, "constants", lambda grad: constant_share(kept.tensor, grad, self.run.batch)
        )

    def elementwise(
        self, x: Tensor, slope: Callable[[Tensor], Tensor], offset: Number = 0.0
    ) -> Tensor:
        """The operation on x with `slope(x)` for its gradient; `offset` is its value at zero."""
        result: Tensor = Elementwise.apply(
            x, self, lambda: self.function(x), lambda grad, x: grad * slope(x), offset
        )
        return result


Back = Callable[[Tensor, Tensor], Tensor]


class Elementwise(torch.autograd.Function):
    """A function of single elements whose gradient is given in closed form."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, call: Call, value: Callable[[], Tensor], back: Back, offset: Number
    ) -> Tensor:
        """The function's own value."""
        ctx.save_for_backward(x)
        ctx.call, ctx.back, ctx.offset = call, back, offset
        return own(value())

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None, None]:
        """The gradient of x, from that of the value and x."""
        (x,) = ctx.saved_tensors
        if ctx.offset:
            ctx.call.absorb("activation offset", lambda: grad * ctx.offset)
        return ctx.back(grad, x), None, None, None, None


def own(tensor: Tensor) -> Tensor:
    """The same values as a tensor that is nobody's view, which autograd lets a model write to."""
    return alias(tensor) if tensor._is_view() else tensor
