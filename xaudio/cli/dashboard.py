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
SERVER = "dashboards.evaluation.serving"  # Streamlit, and what it needs for the first question

app = typer.Typer(add_completion=False)


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8501,
    folder: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A folder whose clips the pages may offer; may be given several times.",
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="A model beside the bundled one: SPEC or SPEC=WEIGHTS; likewise."),
    ] = None,
    sweep: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A sweep's store, or a folder of such stores; likewise.",
        ),
    ] = None,
    runs: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Where what the pages start is written."),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="What scores mean, as 'xaudio calibrate' writes it."
        ),
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="A Ray cluster that explains: its address, or auto.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where models run: cpu, cuda, cuda:1; the best by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Open the dashboard in a browser, on this machine only; Ctrl-C ends it."""
    words = [
        *_said("--folder", [path.resolve() for path in folder or []]),
        *_said("--model", model or []),
        *_said("--sweep", [path.resolve() for path in sweep or []]),
        *_said("--runs", [runs.resolve()] if runs else []),
        *_said("--calibration", [calibration.resolve()] if calibration else []),
        *_said("--address", [address] if address else []),
        *_said("--device", [device] if device else []),
    ]
    command = streamlit_command(port, words)
    url = f"http://localhost:{port}"
    if as_json:
        print_json({"address": url, "folders": [str(path) for path in folder or []]})
    else:
        typer.echo(f"Dashboard: {url}  (Ctrl-C ends it)")
    raise typer.Exit(run_until_told(command))


def streamlit_command(port: int, words: Sequence[str]) -> list[str]:
    """What starts the dashboard: bound to localhost, no browser of its own, no statistics sent.

    Args:
        port: On this machine.
        words: What the pages are given, see `dashboards.given`.

    Raises:
        UserError: The pages are not installed.
    """
    found = find_spec("dashboards")
    homes = list(found.submodule_search_locations or []) if found else []
    pages = [Path(home) / "app.py" for home in homes if (Path(home) / "app.py").is_file()]
    if not pages:
        raise UserError(
            "The dashboard's pages are not installed, or another package named 'dashboards' is in "
            "the way; 'xaudio doctor' says which."
        )
    return [
        *(sys.executable, "-m", SERVER, "run", str(pages[0])),
        *("--server.address", "localhost", "--server.port", str(port)),
        *("--server.headless", "true", "--browser.gatherUsageStats", "false"),
        *(["--", *words] if words else []),
    ]


def _said(option: str, values: Sequence[object]) -> list[str]:
    return [word for value in values for word in (option, str(value))]


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
