"""What answers note on the tensors they give, for the operations that follow."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from explainers.lrp.tensors import tensors_in

GATE = "gate"
ATTENTION = "attention"

ROLE = "_relevance_role"
APPLIED = "_relevance_layer"
MOVED = "_relevance_move"
LEVEL = "_relevance_level"
UNMETERED = "_relevance_unmetered"
NOTES = (ROLE, APPLIED, MOVED, LEVEL)


def read_note(tensor: Tensor, note: str) -> Any:
    """What was noted; None where nothing was."""
    return tensor.__dict__.get(note)


def write_note(tensor: Tensor, note: str, value: Any) -> None:
    """Note something on a tensor; it stays with this very tensor, not with views of it."""
    tensor.__dict__[note] = value


def copy_notes(source: Tensor, target: Tensor) -> None:
    """Note on the target what is noted on the source."""
    for note in NOTES:
        if note in source.__dict__:
            target.__dict__[note] = source.__dict__[note]


def forget_notes(tensor: Tensor) -> None:
    """What was known of a tensor before it was written to no longer holds."""
    for note in NOTES:
        tensor.__dict__.pop(note, None)


def role(tensor: Tensor) -> str | None:
    """Whether a tensor weighs others: ``gate`` or ``attention``; None where it is signal."""
    found: str | None = read_note(tensor, ROLE)
    return found


def with_role(result: Any, name: str | None) -> Any:
    """The result, its tensors marked with their role."""
    if name is not None:
        for one in tensors_in(result):
            write_note(one, ROLE, name)
    return result


def common_role(inputs: Sequence[Tensor]) -> str | None:
    """The role that all of these tensors have; None where they differ."""
    roles = {role(one) for one in inputs}
    return roles.pop() if len(roles) == 1 else None
