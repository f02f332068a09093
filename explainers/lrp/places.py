"""Which module an operation was called from, read off the call stack; the module knows nothing."""

import sys
from types import FrameType

from torch import nn

_CALL = nn.Module._call_impl.__code__


class Places:
    """Paths of the modules inside one module."""

    def __init__(self, module: nn.Module | None) -> None:
        named = () if module is None else module.named_modules()
        self._paths = {id(part): path for path, part in named}

    def current(self) -> str:
        """The path of the innermost module that is running; its class where it has no path."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code is _CALL:
                part = frame.f_locals["self"]
                return self._paths.get(id(part), type(part).__name__)
            frame = frame.f_back
        return ""
