"""How the coalitions that a surrogate is fitted to are drawn.

A design is written as text: ``independent``, ``paired``, ``runs:0.3:3`` or ``pooled``. Parts are
taken as ordered in time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Bool

from explainers.errors import ExplanationError

SHARES = (0.2, 0.3, 0.4)
LENGTHS = (1, 3, 5)
"""The nine settings of Bolaños et al. (2025): shares of the parts gone, and lengths of the runs."""
EXPECTED = (
    "expected 'independent', 'paired', 'pooled' or 'runs:SHARE:LENGTH', with the share of the "
    "parts that are gone between 0 and 1 and the length of the runs in parts, such as 'runs:0.3:3'"
)

Draw = Callable[[int, int, np.random.Generator], Bool[np.ndarray, "rows players"]]


@dataclass(frozen=True)
class Design:
    """A way to draw coalitions.

    Attributes:
        draw: Takes the rows, the players and where chance comes from.
        block: So many rows after each other are drawn together; blocks are independent.
    """

    draw: Draw
    block: int = 1


def parse_design(spec: str) -> Design:
    """The design that `spec` names.

    Raises:
        ExplanationError: If it names none.
    """
    if spec in NAMED:
        return NAMED[spec]
    match spec.split(":"):
        case ["runs", share, length]:
            return Design(partial(runs, share=_share(share, spec), length=_length(length, spec)))
    raise ExplanationError(f"design is '{spec}'; {EXPECTED}")


def independent(
    rows: int, players: int, random: np.random.Generator
) -> Bool[np.ndarray, "rows players"]:
    """Each part present with probability one half."""
    return random.random((rows, players)) < 0.5


def paired(
    rows: int, players: int, random: np.random.Generator
) -> Bool[np.ndarray, "rows players"]:
    """Each independent coalition is followed by its complement.

    What two parts (or four, ...) only do together then cancels out of linear surrogates.
    """
    first = independent((rows + 1) // 2, players, random)
    return np.stack([first, ~first], axis=1).reshape(-1, players)[:rows]


def runs(
    rows: int, players: int, random: np.random.Generator, share: float, length: int
) -> Bool[np.ndarray, "rows players"]:
    """The same share of the parts gone in every row, in runs of consecutive parts.

    Runs may touch. One is shorter where they do not come out even, and one that reaches past the
    last part goes on at the first, so that every part is gone equally often. A share that is not a
    whole number of parts is rounded up or down at random, and right on average.

    Args:
        rows: Coalitions.
        players: Parts.
        random: Where chance comes from.
        share: Of the parts, gone.
        length: Of a run, in parts.
    """
    gone = np.floor(share * players + random.random(rows)).astype(int)
    return np.stack([_in_runs(number, players, length, random) for number in gone.tolist()])


def pooled(
    rows: int, players: int, random: np.random.Generator
) -> Bool[np.ndarray, "rows players"]:
    """Runs in the nine settings by turns, so that any stretch of rows holds them evenly."""
    settings = [(share, length) for share in SHARES for length in LENGTHS]
    drawn = [
        runs(-(-rows // len(settings)), players, random, share, length)
        for share, length in settings
    ]
    return np.stack(drawn, axis=1).reshape(-1, players)[:rows]


NAMED = {
    "independent": Design(independent),
    "paired": Design(paired, block=2),
    "pooled": Design(pooled),
}


def with_everything(
    design: Design, evaluations: int, players: int, random: np.random.Generator
) -> Bool[np.ndarray, "rows players"]:
    """The coalition of all parts, then coalitions of the design, `evaluations` in all."""
    everything = np.ones((1, players), dtype=bool)
    return np.concatenate([everything, design.draw(evaluations - 1, players, random)])


def _in_runs(
    gone: int, players: int, length: int, random: np.random.Generator
) -> Bool[np.ndarray, " players"]:
    whole, rest = divmod(gone, length)
    # A present part is a piece of its own, marked by zero.
    pieces = np.array([length] * whole + [rest] * (rest > 0) + [0] * (players - gone))
    order = random.permutation(pieces)
    present = np.repeat(order == 0, order.clip(min=1))
    return np.roll(present, random.integers(players))


def _share(text: str, spec: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = np.nan
    if not 0 < share < 1:
        raise ExplanationError(f"design is '{spec}', with the share '{text}'; {EXPECTED}")
    return share


def _length(text: str, spec: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ExplanationError(f"design is '{spec}', with the length '{text}'; {EXPECTED}")
    return int(text)
