"""Random weights that let the clip be heard and leave no constant at its trivial value."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d)


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """The module in eval mode, the same at each call, the global random state untouched."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = make().eval()
        with torch.no_grad():
            for part in module.modules():
                # As they come, torch's layers let a signal fade from one to the next: in a deep
                # network the biases then say everything, and an error near the input is not seen.
                if isinstance(part, LAYERS) and isinstance(part.weight, nn.Parameter):
                    nn.init.kaiming_normal_(part.weight)
                if isinstance(part, (nn.RNNBase, nn.RNNCellBase)):
                    for weight in part.parameters():
                        if weight.dim() == 2:
                            nn.init.xavier_normal_(weight)
            for parameter in module.parameters():
                _roughen(parameter)
            for name, buffer in module.named_buffers():
                if name.endswith("running_mean"):
                    buffer.normal_(0.0, 0.2)
                if name.endswith("running_var"):
                    buffer.uniform_(0.5, 1.5)
    return module


def _roughen(parameter: Tensor) -> None:
    """Scales leave one, biases and tokens leave zero; drawn matrices stay as they were drawn."""
    if bool((parameter == 1).all()):
        parameter.uniform_(0.5, 1.5)
    elif parameter.dim() < 2 or not parameter.any():
        parameter.add_(0.1 * torch.randn_like(parameter))
