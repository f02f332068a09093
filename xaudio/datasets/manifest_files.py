"""A manifest's table in a file: Parquet, or CSV for people and other tools."""

import json
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from xaudio.datasets.manifest_table import SCHEMA
from xaudio.errors import CorpusError

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_WRITTEN = (".parquet", *_DELIMITERS)


def read_table(path: Path) -> pa.Table:
    """The table as it lies in the file.

    Raises:
        CorpusError: There is no file, or it cannot be read.
    """
    if not path.is_file():
        raise CorpusError(
            f"There is no manifest at {path}; give the path of a Parquet or CSV file."
        )
    kind = "CSV" if path.suffix.lower() in _DELIMITERS else "Parquet"
    try:
        return _read_csv(path) if kind == "CSV" else pq.read_table(path)
    except (ValueError, OSError) as error:  # Arrow's are ValueErrors, too
        raise CorpusError(f"{path} cannot be read as a {kind} manifest: {error}.") from None


def write_table(table: pa.Table, path: Path) -> None:
    """Write Parquet, CSV or TSV, as the name ends; the file appears complete or not at all.

    Raises:
        CorpusError: The name ends otherwise, or the file cannot be written.
    """
    if path.suffix.lower() not in _WRITTEN:
        raise CorpusError(
            f"The manifest '{path}' cannot be written: its name must end in {', '.join(_WRITTEN)}."
        )
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.lower() in _DELIMITERS:
            _write_csv(table, unfinished, _DELIMITERS[path.suffix.lower()])
        else:
            pq.write_table(table, unfinished)
        unfinished.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CorpusError(f"{path} cannot be written: {reason}.") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _read_csv(path: Path) -> pa.Table:
    delimiter = _DELIMITERS[path.suffix.lower()]
    parsing = csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    names = csv.open_csv(path, parse_options=parsing).schema.names
    # Types are not guessed: a speaker named 007 stays so.
    types = dict.fromkeys(names, pa.string())
    converting = csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    table = csv.read_csv(path, parse_options=parsing, convert_options=converting)
    for name, parsed in (("seconds", _numbers), ("segments", _stretches)):
        if name in table.column_names:
            column = parsed(table[name].to_pylist(), path)
            table = table.set_column(table.column_names.index(name), name, column)
    return table


def _numbers(texts: list[str | None], path: Path) -> pa.Array:
    values: list[float | None] = []
    for row, text in enumerate(texts):
        try:
            values.append(None if text is None else float(text))
        except ValueError:
            raise CorpusError(
                f"{path}: Row {row}, column 'seconds': '{text}' is not a number."
            ) from None
    return pa.array(values, pa.float64())


def _stretches(texts: list[str | None], path: Path) -> pa.Array:
    kind = SCHEMA.field("segments").type
    if not any(texts):
        return pa.nulls(len(texts), kind)
    values = []
    for row, text in enumerate(texts):
        try:
            values.append(pa.scalar(None if text is None else json.loads(text), kind).as_py())
        except (ValueError, TypeError):
            raise CorpusError(
                f"{path}: Row {row}, column 'segments': '{text}' is not a list of [start, end] in "
                "seconds, as in [[0.5, 1.25]]."
            ) from None
    return pa.array(values, kind)


def _write_csv(table: pa.Table, path: Path, delimiter: str) -> None:
    stretches = table["segments"].to_pylist()
    texts = [json.dumps(of_clip) if of_clip else None for of_clip in stretches]
    position = table.column_names.index("segments")
    flat = table.set_column(position, "segments", pa.array(texts, pa.string()))
    csv.write_csv(flat, path, csv.WriteOptions(delimiter=delimiter))
