"""``xaudio sweep report`` and ``export``: a page to read, tables and figures to take away."""

from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.output import Json, print_json

Folder = Annotated[Path, typer.Argument(help="Folder of a sweep, finished or not.")]


def report(folder: Folder, as_json: Json = False) -> None:
    """Write the report of a sweep again: one self-contained HTML page."""
    from xaudio.sweeps import open_store
    from xaudio.sweeps.reporting import write_report

    page = write_report(open_store(folder))
    print_json({"report": str(page)}) if as_json else typer.echo(f"Report: {page}")


def export(
    folder: Folder,
    to: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("exported"),
    as_json: Json = False,
) -> None:
    """Write a sweep's tables as Parquet, CSV and LaTeX, its figures as PNG and SVG."""
    from xaudio.sweeps import open_store
    from xaudio.sweeps.reporting import export as write_files

    files = write_files(open_store(folder), to)
    if as_json:
        print_json({"files": [str(file) for file in files]})
        return
    typer.echo(f"{len(files)} files in {to}")
