"""``xaudio sweep merge`` and ``pack``: results of several machines, and many small files."""

from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.output import Json, print_json


def merge(
    into: Annotated[Path, typer.Argument(help="Folder that gets all results; may exist.")],
    others: Annotated[list[Path], typer.Argument(help="Folders of sweeps; they stay.")],
    as_json: Json = False,
) -> None:
    """Put the results of several machines together; what is there twice is kept once."""
    from xaudio.reports.amounts import counted
    from xaudio.sweeps import merge_stores

    store = merge_stores(into, others)
    finished, remaining = len(store.finished()), store.remaining()
    if as_json:
        print_json({"out": str(into), "finished": finished, "remaining": remaining})
        return
    typer.echo(f"{counted(finished, 'finished cell')} in {into}, {remaining:,} remaining.")


def pack(
    folder: Annotated[Path, typer.Argument(help="Folder of a sweep.")], as_json: Json = False
) -> None:
    """Put the files of single cells together: thousands of files become a few."""
    from xaudio.reports.amounts import counted
    from xaudio.sweeps import open_store, pack_store

    files = pack_store(open_store(folder))
    if as_json:
        print_json({"out": str(folder), "files": files})
        return
    typer.echo(f"Results are in {counted(files, 'file')} now.")
