"""How much memory an answer holds."""

import sys
from collections.abc import Mapping
from typing import Any

_PLAIN = (int, float, complex, bool, type(None), type)


def bytes_of(value: Any) -> int:
    """Bytes of all arrays, tensors, texts and files that an object holds, each counted once.

    >>> import numpy as np
    >>> array = np.zeros(1000)
    >>> 8000 <= bytes_of({"one": array, "again": [array]}) < 9000
    True
    """
    total, seen, left = 0, set(), [value]
    while left:
        one = left.pop()
        if isinstance(one, _PLAIN) or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(size := getattr(one, "nbytes", None), int):
            total += size
        elif isinstance(one, bytes | bytearray | str):
            total += sys.getsizeof(one)
        elif isinstance(one, Mapping):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            left += list(one)
        else:
            left.append(getattr(one, "__dict__", None))
    return total
