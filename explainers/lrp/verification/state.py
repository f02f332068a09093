"""All of a module that nobody may change by looking at it: weights, modes, flags, hooks."""

import hashlib

import torch
from torch import Tensor, nn

State = dict[str, str]
HOOKS = "hooks of"


def module_state(module: nn.Module) -> State:
    """What each weight, buffer and part of the module is, by its path."""
    weights = [*module.named_parameters(), *module.named_buffers()]
    state = {f"weight {name}": _tensor_state(tensor) for name, tensor in weights}
    for name, part in module.named_modules():
        state[f"mode of {name or 'the model'}"] = str(part.training)
        state[f"{HOOKS} {name or 'the model'}"] = _hooks(part)
    return state


def changes(before: State, after: State) -> list[str]:
    """Names of what is not as it was."""
    names = [*before, *(name for name in after if name not in before)]
    return [name for name in names if before.get(name) != after.get(name)]


def parts_in_training(module: nn.Module) -> list[str]:
    """Parts in training mode; those of exported programs have their mode in their graph."""
    found: list[str] = []
    programs: list[str] = []
    for name, part in module.named_modules():
        if isinstance(part, torch.fx.GraphModule):
            programs.append(name)
        within = any(name == one or name.startswith(f"{one}.") or not one for one in programs)
        if part.training and not within:
            found.append(f"{name or 'the model itself'} ({type(part).__name__})")
    return found


def _tensor_state(tensor: Tensor) -> str:
    gradient = "none" if tensor.grad is None else _digest(tensor.grad)
    return f"{tensor.requires_grad} {gradient} {_digest(tensor)}"


def _digest(tensor: Tensor) -> str:
    values = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
    return hashlib.sha256(values.tobytes()).hexdigest()


def _hooks(part: nn.Module) -> str:
    kinds = (part._forward_hooks, part._forward_pre_hooks, part._backward_hooks)
    return str([[len(hooks) for hooks in kinds], "forward" in vars(part)])
