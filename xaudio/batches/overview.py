"""A batch at a glance: its table as Parquet and CSV, and a page with links to every report."""

from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.batches.store import BatchStore
from xaudio.errors import SweepError
from xaudio.reports.amounts import counted
from xaudio.reports.html import Html, escape, note, page, paragraph, section, table
from xaudio.reports.measures import ABSENT
from xaudio.reports.sweep_export import csv_text, parquet_bytes

PAGE = "overview.html"
REPORT = "explained/{folder}/report.html"


def write_overview(store: BatchStore) -> Path:
    """Write a batch's table and page from what is done, each whole or not at all.

    Returns:
        Where the page is.

    Raises:
        SweepError: They cannot be written there.
    """
    rows = store.rows()
    files = {
        "table.parquet": parquet_bytes(rows),
        "table.csv": csv_text(rows).encode(),
        PAGE: overview(rows, len(store.planned())).encode(),
    }
    for name, data in files.items():
        _write(store.folder / name, data)
    return store.folder / PAGE


def overview(rows: pa.Table, planned: int) -> Html:
    """The page.

    Args:
        rows: Of a `BatchStore`.
        planned: How many explanations were asked for.
    """
    failed = rows.filter(pc.is_valid(rows["error"]))
    done = rows.filter(pc.is_null(rows["error"])).to_pylist()
    return page(
        "Explanations",
        [
            paragraph(_about(rows, planned, failed.num_rows)),
            *([section("Clip by clip", _listed(done))] if done else []),
            *([section("Failed", _failures(failed))] if failed.num_rows else []),
        ],
    )


def _about(rows: pa.Table, planned: int, failed: int) -> str:
    """What was done, in a few sentences."""
    if not rows.num_rows:
        return "Nothing has been explained yet."
    models, methods, clips = (
        pc.unique(rows[name]).to_pylist() for name in ("model", "method", "clip")
    )
    said = [f"{', '.join(models)} by {', '.join(methods)}: {counted(len(clips), 'clip')}."]
    decisions = Counter(
        dict(zip(rows["clip"].to_pylist(), rows["decision"].to_pylist(), strict=True)).values()
    )
    decisions.pop(None, None)
    if decisions:
        said.append("Decided: " + ", ".join(f"{n:,} {name}" for name, n in decisions.items()) + ".")
    if failed:
        said.append(f"{counted(failed, 'explanation')} failed.")
    if rows.num_rows < planned:
        said.append(f"{planned - rows.num_rows:,} of {planned:,} are not done yet.")
    return " ".join(said)


def _listed(rows: list[dict[str, Any]]) -> Html:
    known = any(row["label"] != "unknown" for row in rows)
    heads = ["Clip", *(["Is"] if known else []), "Decided", "Score", "Method", "Strongest stretch"]
    listed = table(
        heads,
        [
            [
                _link(row),
                *([row["label"]] if known else []),
                row["decision"],
                f"{row['score']:+.2f}",
                row["method"],
                _stretch(row),
            ]
            for row in rows
        ],
    )
    target = ", ".join(dict.fromkeys(row["target"] for row in rows))
    return Html(listed + note(f"Relevance for {target}; shares are of the magnitude of all."))


def _link(row: dict[str, Any]) -> Html:
    address = quote(REPORT.format(folder=row["folder"]))
    return Html(f'<a href="{escape(address)}">{escape(row["clip"])}</a>')


def _stretch(row: dict[str, Any]) -> str:
    if row["strongest_start"] is None:
        return ABSENT
    return (
        f"{row['strongest_start']:.2f}–{row['strongest_end']:.2f} s, "
        f"{row['strongest_relevance']:+.3g} ({100 * row['strongest_share']:.0f} %)"
    )


def _failures(rows: pa.Table) -> Html:
    names = ("clip", "method", "error")
    return table(
        ["Clip", "Method", "Why"], [[row[name] for name in names] for row in rows.to_pylist()]
    )


def _write(file: Path, data: bytes) -> None:
    aside = file.with_name(f".{file.name}.unfinished")
    try:
        aside.write_bytes(data)
        aside.replace(file)
    except OSError as error:
        raise SweepError(
            f"'{file}' cannot be written: {error.strerror}. Free some space there, or choose "
            "another folder."
        ) from error
