"""How commands speak: one JSON document for programs, tables for people."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Annotated, Any

import typer

from perturbations.errors import UserError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

FILE_WIDTH = 160  # characters of a table that goes to a file or another program


def print_json(document: Any) -> None:
    """Print `document` as JSON; numbers JSON has no word for (NaN, infinity) become null."""
    typer.echo(json.dumps(_without_nan(document), indent=2, ensure_ascii=False, default=str))


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table as wide as the terminal allows, or a file; the first column stays whole."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if title:
        typer.echo(title)
    table = Table(box=box.SIMPLE_HEAD)
    for number, name in enumerate(header):
        table.add_column(name, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    terminal = Console()
    console = terminal if terminal.is_terminal else Console(width=FILE_WIDTH)
    console.print(table)


def parse_settings(
    entries: Sequence[str], defaults: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    """Settings given as ``name=value``; values are read as JSON where they are, else as text.

    Args:
        entries: As they were typed.
        defaults: By setting; where one is text, so is the value, whatever it looks like.

    >>> parse_settings(["window=0.2", "fill=zeros"])
    {'window': 0.2, 'fill': 'zeros'}
    >>> parse_settings(["layer=3"], {"layer": ""})
    {'layer': '3'}

    Raises:
        UserError: An entry has no ``=``.
    """
    settings = {}
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals or not name:
            raise UserError(f"A setting is written name=value, but '{entry}' was given.")
        setting = name.strip().replace("-", "_")
        is_text = isinstance((defaults or {}).get(setting), str)
        settings[setting] = value if is_text else _read(value)
    return settings


def folder_names(clips: Sequence[Any]) -> list[str]:
    """A name for the files of each clip: its own, with part of its digest where two share it.

    >>> from types import SimpleNamespace as Clip
    >>> folder_names([Clip(name="a.wav", digest="12345678"), Clip(name="b.ogg", digest="9")])
    ['a', 'b']
    """
    stems = [PurePath(clip.name).stem or "clip" for clip in clips]
    return [
        stem if stems.count(stem) == 1 else f"{stem}-{clip.digest[:8]}"
        for stem, clip in zip(stems, clips, strict=True)
    ]


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _without_nan(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(entry) for entry in value]
    return value


@contextmanager
def progress_bar(what: str, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar with time left while a person watches; gives a function to tell (done, planned)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    unseen = hidden or not console.is_terminal
    with Progress(*columns, console=console, disable=unseen, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, planned: bar.update(task, completed=done, total=planned)
