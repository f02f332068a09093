"""Operations that only move, copy, sum or cast values: their own gradient is the rule.

Each output is a sum of inputs, so relevance follows the values. Where constants take part (a class
token put in front, a fill value) they take the relevance of what they became.
"""

from functools import partial
from typing import Any

import torch
from torch import Tensor

from explainers.lrp.calls import Call
from explainers.lrp.levels import as_statistic, is_level, still_level
from explainers.lrp.naming import named
from explainers.lrp.notes import common_role, with_role
from explainers.lrp.registry import answer
from explainers.lrp.shadows import remember_move, remember_moves
from explainers.lrp.tensors import changed, tensors_in
from explainers.lrp.values import relevance_of

VIEWS = named(
    """
    view reshape view_as reshape_as flatten unflatten ravel squeeze unsqueeze transpose swapaxes
    swapdims permute movedim moveaxis t mT.__get__ T.__get__ contiguous expand expand_as
    broadcast_to narrow select __getitem__ slice unbind __iter__ split chunk tensor_split
    split_with_sizes hsplit vsplit dsplit unfold diagonal as_strided to type float double cpu
    cuda type_as view_as_real view_as_complex real imag real.__get__ imag.__get__ alias
    """
)
"""What may give a view of its input."""
COPIES = named(
    """
    clone tile repeat repeat_interleave flip fliplr flipud roll rot90 gather take take_along_dim
    index_select masked_select diag_embed tril triu half bfloat16 _conj conj resolve_conj
    resolve_neg atleast_1d atleast_2d atleast_3d lift_fresh _reshape_alias unsafe_chunk
    unsafe_split _unsafe_view im2col col2im fold pixel_shuffle pixel_unshuffle channel_shuffle
    pin_memory _to_copy squeeze_copy view_copy broadcast_tensors requires_grad_ rename align_to
    refine_names _pack_padded_sequence
    """
)
SUMMING = named(
    """
    sum nansum mean nanmean cumsum neg negative positive avg_pool1d avg_pool2d avg_pool3d
    adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d interpolate upsample
    upsample_nearest1d upsample_nearest2d upsample_linear1d upsample_bilinear2d
    upsample_bicubic2d grid_sample dropout dropout1d dropout2d dropout3d feature_dropout
    alpha_dropout feature_alpha_dropout trace diff stft istft fft_fft fft_ifft fft_rfft
    fft_irfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_fftn fft_ifftn fft_rfftn fft_irfftn
    fft_hfft fft_ihfft fft_fftshift fft_ifftshift native_dropout segment_reduce
    """
)
PLACING = named(
    """
    cat concat concatenate stack hstack vstack dstack column_stack row_stack where masked_fill
    masked_scatter index_fill index_add index_copy index_put scatter scatter_add slice_scatter
    select_scatter diagonal_scatter pad constant_pad_nd block_diag rnn_pad complex
    """
)


@answer(*VIEWS, *COPIES)
def moved(call: Call, *args: Any, **kwargs: Any) -> Any:
    """Values elsewhere; what weighs others still does."""
    result = call.native(*args, **kwargs)
    _follow(call, result, args, kwargs)
    return still_level(call, with_role(result, common_role(call.path)))


@answer(*SUMMING)
def summed(call: Call, *args: Any, **kwargs: Any) -> Any:
    """Sums with fixed weights."""
    result = with_role(call.native(*args, **kwargs), common_role(call.path))
    if call.name in ("neg", "negative", "positive"):
        remember_move(call.run, result, call.path[0], lambda one: one)
    if call.name in ("mean", "nanmean") and is_level(call, call.path[0]):
        return as_statistic(result)
    return still_level(call, result) if "dropout" in call.name else result


@answer(*PLACING)
def placed(call: Call, *args: Any, **kwargs: Any) -> Any:
    """Values beside, or in place of, constants."""
    result = call.native(*args, **kwargs)
    _follow(call, result, args, kwargs)
    if _has_constants(call, args, kwargs):
        path = {id(one) for one in call.path}
        given = changed((args, kwargs), lambda one: _silence(one) if id(one) in path else one)
        kept = [call.keep(one) for one in tensors_in(given)]

        def constants(grad: Tensor) -> Tensor:
            remaining = iter(kept)
            positional, named = changed(given, lambda _: next(remaining).tensor)
            return relevance_of(call.native(*positional, **named), grad)

        call.watch(result, "constants", constants)
    return still_level(call, with_role(result, common_role(call.path)))


def _follow(call: Call, result: Any, args: Any, kwargs: Any) -> None:
    """Have the shadows of the inputs go the same way."""
    path = tuple(call.path)
    remember_moves(call.run, result, path, partial(_again, call, path, (args, kwargs)))


def _again(call: Call, path: tuple[Tensor, ...], given: Any, *shadows: Tensor) -> Any:
    shadow = {id(one): other for one, other in zip(path, shadows, strict=True)}
    positional, named = changed(given, lambda one: shadow.get(id(one), one))
    return call.native(*positional, **named)


def _has_constants(call: Call, args: Any, kwargs: Any) -> bool:
    """Whether anything but the tensors on the path may contribute a value."""
    joins = call.name in ("cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack")
    return not joins or len(list(tensors_in((args, kwargs)))) > len(call.path)


def _silence(tensor: Tensor) -> Tensor:
    """Zeros of the same shape that take no memory."""
    return torch.zeros((), dtype=tensor.dtype, device=tensor.device).expand(tensor.shape)
