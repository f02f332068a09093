"""Protocols and metadata as text tables: whole columns at once, errors by line."""

import gzip
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv

from xaudio.errors import CorpusError

_UNUSUAL = (b"\r", b"\t", b"  ", b" \n", b"\n ", b"\x00")


@dataclass(frozen=True, eq=False)
class Protocol:
    """A text table.

    Attributes:
        path: Where it lies.
        table: All columns as strings.
        heading: Lines before the first row, which name the columns.
    """

    path: Path
    table: pa.Table
    heading: int

    def __getitem__(self, column: str) -> pa.Array:
        return self.table[column].combine_chunks()

    def __len__(self) -> int:
        return len(self.table)

    def has(self, column: str) -> bool:
        """Whether there is such a column."""
        return column in self.table.column_names

    def numbers(self, column: str) -> pa.Array:
        """A column as numbers that are finite and not negative, null where nothing stands.

        Raises:
            CorpusError: Something else stands in a line.
        """
        texts = self[column]
        plain = pc.match_substring_regex(texts, r"^\d+(\.\d*)?([eE][-+]?\d+)?$")
        values = pc.if_else(plain, texts, "inf").cast(pa.float64())
        row = pc.index(pc.is_finite(values), False).as_py()
        if row >= 0:
            raise self.refusal(row, f"'{texts[row]}' is no time in seconds ({column}).")
        return values

    def refusal(self, row: int, complaint: str) -> CorpusError:
        """The error that names the file and the line of a row."""
        lines = [
            number
            for number, line in enumerate(_content(self.path).split(b"\n"), 1)
            if line.strip()
        ]
        return CorpusError(f"{self.path}, line {lines[row + self.heading]}: {complaint}")


def read_protocol(path: Path, layouts: Mapping[int, Sequence[str]]) -> Protocol:
    """A table without a heading, its fields separated by spaces or tabs; may be gzipped.

    Args:
        path: The file.
        layouts: The columns' names by how many there are; the first line decides.

    Raises:
        CorpusError: It cannot be read, is empty, or a line has another number of fields.
    """
    data = _single_spaced(_content(path))
    first = data.lstrip(b"\n").partition(b"\n")[0]
    width = len(first.split())
    if width not in layouts:
        expected = " or ".join(
            f"{count} ({' '.join(columns)})" for count, columns in layouts.items()
        )
        raise CorpusError(
            f"{path}, line {_first_line(path)}: has {width} fields; expected {expected}."
        )
    options = csv.ParseOptions(delimiter=" ", quote_char=False, double_quote=False)
    try:
        table = _parse(data, options, layouts[width])
    except pa.ArrowInvalid as error:
        raise _broken(path, width, error) from None
    return Protocol(path, table, heading=0)


def read_headed(path: Path, delimiter: str, required: Sequence[str] = ()) -> Protocol:
    """A table whose first line names its columns; empty fields become null; may be gzipped.

    Args:
        path: The file.
        delimiter: Between fields. Quotes are quotes only where it is a comma.
        required: Columns that must be there.

    Raises:
        CorpusError: It cannot be read, lacks a column, or a line has another number of fields.
    """
    data = _content(path)
    quote = '"' if delimiter == "," else False
    options = csv.ParseOptions(
        delimiter=delimiter, quote_char=quote, newlines_in_values=bool(quote)
    )
    try:
        table = _parse(data, options)
    except ValueError as error:  # Arrow's own, or names that are no UTF-8
        raise CorpusError(f"{path} cannot be read: {error}.") from None
    table = table.rename_columns([name.strip() for name in table.column_names])
    lacking = [name for name in required if name not in table.column_names]
    if lacking:
        raise CorpusError(
            f"{path} has no column {', '.join(map(repr, lacking))}; it has "
            f"{', '.join(table.column_names)}. Expected a first line with the columns' names, "
            f"separated by {delimiter!r}."
        )
    return Protocol(path, table, heading=1)


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError) as error:
        raise CorpusError(f"{path} cannot be read: {error}.") from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise CorpusError(f"{path} is empty.")
    return data


def _single_spaced(data: bytes) -> bytes:
    """One space between fields, none around lines."""
    if not any(mark in data for mark in _UNUSUAL):
        return data
    data = re.sub(rb"[ \t\r\x00]+", b" ", data)
    return data.replace(b" \n", b"\n").replace(b"\n ", b"\n").strip(b" ")


def _parse(data: bytes, options: csv.ParseOptions, names: Sequence[str] | None = None) -> pa.Table:
    # One thread, so that an error tells its row; types are not guessed: speaker 007 stays so.
    reading = csv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 24)
    known = (
        names
        or csv.open_csv(io.BytesIO(data), csv.ReadOptions(use_threads=False), options).schema.names
    )
    types = csv.ConvertOptions(
        column_types=dict.fromkeys(known, pa.string()), null_values=[""], strings_can_be_null=True
    )
    return csv.read_csv(io.BytesIO(data), reading, options, types)


def _first_line(path: Path) -> int:
    lines = _content(path).split(b"\n")
    return next(number for number, line in enumerate(lines, 1) if line.strip())


def _broken(path: Path, width: int, error: pa.ArrowInvalid) -> CorpusError:
    for number, line in enumerate(_content(path).split(b"\n"), 1):
        fields = line.replace(b"\x00", b" ").split()
        if fields and len(fields) != width:
            return CorpusError(
                f"{path}, line {number}: has {len(fields)} fields where the first has {width}: "
                f"'{line.decode(errors='replace').strip()[:120]}'."
            )
    return CorpusError(f"{path} cannot be read: {error}.")
