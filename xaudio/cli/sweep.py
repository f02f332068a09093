"""``xaudio sweep``: how long models hold under corruption, resumable."""

from pathlib import Path
from typing import Annotated, Any

import typer

from perturbations.errors import UserError
from xaudio.cli.options import Device
from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def sweep(
    manifest: Annotated[Path, typer.Argument(help="Parquet file that lists clips and labels.")],
    model: Annotated[
        list[str],
        typer.Option(help="lcnn, aasist, hf:<id>, model.onnx ...; may be given several times."),
    ] = ["lcnn"],  # noqa: B006 - typer copies it
    weights: Annotated[
        list[str] | None,
        typer.Option(help="FILE for the one model, MODEL=FILE where there are several."),
    ] = None,
    corruption: Annotated[
        list[str] | None,
        typer.Option(help="Name, see 'xaudio corruptions'; those of deepfake-16 when not given."),
    ] = None,
    severity: Annotated[
        list[int], typer.Option(help="1 (mild) to 5 (harsh); may be given several times.")
    ] = [1, 3, 5],  # noqa: B006
    split: Annotated[str | None, typer.Option(help="Only this part of the manifest.")] = None,
    repeats: Annotated[int, typer.Option(help="Draws of each random corruption.")] = 1,
    bucket_size: Annotated[int, typer.Option(help="Most clips in one unit of work.")] = 32,
    device: Device = "cpu",
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("sweep"),
    as_json: Json = False,
) -> None:
    """How long does a model hold? Models x corruptions x severities x clips.

    Stopped at any moment, the same command goes on from there; Ctrl-C loses one cell at most.
    """
    from perturbations.suites import load_suite
    from xaudio.datasets.manifest import load_manifest

    weights_of = assigned_weights(model, weights or [])
    clips = load_manifest(manifest)
    if split is not None:
        clips = clips.filter(split=split)

    from xaudio.classifiers import load_classifier
    from xaudio.sweeps import condition_table
    from xaudio.sweeps import sweep as run_sweep

    classifiers = [load_classifier(spec, weights_of.get(spec), device) for spec in model]
    with _Bar(hidden=as_json) as bar:
        store = run_sweep(
            clips,
            classifiers,
            corruption or [each.corruption for each in load_suite("deepfake-16").conditions],
            severity,
            out,
            repeats=repeats,
            bucket_size=bucket_size,
            progress=bar.show,
        )
    conditions, failures = condition_table(store.rows()), store.failures()
    report = _write_report(out, conditions, failures)
    if as_json:
        print_json(
            {
                "out": str(out),
                "report": str(report),
                "conditions": conditions.to_pylist(),
                "failures": failures.to_pylist(),
            }
        )
        return
    _print(conditions, failures.num_rows, report)


def assigned_weights(models: list[str], weights: list[str]) -> dict[str, str]:
    """Which weights file belongs to which model.

    >>> assigned_weights(["aasist"], ["a.pth"])
    {'aasist': 'a.pth'}
    >>> assigned_weights(["lcnn", "aasist"], ["aasist=a.pth"])
    {'aasist': 'a.pth'}

    Raises:
        UserError: A file names no model, or one that was not given.
    """
    found = {}
    for entry in weights:
        name, equals, file = entry.partition("=")
        if equals and name in models:
            found[name] = file
        elif len(models) == 1 and len(weights) == 1:
            found[models[0]] = entry
        else:
            raise UserError(
                f"'--weights {entry}' does not say whose they are; write MODEL=FILE, where MODEL "
                f"is {' or '.join(models)}."
            )
    return found


def _write_report(out: Path, conditions: Any, failures: Any) -> Path:
    from xaudio.reports.sweep_report import sweep_report

    report = out / "report.html"
    unfinished = out / ".report.html.unfinished"
    unfinished.write_text(sweep_report(conditions, failures), encoding="utf-8")
    return unfinished.replace(report)


def _print(conditions: Any, failed: int, report: Path) -> None:
    from xaudio.reports.sweep_report import interval_text, share_text

    print_table(
        ["model", "condition", "EER, re-fitted", "FRR", "FAR", "flipped"],
        [
            [
                row["model"],
                f"{row['corruption']} {row['severity'] or ''}",
                interval_text(row),
                share_text(row["false_rejection"]),
                share_text(row["false_acceptance"]),
                share_text(row["flipped"]),
            ]
            for row in conditions.to_pylist()
        ],
    )
    typer.echo("FRR, FAR and flipped decisions at the threshold fixed on clean clips.")
    if failed:
        typer.echo(f"{failed} scores are missing; the report says which and why.")
    typer.echo(f"Report: {report}")


class _Bar:
    """A bar on the error stream: cells, clips per second, time left."""

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

    def __enter__(self) -> "_Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def show(self, state: Any) -> None:
        """What `xaudio.sweeps` tells after every cell."""
        minutes, seconds = divmod(round(state.seconds_left), 60)
        self._bar.update(
            self._task,
            completed=state.finished,
            total=state.cells,
            rate=f"{state.rate:.1f} clips/s, {minutes}:{seconds:02} left",
        )
