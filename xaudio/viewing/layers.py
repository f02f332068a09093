"""Values over time and frequency as a matrix of bytes, which a browser colours."""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

ZERO = 128  # the cell of a signed layer that means nothing for and nothing against
STEPS = 127  # from zero to the largest value that is told apart


@dataclass(frozen=True, eq=False)
class Layer:
    """A matrix of equal cells: cell c holds the value ``lowest + c * step``.

    Attributes:
        name: What it shows.
        cells: One byte per cell; row 0 is the lowest frequency.
        start: Seconds at which the first column begins.
        end: Seconds at which the last column ends; may lie beyond the clip by part of a column.
        low: Hertz at which the lowest row begins; may lie below 0 by half a row.
        high: Hertz at which the highest row ends.
        lowest: The value of cell 0.
        step: How much one more in a cell is worth.
        unit: Of the values.
    """

    name: str
    cells: UInt8[ndarray, "rows columns"]
    start: float
    end: float
    low: float
    high: float
    lowest: float
    step: float
    unit: str

    @property
    def values(self) -> Float[ndarray, "rows columns"]:
        """What the cells mean, to within half a step."""
        return self.lowest + self.cells.astype(np.float64) * self.step

    @property
    def signed(self) -> bool:
        """Whether values lie on both sides of zero, which is cell `ZERO` then."""
        return self.unit == "relevance" and self.lowest < 0

    @property
    def largest(self) -> float:
        """The largest magnitude it tells apart; more than that looks the same."""
        return (STEPS if self.signed else 255) * self.step

    @cached_property
    def packed(self) -> bytes:
        """The cells row by row, deflated (zlib), as a browser inflates them."""
        return zlib.compress(np.ascontiguousarray(self.cells).tobytes(), 6)
