"""Parts that the user marked sample by sample."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.removal.parts import Parts, TimeParts
from explainers.segmentation.naming import distinct
from explainers.segmentation.segmenter import Segmenter, register_segmenter
from explainers.segmentation.stretches import runs

EXPECTED = "a boolean array [parts, time] in .npy, or in .npz as 'masks' with or without 'names'"


@register_segmenter
@dataclass(frozen=True)
class Masks(Segmenter):
    """Parts from a file of masks, one boolean per sample; they may overlap and be in pieces.

    Attributes:
        path: Of a ``.npy`` file, or of a ``.npz`` file with ``masks`` and, if wanted, ``names``.
    """

    path: str

    name: ClassVar[str] = "masks"
    form: ClassVar[str] = "masks:FILE"
    summary: ClassVar[str] = "What a file of masks marks, sample by sample."

    @classmethod
    def parse(cls, settings: str) -> Segmenter:
        """From the path, colons and all."""
        if not settings:
            raise ExplanationError(f"'{cls.name}' needs a file; write it as {cls.form}.")
        return cls(settings)

    def divide(self, waveform: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """One part per mask: the runs where it is true."""
        masks, names = read_masks(Path(self.path))
        if masks.shape[1] != len(waveform):
            raise ExplanationError(
                f"{self.path}: the masks have {masks.shape[1]} samples and the clip "
                f"{len(waveform)} at {sample_rate} Hz; make masks for the clip at this rate."
            )
        empty = np.flatnonzero(~masks.any(axis=1))
        if len(empty):
            raise ExplanationError(
                f"{self.path}: row {empty[0]} ('{names[empty[0]]}') marks no sample; leave it out."
            )
        stretches = tuple(tuple(runs(mask)) for mask in masks)
        return TimeParts(tuple(distinct(names)), stretches, len(waveform), sample_rate)


def read_masks(path: Path) -> tuple[Bool[np.ndarray, "parts time"], list[str]]:
    """The masks in a file, and their names: ``mask 1`` and so on where it has none.

    Raises:
        ExplanationError: The file is missing or unreadable, or holds something else.
    """
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = loaded if isinstance(loaded, np.ndarray) else {**loaded}
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ExplanationError(
            f"{path} cannot be read: {reason}. Expected {EXPECTED}, without pickled objects."
        ) from error
    masks, names = (
        (arrays, None)
        if isinstance(arrays, np.ndarray)
        else (arrays.get("masks"), arrays.get("names"))
    )
    if masks is None or masks.ndim != 2 or masks.dtype != bool or not len(masks):
        found = "no 'masks'" if masks is None else f"{masks.dtype} of shape {masks.shape}"
        raise ExplanationError(f"{path} holds {found}; expected {EXPECTED}.")
    if names is None:
        return masks, [f"mask {number}" for number in range(1, len(masks) + 1)]
    if names.shape != masks.shape[:1]:
        raise ExplanationError(
            f"{path} holds names of shape {names.shape} for {len(masks)} masks; give one each."
        )
    return masks, [str(name) for name in names]
