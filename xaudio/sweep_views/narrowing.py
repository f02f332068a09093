"""A part of a sweep: some models, some corruptions, some severities. Clean clips always stay."""

from collections.abc import Sequence
from dataclasses import dataclass

from xaudio.reports.charts import Row, distinct


@dataclass(frozen=True)
class Part:
    """Which rows are wanted; of a kind none is named all are.

    Attributes:
        models: By name.
        corruptions: By name.
        severities: 1 to 5.
    """

    models: tuple[str, ...] = ()
    corruptions: tuple[str, ...] = ()
    severities: tuple[int, ...] = ()

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """Those of the rows that are wanted, the clean ones of wanted models among them."""
        return [row for row in rows if self._wants(row)]

    def _wants(self, row: Row) -> bool:
        if self.models and row["model"] not in self.models:
            return False
        if row["severity"] == 0:
            return True
        return (not self.corruptions or row["corruption"] in self.corruptions) and (
            not self.severities or row["severity"] in self.severities
        )


@dataclass(frozen=True)
class Extent:
    """What a sweep has.

    Attributes:
        models: In the order of the table.
        corruptions: Likewise, the clean clips excepted.
        severities: Ascending, 0 excepted.
    """

    models: tuple[str, ...]
    corruptions: tuple[str, ...]
    severities: tuple[int, ...]


def extent_of(rows: Sequence[Row]) -> Extent:
    """The models, corruptions and severities of a condition table's rows."""
    corrupted = [row for row in rows if row["severity"] > 0]
    return Extent(
        tuple(distinct(row["model"] for row in rows)),
        tuple(distinct(row["corruption"] for row in corrupted)),
        tuple(sorted({row["severity"] for row in corrupted})),
    )
