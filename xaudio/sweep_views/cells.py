"""Coloured cells to click: models under corruptions, and the cube of attack, codec and severity."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from xaudio.reports.attack_cube import kind_name
from xaudio.reports.charts import Row, distinct
from xaudio.reports.heat import heat_top
from xaudio.reports.measures import ABSENT, Measure, share_text, with_interval
from xaudio.reports.model_matrix import ranked_corruptions


@dataclass(frozen=True)
class Place:
    """What a cell is about.

    Attributes:
        model: By name.
        corruption: The condition; ``clean`` for the clips as they are.
        severity: Of it; 0 where clean.
        label: Only clips of this label; all if None.
        attack: Only clips of this attack; of every one, and of none, if None.
        codec: Only clips that had been through this; see `of_kind`.
        of_kind: Whether label, attack and codec are asked for: None then means unknown.
    """

    model: str
    corruption: str
    severity: int
    label: str | None = None
    attack: str | None = None
    codec: str | None = None
    of_kind: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing was done to the clips."""
        return self.severity == 0


@dataclass(frozen=True)
class HeatCell:
    """A cell of a grid.

    Attributes:
        place: What it is about.
        row: In which line it stands.
        group: In which group of columns.
        column: In which column of it.
        share: What its colour says, 0 to 1; None where unknown.
        text: What stands in it.
        said: All of it in words.
    """

    place: Place
    row: str
    group: str
    column: str
    share: float | None
    text: str
    said: str


@dataclass(frozen=True)
class HeatGrid:
    """Cells with the names of their lines.

    Attributes:
        cells: By line, then by column.
        rows: Names of the lines, from the top.
        top: The share at the end of the scale.
        name: What the colours say.
    """

    cells: tuple[HeatCell, ...]
    rows: tuple[str, ...]
    top: float
    name: str


def matrix_grid(rows: Sequence[Row], measure: Measure) -> HeatGrid:
    """A line per corruption, the costliest first; a group per model, a column per severity.

    The clean clips are the first column of every line's group.

    Args:
        rows: Of a sweep's condition table.
        measure: What is shown.
    """
    lines = [name for name in ranked_corruptions(rows, measure) if _is_corruption(name, rows)]
    clean = {row["model"]: row for row in rows if row["severity"] == 0}
    cells = []
    for line in lines:
        for model in distinct(row["model"] for row in rows):
            own = [row for row in rows if row["model"] == model and row["corruption"] == line]
            beside = [clean[model]] if model in clean else []
            by_severity = sorted(own, key=lambda row: row["severity"])
            cells += [_matrix_cell(line, row, measure) for row in [*beside, *by_severity]]
    top = heat_top(cell.share for cell in cells)
    return HeatGrid(tuple(cells), tuple(lines), top, measure.name)


def cube_grid(rows: Sequence[Row], model: str, codec: str | None) -> HeatGrid:
    """A line per corruption, a group per attack (and the bona fide), a column per severity.

    Args:
        rows: Of a sweep's attack table.
        model: Whose.
        codec: Only clips that had been through it.
    """
    own = [row for row in rows if row["model"] == model and row["codec"] == codec]
    kinds = sorted(
        distinct((row["attack"] is not None, kind_name(row["label"], row["attack"])) for row in own)
    )
    lines = distinct(row["corruption"] for row in own if row["severity"] > 0)
    cells = []
    for line in lines:
        for _, kind in kinds:
            there = [
                row
                for row in own
                if kind_name(row["label"], row["attack"]) == kind
                and (row["corruption"] == line or row["severity"] == 0)
            ]
            by_severity = sorted(there, key=lambda row: row["severity"])
            cells += [_cube_cell(line, kind, row) for row in by_severity]
    # All grids of a sweep share their colours.
    top = heat_top(row["error"] for row in rows)
    return HeatGrid(tuple(cells), tuple(lines), top, "wrong decisions")


def _is_corruption(name: str, rows: Sequence[Row]) -> bool:
    return any(row["corruption"] == name and row["severity"] > 0 for row in rows)


def _matrix_cell(line: str, row: Row, measure: Measure) -> HeatCell:
    share = measure.of(row)
    place = Place(row["model"], row["corruption"], row["severity"])
    said = (
        f"{row['model']}, {_where(row)}: {measure.name} {measure.text(row)}, {row['clips']} clips"
    )
    return HeatCell(
        place, line, row["model"], _column(row), share, _percent(share), said + _flipped(row)
    )


def _cube_cell(line: str, kind: str, row: Row) -> HeatCell:
    share = row["error"]
    wrong = with_interval(share, row["error_low"], row["error_high"])
    place = Place(
        row["model"], row["corruption"], row["severity"], row["label"], row["attack"], row["codec"],
        of_kind=True,
    )  # fmt: skip
    said = f"{kind}, {_where(row)}: {wrong} of {row['clips']} clips decided wrongly{_flipped(row)}"
    return HeatCell(place, line, kind, _column(row), share, _percent(share), said)


def _where(row: Row) -> str:
    return "clean" if row["severity"] == 0 else f"{row['corruption']}, severity {row['severity']}"


def _column(row: Row) -> str:
    return str(row["severity"]) if row["severity"] else "clean"


def _flipped(row: Row) -> str:
    if row.get("flipped") is None or row["severity"] == 0:
        return ""
    return f", {share_text(row['flipped'])} decided otherwise than when clean"


def _percent(share: float | None) -> str:
    return ABSENT if share is None else f"{100 * share:.0f}"


def place_text(place: Place) -> str:
    """A place as an address can hold it.

    >>> place_text(Place("lcnn", "mp3", 5))
    '["lcnn", "mp3", 5]'
    """
    kind = [place.label, place.attack, place.codec] if place.of_kind else []
    return json.dumps([place.model, place.corruption, place.severity, *kind], ensure_ascii=False)


def place_from(text: str) -> Place | None:
    """The place that an address names; None where it is none.

    >>> place_from('["lcnn", "mp3", 5]')
    Place(model='lcnn', corruption='mp3', severity=5, label=None, attack=None, codec=None, ...)
    >>> place_from("mp3") is None
    True
    """
    try:
        model, corruption, severity, *kind = json.loads(text)
    except (ValueError, TypeError):
        return None
    names_fit = isinstance(model, str) and isinstance(corruption, str)
    if not names_fit or type(severity) is not int or len(kind) not in (0, 3):
        return None
    if not all(part is None or isinstance(part, str) for part in kind):
        return None
    if not kind:
        return Place(model, corruption, severity)
    label, attack, codec = kind
    return Place(model, corruption, severity, label, attack, codec, of_kind=True)


def place_words(place: Place) -> str:
    """A place in words.

    >>> place_words(Place("lcnn", "mp3", 5, "spoof", "A07", None, of_kind=True))
    'lcnn, mp3 at severity 5, A07'
    """
    where = "clean clips" if place.is_clean else f"{place.corruption} at severity {place.severity}"
    kind = [kind_name(place.label or "", place.attack)] if place.of_kind else []
    codec = [f"through {place.codec}"] if place.codec else []
    return ", ".join([place.model, where, *kind, *codec])


def codecs_of(rows: Sequence[Row]) -> list[str | None]:
    """What the clips of an attack table had been through; None where nobody knows."""
    return distinct(row["codec"] for row in rows)
