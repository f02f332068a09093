"""Zennit in the project's own process, so that both can be timed side by side.

Zennit imports two ResNet blocks from torchvision, of which no CPU build loads beside a CPU torch.
They only serve its ResNet canonizers, so empty classes stand in for them, for as long as the import
lasts: a torchvision that stays would be found, and believed, by transformers.
"""

import importlib
import sys
from contextlib import contextmanager
from types import ModuleType

from torch import nn


class _Block(nn.Module):
    """Stands in for a ResNet block; no model has one, so zennit's canonizers find none."""


def _stand_ins():
    resnet = ModuleType("torchvision.models.resnet")
    resnet.Bottleneck = type("Bottleneck", (_Block,), {})
    resnet.BasicBlock = type("BasicBlock", (_Block,), {})
    models = ModuleType("torchvision.models")
    models.resnet = resnet
    torchvision = ModuleType("torchvision")
    torchvision.models = models
    return {module.__name__: module for module in (torchvision, models, resnet)}


@contextmanager
def torchvision_stood_in_for():
    """Let `import torchvision.models.resnet` succeed inside, and leave no trace outside."""
    stand_ins = _stand_ins()
    hidden = {name: sys.modules[name] for name in stand_ins if name in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
        sys.modules.update(hidden)


def import_zennit(folder):
    """Import zennit from a folder that holds nothing but zennit.

    The folder is made, in any environment that has torch, by
    `python -m pip install --no-deps --target FOLDER zennit==0.5.1`.
    The search path is as before afterwards; zennit's modules (rules, composites, canonizers) are
    attributes of what is returned.
    """
    sys.path.insert(0, str(folder))
    try:
        with torchvision_stood_in_for():
            return importlib.import_module("zennit")
    finally:
        sys.path.remove(str(folder))
