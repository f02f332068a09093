"""``xaudio dashboard``: the pages in a browser, reachable from this machine only."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from perturbations.errors import UserError
from xaudio.cli.output import Json, print_json

PATIENCE = 5.0  # seconds the pages have to end by themselves

app = typer.Typer(add_completion=False)


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8501,
    folder: Annotated[
        list[Path] | None,
        typer.Option(help="A folder whose clips the pages may offer; may be given several times."),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model beside the bundled one: SPEC or SPEC=WEIGHTS; likewise."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Open the dashboard in a browser, on this machine only; Ctrl-C ends it."""
    folders = folder or []
    for path in folders:
        if not path.is_dir():
            raise UserError(f"There is no folder '{path}' for the dashboard to offer.")
    command = streamlit_command(port, folders, model or [])
    address = f"http://localhost:{port}"
    if as_json:
        print_json({"address": address, "folders": [str(path) for path in folders]})
    else:
        typer.echo(f"Dashboard: {address}  (Ctrl-C ends it)")
    raise typer.Exit(run_until_told(command))


def streamlit_command(port: int, folders: list[Path], models: list[str]) -> list[str]:
    """What starts the dashboard: bound to localhost, no browser of its own, no statistics sent."""
    found = find_spec("dashboards")
    homes = list(found.submodule_search_locations or []) if found else []
    pages = [Path(home) / "app.py" for home in homes if (Path(home) / "app.py").is_file()]
    if not pages:
        raise UserError(
            "The dashboard's pages are not installed, or another package named 'dashboards' is in "
            "the way; 'xaudio doctor' says which."
        )
    given = [word for path in folders for word in ("--folder", str(path.resolve()))]
    given += [word for spec in models for word in ("--model", spec)]
    return [
        *(sys.executable, "-m", "streamlit", "run", str(pages[0])),
        *("--server.address", "localhost", "--server.port", str(port)),
        *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
        *(["--", *given] if given else []),
    ]


def run_until_told(command: Sequence[str]) -> int:
    """Run a command and return its exit code; it never outlives us, also when we are terminated.

    What it prints goes to the error stream: our output holds the one document or line.
    """
    with _leaving_when_terminated():
        child = subprocess.Popen(command, stdout=sys.stderr)
        try:
            return child.wait()
        finally:
            _end(child)


@contextmanager
def _leaving_when_terminated() -> Iterator[None]:
    """SIGTERM leaves by way of every `finally`, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _end(child: subprocess.Popen) -> None:
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
