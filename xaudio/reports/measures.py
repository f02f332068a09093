"""What a report counts as errors: which column of a condition table, and what it is called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NO_BREAK = "\N{NO-BREAK SPACE}"
ABSENT = "–"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """A share of errors, 0 to 1.

    Attributes:
        column: Where a condition table has it; `low` and `high` are where its interval is.
        name: In a sentence.
        low: Column of the interval's lower end.
        high: Column of its upper end.
    """

    column: str
    name: str
    low: str
    high: str

    def of(self, row: Row) -> float | None:
        """The share in a row; None where it is not known."""
        return row.get(self.column)

    def percent(self, rows: Sequence[Row]) -> list[float | None]:
        """The shares in rows, in per cent."""
        return _percent(rows, self.column)

    def percent_band(self, rows: Sequence[Row]) -> tuple[list[float | None], list[float | None]]:
        """Lower and upper ends of the shares' intervals, in per cent."""
        return _percent(rows, self.low), _percent(rows, self.high)

    def text(self, row: Row) -> str:
        r"""The share with its interval, in per cent, not to be broken at the end of a line.

        >>> ERRORS.text({"error": 0.042, "error_low": 0.03, "error_high": 0.0561})
        '4.2\xa0%\xa0[3.0,\xa05.6]'
        >>> ERRORS.text({})
        '–'
        """
        return with_interval(row.get(self.column), row.get(self.low), row.get(self.high))


ERRORS = Measure("error", "errors at the deployed threshold", "error_low", "error_high")
WRONG = Measure("error", "wrong decisions", "error_low", "error_high")
REFITTED = Measure("eer_refitted", "re-fitted EER", "eer_low", "eer_high")


def main_measure(rows: Sequence[Row]) -> Measure:
    """The errors users meet, as far as the rows tell them.

    Of detectors the mean of false rejections and false acceptances at the threshold fixed on clean
    clips; of other classifiers the wrong decisions; without either, the re-fitted EER.
    """
    if all(ERRORS.of(row) is None for row in rows):
        return REFITTED
    is_detector = any(row.get("clean_threshold") is not None for row in rows)
    return ERRORS if is_detector else WRONG


def share_text(share: float | None) -> str:
    r"""A share in per cent, not to be broken at the end of a line.

    >>> share_text(0.125), share_text(None)
    ('12.5\xa0%', '–')
    """
    return ABSENT if share is None else f"{100 * share:.1f}{NO_BREAK}%"


def with_interval(share: float | None, low: float | None, high: float | None) -> str:
    """A share in per cent with its interval where there is one."""
    if share is None or low is None or high is None:
        return share_text(share)
    return f"{share_text(share)}{NO_BREAK}[{100 * low:.1f},{NO_BREAK}{100 * high:.1f}]"


def _percent(rows: Sequence[Row], column: str) -> list[float | None]:
    return [None if row.get(column) is None else 100 * row[column] for row in rows]
