"""A bar on the error stream while a sweep runs: cells, clips per second, time left."""

from typing import Any


class SweepBar:
    """A context; `show` is the sweep's listener."""

    def __init__(self, hidden: bool):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._bar = Progress(
            TextColumn("{task.completed}/{task.total} cells"),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            console=Console(stderr=True),
            disable=hidden,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None, rate="")

    def __enter__(self) -> "SweepBar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, state: Any) -> None:
        """What `xaudio.sweeps` tells after every cell."""
        failed = f", {state.failed} failed" if state.failed else ""
        self._bar.update(
            self._task,
            completed=state.finished,
            total=state.cells,
            rate=f"{state.rate:.1f} clips/s, {duration(state.seconds_left)} left{failed}",
        )


def duration(seconds: float) -> str:
    """So many seconds for people.

    >>> duration(75), duration(7500), duration(900_000)
    ('1:15', '2:05:00', '10 days 10 h')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
