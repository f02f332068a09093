"""Which conditions were validated, and how a recording departs from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from xaudio.verdicts.conditions import QUANTITIES, Conditions

CENTRAL_SHARE = 0.99


@dataclass(frozen=True)
class Range:
    """What was measured of one quantity over a set of clips.

    Attributes:
        low: Lower end of the central 99 % of the clips.
        high: Upper end.
        margin_below: How far below `low` is still counted as inside.
        margin_above: How far above `high`.
    """

    low: float
    high: float
    margin_below: float
    margin_above: float

    def holds(self, value: float) -> bool:
        """Whether a value lies inside, margins included."""
        return self.low - self.margin_below <= value <= self.high + self.margin_above


@dataclass(frozen=True)
class Departure:
    """One quantity in which a recording lies outside what was validated.

    Attributes:
        quantity: Its name in `Conditions`.
        value: Of the recording; None where it cannot be measured.
        validated: What was validated, for people.
    """

    quantity: str
    value: float | None
    validated: str

    @property
    def sentence(self) -> str:
        """For people: ``duration 0.30 s (validated: 2.25 s to 4.40 s)``."""
        if self.quantity == "sample_rate":
            return f"sample rate {self.value:.0f} Hz (validated: {self.validated})"
        quantity = QUANTITIES[self.quantity]
        found = "not measurable" if self.value is None else quantity.text(self.value)
        return f"{quantity.words} {found} (validated: {self.validated})"


@dataclass(frozen=True)
class ValidatedCondition:
    """A kind of recording on which error rates at the threshold were measured.

    Attributes:
        name: ``clean`` for the calibration set, or the corruption's.
        severity: Of the corruption, 0 for none.
        clips: How many were measured.
        sample_rates: In hertz, all that occurred.
        ranges: By quantity, see `Conditions`; a quantity that no clip has is left out.
        false_rejection: Share of bona fide clips called synthetic, in [0, 1].
        false_acceptance: Share of synthetic clips called bona fide, in [0, 1].
        cllr: Cost of the LLRs there, in bits: 0 perfect, 1 says nothing, above 1 misleads.
    """

    name: str
    severity: int
    clips: int
    sample_rates: tuple[int, ...]
    ranges: Mapping[str, Range]
    false_rejection: float
    false_acceptance: float
    cllr: float

    @property
    def title(self) -> str:
        """For people: ``clean`` or ``mp3, severity 3``."""
        return f"{self.name}, severity {self.severity}" if self.severity else self.name

    def departures(self, conditions: Conditions) -> tuple[Departure, ...]:
        """In what a recording lies outside; nothing if it lies inside."""
        return departures(conditions, self.sample_rates, self.ranges)


def departures(
    conditions: Conditions, sample_rates: Sequence[int], ranges: Mapping[str, Range]
) -> tuple[Departure, ...]:
    """In which quantities a recording lies outside; in the order of `QUANTITIES`."""
    found = []
    if conditions.sample_rate not in sample_rates:
        rates = " or ".join(str(rate) for rate in sample_rates)
        found.append(Departure("sample_rate", float(conditions.sample_rate), f"{rates} Hz"))
    values = conditions.as_dict()
    for name, held in ranges.items():
        value = values[name]
        if value is None or not held.holds(value):
            found.append(Departure(name, value, range_text(name, held)))
    return tuple(found)


def range_text(name: str, held: Range) -> str:
    """The range with its margins, for people: ``2.25 s to 4.40 s``."""
    quantity = QUANTITIES[name]
    low, high = held.low - held.margin_below, held.high + held.margin_above
    is_share = quantity.unit == "%"
    if is_share:
        low, high = max(low, 0.0), min(high, 1.0)
    elif held.low >= 0:
        low = max(low, 0.0)
    return f"{quantity.text(low)} to {quantity.text(high)}"


def measured_ranges(measured: Sequence[Conditions]) -> dict[str, Range]:
    """The central 99 % of each quantity, with its margins; of fewer than 200 clips all."""
    found = {}
    for name, quantity in QUANTITIES.items():
        values = [value for one in measured if (value := one.as_dict()[name]) is not None]
        if not values:
            continue
        outside = (1 - CENTRAL_SHARE) / 2
        low = float(np.quantile(values, outside, method="lower"))
        high = float(np.quantile(values, 1 - outside, method="higher"))
        below, above = (
            quantity.margin + quantity.relative_margin * abs(end) for end in (low, high)
        )
        found[name] = Range(low, high, below, above)
    return found


def measured_rates(measured: Sequence[Conditions]) -> tuple[int, ...]:
    """The sample rates that occur, ascending, in hertz."""
    return tuple(sorted({one.sample_rate for one in measured}))
