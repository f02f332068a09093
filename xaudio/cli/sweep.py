"""``xaudio sweep``: how long models hold under corruption, resumable; and what came of it."""

import importlib
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "run": "xaudio.cli.sweep_run",
    "status": "xaudio.cli.sweep_status",
    "results": "xaudio.cli.sweep_results",
    "report": "xaudio.cli.sweep_report",
    "export": "xaudio.cli.sweep_report",
    "merge": "xaudio.cli.sweep_stores",
    "pack": "xaudio.cli.sweep_stores",
}
ABOUT = """How long does a model hold? Models x corruptions x severities x clips.

'xaudio sweep MANIFEST ...' means 'xaudio sweep run MANIFEST ...'; see 'xaudio sweep run --help'.
Stopped at any moment, the same command goes on from there.
"""


class RunsByDefault(TyperGroup):
    """A group whose `run` need not be said."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Puts `run` before what is no command's name and no cry for help."""
        if args and args[0] not in (*COMMANDS, "--help"):
            args = ["run", *args]
        return super().parse_args(context, args or ["--help"])


app = typer.Typer(cls=RunsByDefault, help=ABOUT, add_completion=False)
for name, module in COMMANDS.items():
    app.command(name)(getattr(importlib.import_module(module), name))
