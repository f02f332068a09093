"""A comparison: the looks, and how far each two agree."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from xaudio.comparing.agreement import Agreement, agreements
from xaudio.comparing.grounds import GROUNDS, OVER_TILES, OVER_TIME, knows_frequencies
from xaudio.errors import MetricError
from xaudio.explained import ExplainedClip


@dataclass(frozen=True, eq=False)
class Look:
    """One explained clip of a comparison, or why there is none.

    Attributes:
        name: What tells it from the others: a method, a model, a clip.
        explained: The clip, the decision and why.
        problem: Why it could not be explained, in a sentence.
    """

    name: str
    explained: ExplainedClip | None
    problem: str | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """Looks beside each other.

    Attributes:
        looks: In some order.
        over: On which cells they were compared, one of `GROUNDS`.
        agreements: Row by row in the order of the looks; symmetric.
    """

    looks: tuple[Look, ...]
    over: str
    agreements: tuple[tuple[Agreement, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the looks are called."""
        return tuple(look.name for look in self.looks)

    @property
    def matrix(self) -> Float[np.ndarray, "looks looks"]:
        """The values; NaN where there is none."""
        return np.array(
            [
                [np.nan if each.value is None else each.value for each in row]
                for row in self.agreements
            ]
        ).reshape(len(self.looks), len(self.looks))

    def agreement(self, one: str, other: str) -> Agreement:
        """How far two looks agree, by their names."""
        return self.agreements[self.names.index(one)][self.names.index(other)]

    def mean_agreement(self, name: str) -> float | None:
        """A look's agreement with the others on average; None where it has none with any."""
        place = self.names.index(name)
        others = np.delete(self.matrix[place], place)
        known = others[np.isfinite(others)]
        return float(known.mean()) if len(known) else None

    def pairs(self) -> tuple[tuple[str, str, Agreement], ...]:
        """Every pair once that has a value, the most alike first."""
        found = [
            (self.names[place], self.names[row], self.agreements[row][place])
            for row in range(len(self.looks))
            for place in range(row)
        ]
        known = [each for each in found if each[2].value is not None]
        return tuple(sorted(known, key=lambda each: -(each[2].value or 0.0)))

    def reordered(self, order: Sequence[int]) -> "Comparison":
        """The same, rows and columns in another order."""
        return replace(
            self,
            looks=tuple(self.looks[place] for place in order),
            agreements=tuple(
                tuple(self.agreements[row][place] for place in order) for row in order
            ),
        )

    @property
    def sentence(self) -> str:
        """The most and the least alike, and what chance would give, in words."""
        pairs = self.pairs()
        if not pairs:
            return "No two of these can be compared."
        most = f"“{pairs[0][0]}” and “{pairs[0][1]}” agree most: {_told(pairs[0][2])}."
        if len(pairs) == 1:
            return most.replace("agree most", "agree")
        low = f"Least: “{pairs[-1][0]}” and “{pairs[-1][1]}”, {_told(pairs[-1][2])}."
        beaten = sum(agreement.beats_chance for _, _, agreement in pairs)
        return f"{most} {low} {beaten} of {len(pairs)} pairs agree better than chance."


def compared(looks: Sequence[Look], over: str | None = None) -> Comparison:
    """Compare looks that are there already.

    Args:
        looks: With names of their own.
        over: One of `GROUNDS`; when not given, time and frequency where all know frequencies,
            else time.

    Raises:
        MetricError: There is no such ground, or two looks share a name.
    """
    names = [look.name for look in looks]
    doubled = [name for place, name in enumerate(names) if name in names[:place]]
    if doubled:
        raise MetricError(f"Two looks are called '{doubled[0]}'; give each a name of its own.")
    found = [look.explained.explanation for look in looks if look.explained is not None]
    if over is None:
        over = OVER_TILES if all(map(knows_frequencies, found)) else OVER_TIME
    if over not in GROUNDS:
        raise MetricError(f"There is nothing to compare over '{over}'; take {', '.join(GROUNDS)}.")
    charts = iter(GROUNDS[over](found))
    each = [str(look.problem) if look.explained is None else next(charts) for look in looks]
    return Comparison(tuple(looks), over, agreements(each))


def _told(agreement: Agreement) -> str:
    told = f"{agreement.value:.2f}"
    if agreement.low is not None:
        told += f" [{agreement.low:.2f}, {agreement.high:.2f}]"
    return told
