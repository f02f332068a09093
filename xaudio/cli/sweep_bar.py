"""How far a sweep is, on the error stream: a bar for people, now and then a line for a log."""

import time
from typing import Any

import typer

from xaudio.reports.amounts import duration

SECONDS_PER_LINE = 60.0


class SweepBar:
    """A context; `show` is the sweep's listener."""

    def __init__(self, what: str, hidden: bool):
        """Name what is counted; a hidden one says nothing."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._what = what
        self._writes_lines = not hidden and not console.is_terminal
        self._last_line = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            console=console,
            disable=hidden or not console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task(f"{what}: starting", total=None, rate="")

    def __enter__(self) -> "SweepBar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, state: Any) -> None:
        """What `xaudio.sweeps` tells after every cell."""
        failed = f", {state.failed} failed" if state.failed else ""
        cells = f"{self._what}: {state.finished}/{state.cells} cells"
        rate = f"{state.rate:.1f} clips/s, {duration(state.seconds_left)} left{failed}"
        self._bar.update(
            self._task,
            description=cells,
            completed=state.finished,
            total=state.cells,
            rate=rate,
        )
        if self._writes_lines and time.monotonic() - self._last_line >= SECONDS_PER_LINE:
            self._last_line = time.monotonic()
            typer.echo(f"{cells}, {rate}", err=True)
