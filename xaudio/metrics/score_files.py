"""Score files: from text to arrow tables and back, ten million lines in seconds."""

from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from xaudio.errors import MetricError
from xaudio.metrics.score_formats import LABELS, NUMBERS, ScoreFormat

Polarity = Literal["bonafide", "spoof"]


def read_scores(path: Path, layout: ScoreFormat, higher: Polarity) -> pa.Table:
    """A score file as a table with our columns, `score` higher for bona fide.

    Args:
        path: The file; one whose name ends in ``.gz`` is unpacked.
        layout: Its columns, for example `ASVSPOOF5_SCORES`.
        higher: Which clips the file's detector scores higher. Never guessed: a file of the other
            polarity looks the same. Scores of speaker verifiers are left as they are.

    Raises:
        MetricError: The file cannot be read, lacks a column, or has a score that is missing or
            not finite.
    """
    table = _our_columns(path, layout)
    if "score" not in table.column_names or higher == "bonafide":
        return table
    place = table.column_names.index("score")
    return table.set_column(place, "score", pc.negate(table["score"]))


def read_key(path: Path, layout: ScoreFormat) -> pa.Table:
    """A key, the file with the true labels, as a table with our columns.

    Raises:
        MetricError: The file cannot be read, lacks a column, or has an unknown label.
    """
    return _our_columns(path, layout)


def write_scores(path: Path, table: pa.Table, layout: ScoreFormat) -> None:
    """Writes the layout's columns, packed where the name ends in ``.gz``, whole or not at all.

    Scores are written as they are, higher for bona fide, and are read back to the last bit.

    Raises:
        MetricError: The table lacks a column, or a name has a delimiter or line break in it.
    """
    theirs = {name: ours for ours, name in layout.columns.items()}
    names = layout.header or tuple(layout.columns.values())
    lacking = [name for name in names if theirs.get(name) not in table.column_names]
    if lacking:
        raise MetricError(
            f"The table has no column for {', '.join(lacking)} of the file; it has "
            f"{', '.join(table.column_names)}."
        )
    shown = pa.table({name: _their_labels(table[theirs[name]], layout) for name in names})
    part = path.with_name(f"{path.name}.part")
    try:
        _write(part, shown, layout, "gzip" if path.suffix == ".gz" else None)
        part.replace(path)
    except (pa.ArrowException, OSError) as error:
        raise MetricError(f"{path} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _our_columns(path: Path, layout: ScoreFormat) -> pa.Table:
    table = _parsed(path, layout)
    columns = {ours: table[theirs] for ours, theirs in layout.columns.items()}
    for name in NUMBERS:
        if name in columns:
            _refuse_broken(path, name, columns[name])
    for name in LABELS:
        if name in columns:
            columns[name] = _our_labels(path, name, columns[name], layout)
    if "asv_label" in columns and "label" not in columns:
        spoof = pc.equal(columns["asv_label"], "spoof")
        columns["label"] = pc.if_else(spoof, "spoof", "bonafide")
    return pa.table(columns)


def _parsed(path: Path, layout: ScoreFormat) -> pa.Table:
    try:
        if layout.delimiter in "\t ":
            return _parsed_by_white_space(path, layout)
        return _parsed_by(layout.delimiter, str(path), layout)
    except KeyError as error:
        raise MetricError(f"{path} lacks a column: {error.args[0]}.") from error
    except (pa.ArrowException, OSError) as error:
        raise MetricError(f"{path} cannot be read as a score file: {error}") from error


def _parsed_by_white_space(path: Path, layout: ScoreFormat) -> pa.Table:
    with pa.input_stream(str(path)) as file:
        start = file.read(4096)
    delimiter = "\t" if b"\t" in start else " "
    try:
        return _parsed_by(delimiter, str(path), layout)
    except (pa.ArrowException, KeyError):
        # Aligned columns, or both kinds of white space: slower, line by line.
        with pa.input_stream(str(path)) as file:
            lines = (b"\t".join(line.split()) for line in file.read().splitlines())
            return _parsed_by("\t", pa.BufferReader(b"\n".join(filter(None, lines))), layout)


def _parsed_by(delimiter: str, source: str | pa.BufferReader, layout: ScoreFormat) -> pa.Table:
    types = {
        theirs: pa.float64() if ours in NUMBERS else pa.string()
        for ours, theirs in layout.columns.items()
    }
    return csv.read_csv(
        source,
        read_options=csv.ReadOptions(column_names=layout.header or None),
        parse_options=csv.ParseOptions(delimiter=delimiter),
        convert_options=csv.ConvertOptions(column_types=types, include_columns=list(types)),
    )


def _refuse_broken(path: Path, name: str, numbers: pa.ChunkedArray) -> None:
    usable = pc.fill_null(pc.is_finite(numbers), False)
    broken = len(numbers) - (pc.sum(usable).as_py() or 0)
    if broken:
        first = pc.index(usable, False).as_py()
        raise MetricError(
            f"{path} has {broken} of {len(numbers)} values of {name} that are missing or not "
            f"finite, the first in row {first + 1}; score these clips again or leave them out."
        )


def _our_labels(
    path: Path, name: str, labels: pa.ChunkedArray, layout: ScoreFormat
) -> pa.ChunkedArray:
    encoded = labels.combine_chunks().dictionary_encode()
    ours = [layout.labels.get(label, label) for label in encoded.dictionary.to_pylist()]
    unknown = sorted(set(ours) - set(LABELS[name]))
    if unknown:
        raise MetricError(
            f"{path} has labels that mean nothing here: {', '.join(unknown)}; expected "
            f"{', '.join((*LABELS[name], *layout.labels))}."
        )
    return pa.chunked_array([pa.array(ours, pa.string()).take(encoded.indices)])


def _their_labels(column: pa.ChunkedArray, layout: ScoreFormat) -> pa.ChunkedArray:
    if not layout.labels or not pa.types.is_string(column.type):
        return column
    theirs = {ours: name for name, ours in reversed(list(layout.labels.items()))}
    encoded = column.combine_chunks().dictionary_encode()
    names = [theirs.get(label, label) for label in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(names, pa.string()).take(encoded.indices)])


def _write(path: Path, table: pa.Table, layout: ScoreFormat, compression: str | None) -> None:
    with pa.output_stream(str(path), compression=compression) as file:
        if not layout.header:
            # Arrow would put the names in quotation marks.
            file.write(layout.delimiter.join(table.column_names).encode() + b"\n")
        csv.write_csv(
            table,
            file,
            csv.WriteOptions(
                include_header=False, delimiter=layout.delimiter, quoting_style="none"
            ),
        )
