"""``xaudio``: the commands by name, each imported when called; what an error looks like."""

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from perturbations.errors import UserError

COMMANDS = {
    "demo": "All of it on real speech, from nothing, with a report.",
    "explain": "Why a model decides what it decides about a clip.",
    "explain-batch": "The same for many clips, resumable, with a table.",
    "listen": "Score a long recording window by window, and explain it.",
    "manipulate": "Change what is pointed at: does the score follow?",
    "attack": "The smallest change that makes a model decide otherwise.",
    "attack-explanation": "Move an explanation while the decision stays.",
    "corrupt": "Compress, disturb or play back clips, repeatably.",
    "sweep": "How long models hold under corruption, and how sure.",
    "calibrate": "Fix a detector's threshold and what its scores mean.",
    "verdict": "Bona fide, synthetic or inconclusive, by a calibration.",
    "reproduce": "Make a case again from its record: what differs?",
    "dataset": "Turn a data set, folder or table into a manifest.",
    "corpus": "Build human, synthetic and partly synthetic speech.",
    "train": "Train the bundled detector again, or on your speech.",
    "dashboard": "Open the dashboard in a browser, on this machine only.",
    "models": "List the models by name.",
    "methods": "List the explaining methods and their settings.",
    "parts": "List the ways to cut a clip and to fill what is removed.",
    "corruptions": "List the corruptions and what their severities mean.",
    "suites": "List the suites of corruptions, or print one as YAML.",
    "verify-model": "Is a model ported correctly, its relevance sound?",
    "doctor": "What this machine has and lacks, and what that costs.",
}
ABOUT = (
    "Why an audio classifier decides what it decides, where in time and frequency, and how long "
    "that holds. Every command takes --json."
)


class LazyGroup(TyperGroup):
    """Lists the commands from `COMMANDS` and imports only the one that is called."""

    def list_commands(self, _context: Any) -> list[str]:
        """The commands' names, in the order people need them."""
        return list(COMMANDS)

    def get_command(self, _context: Any, name: str) -> Any:
        """A stand-in that knows its one line of help, and nothing else."""
        return TyperCommand(name, help=COMMANDS[name]) if name in COMMANDS else None

    def resolve_command(self, context: Any, arguments: list[str]) -> Any:
        """The command itself, in place of its stand-in."""
        name, _, rest = super().resolve_command(context, arguments)
        command = typer.main.get_command(importlib.import_module(_module_of(str(name))).app)
        command.name = name
        return name, command, rest


def _module_of(command: str) -> str:
    return f"xaudio.cli.{command.replace('-', '_')}"


app = typer.Typer(cls=LazyGroup, help=ABOUT, add_completion=False)


@app.callback()
def _no_options_of_its_own() -> None:
    pass


# typer brings its own click in new releases and the shared one in old ones; of click's errors it
# shows only this one, whose base is the base of all.
_UsageError: Any = typer.BadParameter.__mro__[2]


def main() -> None:
    """The ``xaudio`` command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0, 2 on a user's error, 130 on Ctrl-C.

    A user's error is one line on the error stream; with ``--json`` the output is an object with the
    key ``error`` as well, so that there is always exactly one document to read.
    """
    try:
        command = typer.main.get_command(app)
        code = command.main(list(arguments) or ["--help"], "xaudio", standalone_mode=False)
    except (UserError, _UsageError) as error:
        return _refuse(_sentence(error), arguments)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; nobody is left to tell
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        return _refuse(f"'{error.filename}' cannot be used: {error.strerror}.", arguments)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return code if isinstance(code, int) else 0


def _sentence(error: Exception) -> str:
    text = error.format_message() if isinstance(error, _UsageError) else str(error)
    # A path that is no UTF-8 must not make its own error message unprintable.
    return " ".join(text.encode("utf-8", "replace").decode().split())


def _refuse(sentence: str, arguments: Sequence[str]) -> int:
    if "--json" in arguments:
        from xaudio.cli.output import print_json

        print_json({"error": sentence})
    typer.echo(f"Error: {sentence}", err=True)
    return 2


if __name__ == "__main__":
    main()
