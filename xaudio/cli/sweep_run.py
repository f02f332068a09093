"""``xaudio sweep run``: plan, estimate, run or resume, report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from perturbations.errors import UserError
from xaudio.cli.options import Device, Labels, SampleRate
from xaudio.cli.output import Json, print_json
from xaudio.cli.sweep_bar import SweepBar
from xaudio.cli.sweep_tables import MOST_ROWS, print_conditions, print_estimate

SUITE = "deepfake-16"
DEFAULT_METHOD = "default"


def run(
    manifest: Annotated[Path, typer.Argument(help="Parquet or CSV file of clips and labels.")],
    model: Annotated[
        list[str],
        typer.Option(help="lcnn, aasist, hf:<id>, model.onnx ...; may be given several times."),
    ] = ["lcnn"],  # noqa: B006 - typer copies it
    weights: Annotated[
        list[str] | None,
        typer.Option(help="FILE for the one model, MODEL=FILE where there are several."),
    ] = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    precision: Annotated[
        str, typer.Option(help="float32; bfloat16 or float16 for mixed precision.")
    ] = "float32",
    suite: Annotated[
        str | None,
        typer.Option(help=f"Name of a suite, or a YAML file; {SUITE} if no --corruption is given."),
    ] = None,
    corruption: Annotated[
        list[str] | None,
        typer.Option(help="Instead of a suite: a name, see 'xaudio corruptions'; may be repeated."),
    ] = None,
    severity: Annotated[
        list[int] | None,
        typer.Option(help="1 (mild) to 5 (harsh); may be repeated. All if not given."),
    ] = None,
    repeats: Annotated[int, typer.Option(help="Draws of each random corruption.")] = 1,
    split: Annotated[str | None, typer.Option(help="Only this part of the manifest.")] = None,
    bucket_size: Annotated[
        int, typer.Option(help="Most clips in one cell; 1024 from 100,000 clips on.")
    ] = 32,
    device: Device = "cpu",
    workers: Annotated[
        int | None,
        typer.Option(
            min=0, help="Processes; 0 for none beside this one. One per core if not given."
        ),
    ] = None,
    ray: Annotated[
        bool, typer.Option("--ray", help="Run on Ray: one started here, or that at --address.")
    ] = False,
    address: Annotated[
        str | None, typer.Option(help="Ray cluster to join; 'auto' on one of its nodes.")
    ] = None,
    gpus: Annotated[
        float, typer.Option(min=0, help="GPUs per Ray worker; of 0.25 four share one.")
    ] = 0.0,
    part: Annotated[
        str | None, typer.Option(help="K/N: only the K-th of N parts, for job arrays.")
    ] = None,
    quality_clips: Annotated[
        int,
        typer.Option(min=0, help="Clips per condition whose sound is measured (SNR, PESQ ...)."),
    ] = 8,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Do explanations survive, too? A method, or 'default' for each model's own."
        ),
    ] = None,
    explain_clips: Annotated[int, typer.Option(min=1, help="Clips explained per condition.")] = 16,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Do cells again in which a clip failed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what it would take.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("sweep"),
    as_json: Json = False,
) -> None:
    """Score every clip clean and under every corruption; stopped, the same command goes on.

    Says first what it will take. Ctrl-C loses one cell per worker at most.
    """
    if suite and corruption:
        raise UserError("Give --corruption (one or more) or a --suite, not both.")
    if gpus and not (ray or address):
        raise UserError(
            "--gpus shares GPUs among Ray's workers: give --ray or --address with it, or "
            "--device cuda to use one without Ray."
        )
    from xaudio.datasets.manifest import load_manifest, of_split
    from xaudio.sweeps import SweepStore
    from xaudio.sweeps.estimate import estimate
    from xaudio.sweeps.sweeping import plan_for
    from xaudio.sweeps.swept_model import loaded

    chosen_part = parsed_part(part)
    clips = load_manifest(manifest)
    if split is not None:
        clips = of_split(clips, split)
    models = swept(model, weights or [], label, sample_rate, device, precision)
    whole = plan_for(clips, models, corruption or suite or SUITE, severity, repeats, bucket_size)
    plan = whole.part(*chosen_part) if chosen_part else whole
    _check_method(explain)
    store, executor = SweepStore(out), _executor(models, workers, ray, address, gpus)
    processes = _processes(workers)
    again = store.with_failures(plan.ids()) if retry_failed else frozenset()
    if not dry_run:
        store.begin(whole)  # before the first clip is heard: a folder nobody may write to, for one
        store.cells.remove(again)
    with _says_how_to_go_on(kept=not dry_run):
        expected = estimate(plan, loaded(models), store.finished() - again, processes)
        if dry_run:
            print_json(expected.as_dict()) if as_json else print_estimate(expected)
            return
        if not as_json:
            print_estimate(expected)
        with SweepBar("scores", hidden=as_json) as bar:
            executor.run(plan, models, store, bar.show)
        if left := store.remaining():
            _tell_of_part(store, left, as_json)
            return
        if quality_clips:
            _certify(whole, store, quality_clips, processes, as_json)
        if explain:
            _explain(whole, models, store, explain, explain_clips, processes, as_json)
        _tell(store, as_json)


def swept(
    models: Sequence[str],
    weights: Sequence[str],
    labels: Sequence[str] | None,
    sample_rate: int | None,
    device: str,
    precision: str,
) -> list[Any]:
    """The models as a sweep takes them."""
    from xaudio.sweeps import SweptModel

    return [
        SweptModel(
            spec,
            file,
            tuple(labels) if labels else None,
            sample_rate,
            device=device,
            precision=precision,
        )
        for spec, file in zip(models, assigned_weights(models, weights), strict=True)
    ]


def assigned_weights(models: Sequence[str], weights: Sequence[str]) -> list[str | None]:
    """Each model's weights file; of a model that is given several times, one after the other.

    >>> assigned_weights(["aasist"], ["a.pth"])
    ['a.pth']
    >>> assigned_weights(["lcnn", "aasist", "aasist"], ["aasist=a.pth", "aasist=b.pth"])
    [None, 'a.pth', 'b.pth']

    Raises:
        UserError: A file names no model, or one that was not given so often.
    """
    if len(models) == len(weights) == 1 and not weights[0].startswith(f"{models[0]}="):
        return [weights[0]]
    files: dict[str, list[str]] = {}
    for entry in weights:
        name, _, file = entry.partition("=")
        files.setdefault(name, []).append(file)
        if not file or len(files[name]) > models.count(name):
            raise UserError(
                f"'--weights {entry}' does not say whose they are; write MODEL=FILE once for each "
                f"MODEL, which is {' or '.join(dict.fromkeys(models))}."
            )
    return [files[name].pop(0) if files.get(name) else None for name in models]


def parsed_part(part: str | None) -> tuple[int, int] | None:
    """Which part of how many.

    >>> parsed_part("3/64")
    (3, 64)

    Raises:
        UserError: It is not written like that.
    """
    if part is None:
        return None
    number, slash, parts = part.partition("/")
    if not (slash and number.isdecimal() and parts.isdecimal()):
        raise UserError(f"'--part {part}' was given; write K/N, for example 3/64.")
    return int(number), int(parts)


def _executor(
    models: Sequence[Any], workers: int | None, ray: bool, address: str | None, gpus: float
) -> Any:
    if ray or address:
        from xaudio.sweeps.ray_cluster import RayCluster

        return RayCluster(address=address, workers=workers, gpus_per_worker=gpus)
    from xaudio.sweeps import executor_for

    return executor_for(models, workers)


def _check_method(explain: str | None) -> None:
    """Refuse a method that is none now, rather than after hours of scoring.

    Raises:
        ExplanationError: The message names the nearest.
    """
    if explain is not None and explain != DEFAULT_METHOD:
        from xaudio.explaining import load_method

        load_method(explain, {})


def _processes(workers: int | None) -> int:
    from xaudio.sweeps.processes import cores

    return cores() if workers is None else max(1, workers)


def _certify(plan: Any, store: Any, clips: int, workers: int, hidden: bool) -> None:
    """What the conditions did to the sound of a sample of clips."""
    from xaudio.sweeps.quality import measure_quality

    with SweepBar("quality", hidden) as bar:
        measure_quality(plan, store, clips, workers=workers, progress=bar.show)


def _explain(
    plan: Any,
    models: Sequence[Any],
    store: Any,
    method: str,
    clips: int,
    workers: int,
    hidden: bool,
) -> None:
    """How far explanations of a sample of clips drift."""
    from xaudio.sweeps.explanation_drift import explain_drift

    chosen = None if method == DEFAULT_METHOD else method
    with SweepBar("explanations", hidden) as bar:
        explain_drift(plan, models, store, chosen, clips, workers=workers, progress=bar.show)


@contextmanager
def _says_how_to_go_on(kept: bool) -> Iterator[None]:
    """On Ctrl-C one line, where there is something to go on from."""
    try:
        yield
    except KeyboardInterrupt:
        if kept:
            typer.echo("Stopped. Finished cells are kept; the same command goes on.", err=True)
        raise


def _tell_of_part(store: Any, left: int, as_json: bool) -> None:
    if as_json:
        print_json({"out": str(store.folder), "remaining": left})
        return
    typer.echo(
        f"{left} {'cell' if left == 1 else 'cells'} of the plan are left to other parts; the one "
        "that ends last in this folder writes the report.",
        err=True,
    )


def _tell(store: Any, as_json: bool) -> None:
    from xaudio.sweeps.reporting import write_report
    from xaudio.sweeps.tables import condition_table

    if not as_json:
        typer.echo("Writing the report.", err=True)
    report = write_report(store)
    conditions, failures = condition_table(store), store.failures()
    if as_json:
        print_json(
            {
                "out": str(store.folder),
                "report": str(report),
                "conditions": conditions.to_pylist(),
                "failures": failures.to_pylist(),
            }
        )
        return
    print_conditions(conditions.to_pylist(), failures.num_rows, store.folder, most=MOST_ROWS)
    typer.echo(f"Report: {report}")
