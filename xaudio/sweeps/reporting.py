"""The report of a sweep as one page, and its tables and figures as files."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from xaudio.errors import SweepError
from xaudio.reports.sweep_export import figure_files, table_files
from xaudio.reports.sweep_figures import exported_figures
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.reports.sweep_report import findings_report
from xaudio.sweeps.findings import HEARD, findings_of
from xaudio.sweeps.store import SweepStore

TABLES = (
    "conditions", "pairs", "ranks", "corruption_errors", "attacks", "thresholds", "calibration",
    "quality", "drift", "departures", "failures",
)  # fmt: skip


def write_report(
    store: SweepStore,
    page: str | os.PathLike[str] | None = None,
    title: str = "Robustness",
    heard: int = HEARD,
) -> Path:
    """Write the report of a sweep, finished or not, whole or not at all.

    Args:
        store: The sweep.
        page: The file; ``report.html`` in the sweep's folder if not given.
        title: Its heading.
        heard: How many flipped clips can be heard in it, about 0.35 MB each.

    Returns:
        Where it is.

    Raises:
        SweepError: It cannot be written there.
    """
    file = store.folder / "report.html" if page is None else Path(page)
    text = findings_report(findings_of(store, heard=heard), title)
    _write({file: text.encode()})
    return file


def export(store: SweepStore, folder: str | os.PathLike[str]) -> list[Path]:
    """Write a sweep's tables as Parquet, CSV and LaTeX, its figures as PNG and SVG.

    Args:
        store: The sweep, finished or not.
        folder: Of the files; made where it is not there. Files of the same names are replaced.

    Returns:
        The files, tables first.

    Raises:
        SweepError: They cannot be written there.
    """
    findings = findings_of(store, heard=0)
    files = table_files(_tables(findings)) | figure_files(exported_figures(findings))
    paths = {Path(folder) / name: data for name, data in files.items()}
    _write(paths)
    return list(paths)


def _tables(findings: SweepFindings) -> dict[str, pa.Table]:
    found = {name: getattr(findings, name) for name in TABLES}
    return {name: table for name, table in found.items() if table is not None}


def _write(files: Mapping[Path, bytes]) -> None:
    for file, data in files.items():
        aside = file.with_name(f".{file.name}.unfinished")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(data)
            aside.replace(file)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise SweepError(
                f"'{file}' cannot be written: {error.strerror}. Free some space there, or choose "
                "another folder."
            ) from error
