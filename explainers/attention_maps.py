"""The attention weights of an unmodified model, seen while it runs.

A mode sees every operation: a softmax whose result multiplies values is attention, whatever class
called it. Fused attention has no weights to look at, so it is answered by explicit ones; the value
is the same up to rounding, and gradients reach the weights.
"""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.errors import ExplanationError
from explainers.lrp.naming import FUNCTIONAL, Operation, operation_name

SOFTMAXES = frozenset(["softmax", "_softmax", "special_softmax"])
CARRIERS = frozenset(
    [
        "dropout",
        "to",
        "type_as",
        "float",
        "double",
        "half",
        "bfloat16",
        "_to_copy",
        "contiguous",
        "clone",
        "view",
        "reshape",
        "flatten",
        "unflatten",
        "squeeze",
        "unsqueeze",
        "expand",
        "masked_fill",
        "masked_fill_",
        "nan_to_num",
    ]
)
"""What may happen to weights between the softmax and the product with the values."""
PRODUCTS = frozenset(["matmul", "__matmul__", "bmm"])


@dataclass(frozen=True, eq=False)
class Attention:
    """One product of attention weights and values.

    Attributes:
        weights: The very tensor that multiplies, so that gradients reach it; rows sum to one.
        values: What is weighed; made of the tokens one by one (there may be more keys than tokens).
    """

    weights: Float[Tensor, "*batch queries keys"]
    values: Float[Tensor, "*values tokens width"]


class AttentionMaps(TorchFunctionMode):
    """Sees the attention of whatever this thread runs while it is entered.

    Attributes:
        seen: In the order of the calls.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Attention] = []
        self._softmaxes: dict[int, Tensor] = {}

    def see(self, attention: Attention) -> None:
        """Told of every call of attention."""
        self.seen.append(attention)

    def __torch_function__(
        self,
        function: Operation,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Answer one call of the model as it is, fused attention by explicit weights."""
        kwargs = kwargs or {}
        name = operation_name(function).removeprefix(FUNCTIONAL)
        if name == "scaled_dot_product_attention":
            return self._fused(*args, **kwargs)
        if name == "multi_head_attention_forward":
            return self._multi_head(function, args, kwargs)
        result = function(*args, **kwargs)
        if name in SOFTMAXES or (name in CARRIERS and self._is_softmax(_first(args, kwargs))):
            self._softmaxes[id(result)] = result
        if name in PRODUCTS and len(args) == 2 and self._is_softmax(args[0]):
            weights, values = args
            if isinstance(values, Tensor) and values.ndim >= 2 and _sums_to_one(weights):
                self.see(Attention(weights, values))
        if name == "einsum" and len(args) == 3 and self._is_softmax(args[1]):
            self._see_letters(*args)
        return result

    def _is_softmax(self, value: Any) -> bool:
        return id(value) in self._softmaxes

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,  # noqa: ARG002 - the model is in evaluation mode
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        if enable_gqa:
            shared = query.shape[-3] // key.shape[-3]
            key, value = (one.repeat_interleave(shared, -3) for one in (key, value))
        weights = attention_weights(query, key, attn_mask, is_causal, scale)
        self.see(Attention(weights, value))
        return weights @ value

    def _multi_head(
        self, function: Operation, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Tensor, Tensor | None]:
        """Asked for its weights, whether the model wants them or not; time comes first in it."""
        given = inspect.signature(function).bind(*args, **kwargs)
        given.apply_defaults()
        named = given.arguments
        asked = {**named, "need_weights": True, "average_attn_weights": False}
        output, weights = function(**asked)
        values = named["value"]
        values = values if values.ndim == 2 else values.transpose(0, 1)
        # What is handed out is a view of the tensor that multiplies the values.
        self.see(Attention(weights if weights._base is None else weights._base, values))
        if not named["need_weights"]:
            return output, None
        return output, weights.mean(dim=-3) if named["average_attn_weights"] else weights

    def _see_letters(self, equation: str, weights: Tensor, values: Tensor) -> None:
        """A product spelt out: the last letter of the weights is summed over."""
        of_weights, of_values = equation.replace(" ", "").partition("->")[0].split(",")
        key = of_weights[-1]
        if key in of_values and _sums_to_one(weights):
            place = of_values.index(key) - len(of_values)
            self.see(Attention(weights, values.movedim(place, -2)))


def attention_weights(
    query: Float[Tensor, "*batch queries width"],
    key: Float[Tensor, "*batch keys width"],
    mask: Float[Tensor, "..."] | Bool[Tensor, "..."] | None = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Float[Tensor, "*batch queries keys"]:
    """The weights that fused attention uses: ``softmax(q k scale + mask)``.

    Args:
        query: Who asks.
        key: Who is asked.
        mask: Added, or, where boolean, false for what is not to be looked at.
        is_causal: Whether no query looks at later keys.
        scale: ``1 / sqrt(width)`` unless given.
    """
    logits = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
    if mask is None and not is_causal:
        return logits.softmax(dim=-1)
    if is_causal:
        before = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
        logits = logits.masked_fill(~before, -torch.inf)
    if mask is not None and mask.dtype == torch.bool:
        logits = logits.masked_fill(~mask, -torch.inf)
    elif mask is not None:
        logits = logits + mask
    # A query that may look at nothing receives nothing.
    blind = (logits == -torch.inf).all(dim=-1, keepdim=True)
    return logits.masked_fill(blind, 0.0).softmax(dim=-1).masked_fill(blind, 0.0)


def chained(seen: Sequence[Attention], clips: int) -> list[Attention]:
    """The calls, from the first on, that let the same tokens look at each other.

    What comes later may look at something else, as the graph attention behind a transformer does,
    as long as it is not the greater part.

    Args:
        seen: In the order in which they ran.
        clips: Rows of the batch that ran.

    Raises:
        ExplanationError: There is no attention, or its maps do not chain.
    """
    if not seen:
        raise ExplanationError(
            "No attention was seen when the model ran, so there are no weights to follow: it has "
            "none, or it runs outside PyTorch's Python operations. Use another method."
        )
    sizes = [_tokens(one, clips) for one in seen]
    count = 0
    while count < len(sizes) and sizes[count] is not None and sizes[count] == sizes[0]:
        count += 1
    if count == 0 or 2 * count < len(sizes):
        shapes = ", ".join(str(list(one.weights.shape)) for one in seen[:6])
        raise ExplanationError(
            f"The model's attention maps do not chain: for {clips} clips their shapes are {shapes}"
            f"{' ...' if len(seen) > 6 else ''}. Expected [clips, heads, tokens, tokens] with the "
            "same tokens in every layer. Use a method that does not follow attention."
        )
    return list(seen[:count])


def by_clip(tensor: Float[Tensor, "*batch rows columns"], clips: int) -> Tensor:
    """As ``[clips, heads, rows, columns]``; heads and clips may be one axis, clips first."""
    return tensor.reshape(clips, -1, *tensor.shape[-2:])


def _tokens(attention: Attention, clips: int) -> int | None:
    """How many tokens look at each other; None where these are not the tokens of a clip."""
    batch, (queries, keys) = attention.weights.shape[:-2], attention.weights.shape[-2:]
    rows = 1 if len(batch) == 0 else batch[0]
    # With heads on an axis of their own, more rows than clips are windows within clips.
    fits = rows % clips == 0 if len(batch) == 1 else rows == clips
    return queries if queries == keys and fits and len(batch) <= 2 else None


def _sums_to_one(weights: Tensor) -> bool:
    sums = weights.detach().sum(dim=-1)
    return bool((((sums - 1).abs() < 1e-2) | (sums == 0)).all())


def _first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get("input")
