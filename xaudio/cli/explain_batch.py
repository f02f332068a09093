"""``xaudio explain-batch``: many clips explained, resumable, with a table and a page."""

from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.options import Device, Labels, Model, SampleRate, Target, Weights
from xaudio.cli.output import Json, print_json
from xaudio.cli.sweep_bar import SweepBar
from xaudio.reports.amounts import duration

app = typer.Typer(add_completion=False)


@app.command()
def explain_batch(
    source: Annotated[Path, typer.Argument(help="A manifest, or a folder of recordings.")],
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    method: Annotated[
        list[str] | None, typer.Option(help="See 'xaudio methods'; may be given several times.")
    ] = None,
    target: Target = None,
    threshold: Annotated[
        float, typer.Option(help="A detector's clip is bona fide at this score and above.")
    ] = 0.0,
    split: Annotated[str | None, typer.Option(help="Only this part of the manifest.")] = None,
    most: Annotated[int, typer.Option(min=0, help="Only so many clips, the first; all if 0.")] = 0,
    device: Device = "cpu",
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Do again what failed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would take.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("explanations"),
    as_json: Json = False,
) -> None:
    """Explain every clip; stopped, the same command goes on. A clip that fails is a row."""
    from xaudio.batches import BatchStore, Question, explain_batch, plan_batch
    from xaudio.batches.estimate import estimate_batch
    from xaudio.batches.plan import clips_of
    from xaudio.classifiers import load_classifier
    from xaudio.explaining import default_method, load_method, model_spec

    clips = clips_of(source, split)
    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    names = method or [default_method(classifier)]
    explainers = {name: load_method(name, {}) for name in names}
    spec = model_spec(model, weights, label, sample_rate)
    plan = plan_batch(clips, Question(classifier, explainers, target, threshold, spec), most)
    store = BatchStore(out)
    if dry_run:
        expected = estimate_batch(plan, store.cells.finished())
        print_json(expected.as_dict()) if as_json else _say(expected)
        return
    store.begin(plan.table())
    if retry_failed:
        store.cells.remove(store.failed())
    with SweepBar("explanations", hidden=as_json) as bar:
        explain_batch(plan, store, progress=bar.show)
    _tell(store, as_json)


def _say(expected: Any) -> None:
    from xaudio.reports.amounts import counted

    each = ", ".join(f"{name} {duration(t)}" for name, t in expected.seconds_each.items())
    typer.echo(
        f"{counted(expected.clips, 'clip')}, {counted(expected.pieces, 'explanation')}, "
        f"{expected.waiting:,} to do: about {duration(expected.wall_seconds)} ({each} each), "
        f"{expected.disk_bytes / 2**20:,.1f} MiB on disk."
    )
    for what, why in expected.failing.items():
        typer.echo(f"Failed on the clip that was tried: {what}: {why}", err=True)


def _tell(store: Any, as_json: bool) -> None:
    from xaudio.batches.overview import PAGE
    from xaudio.reports.amounts import counted

    rows, failed, page = store.rows(), store.failed(), store.folder / PAGE
    if as_json:
        print_json({"out": str(store.folder), "page": str(page), "rows": rows.to_pylist()})
        return
    typer.echo(f"{counted(rows.num_rows, 'explanation')}, {len(failed):,} failed. Page: {page}")
