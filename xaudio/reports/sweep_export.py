"""Tables and figures for papers and other programs: Parquet, CSV, LaTeX, PNG, SVG."""

import csv
import io
import json
import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from matplotlib.figure import Figure

from xaudio.reports.charts import png_file, svg_file

MOST_ON_A_PAGE = 45  # rows of a tabular; more need a longtable
MOST_IN_LATEX = 2000
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def table_files(tables: Mapping[str, pa.Table]) -> dict[str, bytes]:
    """Each table as Parquet, CSV and LaTeX, by file name.

    Args:
        tables: By the name of their files. One of more than 2,000 rows has no LaTeX.
    """
    files: dict[str, bytes] = {}
    for name, table in tables.items():
        files[f"{name}.parquet"] = parquet_bytes(table)
        files[f"{name}.csv"] = csv_text(table).encode()
        if table.num_rows <= MOST_IN_LATEX:
            files[f"{name}.tex"] = latex_text(table, name).encode()
    return files


def figure_files(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    """Each figure as PNG and SVG, by file name."""
    files: dict[str, bytes] = {}
    for name, figure in figures.items():
        files[f"{name}.svg"] = svg_file(figure, name)
        files[f"{name}.png"] = png_file(figure)
    return files


def parquet_bytes(table: pa.Table) -> bytes:
    """A table as a Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def csv_text(table: pa.Table) -> str:
    r"""A table as RFC 4180 has it: a comma, quotes where needed, nothing for what is not known.

    Numbers keep all their digits; lists and structures are written as JSON.

    >>> csv_text(pa.table({"model": ["a,b", None], "eer": [0.1, None]}))
    'model,eer\r\n"a,b",0.1\r\n,\r\n'
    """
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(table.column_names)
    columns = [table[name].to_pylist() for name in table.column_names]
    writer.writerows([_plain(value) for value in row] for row in zip(*columns, strict=True))
    return file.getvalue()


def latex_text(table: pa.Table, caption: str = "") -> str:
    r"""A table for the LaTeX package booktabs; a long one for longtable as well.

    >>> print(latex_text(pa.table({"model": ["a_b"], "eer_low": [0.12345]})))
    \begin{tabular}{lr}
    \toprule
    model & eer low \\
    \midrule
    a\_b & 0.1235 \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    sides = "".join("r" if _is_numeric(field.type) else "l" for field in table.schema)
    heads = [latex_escape(name.replace("_", " ")) for name in table.column_names]
    columns = [table[name].to_pylist() for name in table.column_names]
    lines = [_line([_cell(value) for value in row]) for row in zip(*columns, strict=True)]
    if table.num_rows > MOST_ON_A_PAGE:
        title = [rf"\caption{{{latex_escape(caption)}}} \\"] if caption else []
        parts = [
            rf"\begin{{longtable}}{{{sides}}}", *title, r"\toprule", _line(heads), r"\midrule",
            r"\endhead", *lines, r"\bottomrule", r"\end{longtable}",
        ]  # fmt: skip
    else:
        parts = [
            rf"\begin{{tabular}}{{{sides}}}", r"\toprule", _line(heads), r"\midrule",
            *lines, r"\bottomrule", r"\end{tabular}",
        ]  # fmt: skip
    return "\n".join(parts) + "\n"


def latex_escape(text: str) -> str:
    r"""Any text so that LaTeX prints it to the letter; what cannot be printed becomes a space.

    >>> latex_escape("50 % of $x_1$ \\ {y}")
    '50 \\% of \\$x\\_1\\$ \\textbackslash{} \\{y\\}'
    """
    printable = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    return "".join(LATEX.get(letter, letter) for letter in printable)


def _line(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(value: Any) -> str:
    if value is None:
        return "--"
    if isinstance(value, float):
        return f"{value:.4g}".replace("nan", "--")
    return latex_escape(str(_plain(value)))


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value


def _is_numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))
