"""Layers and networks as the fixtures store them, built again in float64."""

import torch
from torch import nn


class Addition(nn.Module):
    """A sum as a module, which is how captum sees one."""

    def forward(self, left, right):
        return left + right


class Skip(nn.Module):
    """A linear layer with a connection around it."""

    def __init__(self, features):
        super().__init__()
        self.linear = nn.Linear(features, features, bias=False)
        self.add = Addition()

    def forward(self, x):
        return self.add(self.linear(x), x)


def module(name, arguments):
    """One module by its name in torch.nn, or `Skip`; in float64 and evaluation mode."""
    factory = Skip if name == "Skip" else getattr(nn, name)
    return factory(**arguments).double().eval()


def tensor(values):
    """Nested lists as a float64 tensor."""
    return torch.tensor(values, dtype=torch.float64)


def layer(case):
    """The layer of one of zennit.json's `layers`."""
    built = module(case["module"], case["arguments"])
    load(built, {"weight": case["weight"], "bias": case["bias"]})
    return built


def network(case):
    """The network of one of zennit.json's `networks` or of captum.json's `cases`."""
    built = nn.Sequential(*(module(name, arguments) for name, arguments in case["modules"]))
    load(built, case["state"])
    return built


def load(built, state):
    """Give a module the stored parameters and statistics; those that are None it must not have."""
    state = {name: tensor(values) for name, values in state.items() if values is not None}
    counters = {
        name: value
        for name, value in built.state_dict().items()
        if name.endswith("batches_tracked")
    }
    built.load_state_dict(state | counters)


def state_as_lists(built):
    """What `load` reads: parameters and statistics as nested lists, the batch counters left out."""
    return {
        name: value.tolist()
        for name, value in built.state_dict().items()
        if not name.endswith("batches_tracked")
    }
