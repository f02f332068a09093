"""Tables of words: CSV, tab-separated values, label tracks."""

import csv
from pathlib import Path

from explainers.errors import ExplanationError
from explainers.segmentation.alignments.text import read_text
from explainers.segmentation.alignments.word import Word, number, refuse_part, register_format

COLUMNS = ("start", "end", "word")


@register_format("csv", "tsv", "txt")
def read_table(path: Path, part: str | None) -> list[Word]:
    """Words from the columns start, end (seconds) and word.

    With a header the columns may stand in any order and beside others; without one they come
    first. Cells are parted by tabs, semicolons or commas, whichever of these comes first in this
    list and in the first line.
    """
    refuse_part(path, part)
    cells = _rows(path)
    order = _header(cells[0][0]) if cells else None
    if order is None:
        return [_word(row, place, (0, 1, 2)) for row, place in cells]
    return [_word(row, place, order) for row, place in cells[1:]]


def _rows(path: Path) -> list[tuple[list[str], str]]:
    """The cells of every row that is not empty, and where it stands."""
    text = read_text(path)
    first_line = text.strip().partition("\n")[0]
    separator = next((mark for mark in "\t;," if mark in first_line), ",")
    rows = csv.reader(text.split("\n"), delimiter=separator, skipinitialspace=True, strict=True)
    try:
        read = [(row, f"{path}, line {rows.line_num}") for row in rows]
    except csv.Error as error:
        raise ExplanationError(f"{path}, line {rows.line_num}: {error}.") from error
    return [([cell.strip() for cell in row], place) for row, place in read if any(row)]


def _header(row: list[str]) -> tuple[int, ...] | None:
    """Where the columns are, if this is a header."""
    names = [cell.lower() for cell in row]
    found = [names.index(column) for column in COLUMNS if column in names]
    return tuple(found) if len(found) == len(COLUMNS) else None


def _word(row: list[str], place: str, order: tuple[int, ...]) -> Word:
    if len(row) <= max(order):
        raise ExplanationError(
            f"{place}: there are {len(row)} cells; expected the columns {', '.join(COLUMNS)}."
        )
    start, end, word = (row[column] for column in order)
    return Word(word, number(start, place), number(end, place), place)
