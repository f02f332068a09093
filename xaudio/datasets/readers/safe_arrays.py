"""Dictionaries that NumPy saved with pickle, read without running what a pickle may hide."""

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from xaudio.errors import CorpusError

_HARMLESS = {
    (module, name)
    for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("_reconstruct", "scalar")
} | {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("_codecs", "encode"),
}


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Only what arrays are put together from."""
        if (module, name) not in _HARMLESS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def read_dictionary(path: Path) -> dict[str, np.ndarray]:
    """A dictionary of arrays from a ``.npy`` file, as `numpy.save` writes it.

    Raises:
        CorpusError: The file is damaged, holds something else, or asks for more than arrays.
    """
    try:
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            np.lib.format.read_array_header_1_0(file)
            held = _Arrays(io.BytesIO(file.read())).load()
        entries = held.item().items()
        return {str(name): np.asarray(values) for name, values in entries}
    except Exception as error:  # a damaged pickle raises whatever it likes
        raise CorpusError(f"{path} is no dictionary of arrays: {error}.") from None
