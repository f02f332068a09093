"""What a rule saved for its backward pass, protected from what the model writes later.

A model may write into a tensor in place after an operation has kept it. Autograd refuses to go
back then; here the kept tensor is copied before the write, and only then.
"""

import weakref
from typing import Any

from torch import Tensor


class Saved:
    """One tensor that an operation keeps for its backward pass."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


class SavedTensors:
    """All that is kept in one run, found again by the memory it lies in."""

    def __init__(self) -> None:
        self._kept: dict[int, list[weakref.ref[Saved]]] = {}

    def pack(self, tensor: Tensor) -> Saved:
        """Keep a tensor; the hook that autograd calls."""
        # Without its history and its notes, which would keep other tensors in memory.
        saved = Saved(tensor.detach())
        place = tensor.untyped_storage().data_ptr()
        self._kept.setdefault(place, []).append(weakref.ref(saved))
        return saved

    def unpack(self, saved: Saved) -> Tensor:
        """The tensor as it was when it was kept."""
        return saved.tensor

    def protect(self, target: Tensor) -> None:
        """Copy what lies in the memory that is about to be written to, once for all its keepers."""
        copies: dict[Any, Tensor] = {}
        for reference in self._kept.pop(target.untyped_storage().data_ptr(), ()):
            saved = reference()
            if saved is not None:
                kept = saved.tensor.detach()
                seen = (kept.storage_offset(), kept.shape, kept.stride(), kept.dtype)
                if seen not in copies:
                    copies[seen] = kept.clone()
                saved.tensor = copies[seen]
