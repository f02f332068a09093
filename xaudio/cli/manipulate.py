"""``xaudio manipulate``: change what an explanation points at, and see whether it mattered."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.options import (
    Clips,
    Device,
    Labels,
    Method,
    Model,
    SampleRate,
    Settings,
    Target,
    Weights,
)
from xaudio.cli.output import (
    Json,
    folder_names,
    parse_settings,
    print_json,
    print_table,
    progress_bar,
)

app = typer.Typer(add_completion=False)


@app.command()
def manipulate(
    clips: Clips,
    what: Annotated[
        str,
        typer.Option(
            help="remove, noise or keep (samples); remove-bands, keep-bands, move-bands or "
            "scale-bands (frequencies)."
        ),
    ] = "remove",
    share: Annotated[
        list[float], typer.Option(help="Of the samples or bands, up to 1; may be repeated.")
    ] = [0.01, 0.05, 0.1, 0.2],  # noqa: B006 - typer copies it
    step: Annotated[
        float | None, typer.Option(help="Stretches of so many seconds, not scattered samples.")
    ] = None,
    bands: Annotated[int, typer.Option(help="Of equal width, that are chosen from.")] = 32,
    hertz: Annotated[float, typer.Option(help="How far move-bands moves.")] = 500.0,
    decibels: Annotated[float, typer.Option(help="By how much scale-bands scales.")] = -20.0,
    ranking: Annotated[
        str, typer.Option(help="magnitude: relevance either way; support: for the target.")
    ] = "magnitude",
    draws: Annotated[int, typer.Option(help="Random choices to compare with.")] = 99,
    seed: Annotated[int, typer.Option(help="Of the random choices.")] = 0,
    batch_size: Annotated[int, typer.Option(help="Waveforms scored at once.")] = 16,
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    method: Method = None,
    target: Target = None,
    device: Device = "cpu",
    setting: Settings = None,
    out: Annotated[Path, typer.Option(help="Folder for the files, one folder per clip.")] = Path(
        "manipulated"
    ),
    as_json: Json = False,
) -> None:
    """Change what an explanation points at: does the score follow, and more than by chance?"""
    from xaudio.audio import read_clip

    parse_settings(setting or [])
    # All clips are read before anything is computed: a bad one is told at once.
    opened = [read_clip(path) for path in clips]

    from explainers.explainer import default_settings
    from xaudio.explaining import (
        check_target,
        default_method,
        explain_clip,
        load_classifier,
        load_method,
        model_spec,
    )
    from xaudio.manipulating import ManipulationSettings, manipulate_clip

    wanted = ManipulationSettings(
        what, tuple(share), step, bands, hertz, decibels, ranking, draws, seed, batch_size
    )
    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    name = method or default_method(classifier)
    settings = parse_settings(setting or [], default_settings(name))
    explainer = load_method(name, settings)
    check_target(target or classifier.default_target, classifier)
    spec = model_spec(model, weights, label, sample_rate)
    found = []
    with progress_bar("scoring", hidden=as_json) as tell:
        for number, clip in enumerate(opened):
            explained = explain_clip(
                clip, classifier, explainer, target, model=spec, chosen_settings=settings
            )
            told = _of_all_clips(tell, number, len(opened))
            found.append(manipulate_clip(explained, classifier, wanted, told))
    rows = []
    for one, folder in zip(found, folder_names(opened), strict=True):
        files = one.save(out / f"{folder}-{one.explained.explanation.method}-{what}")
        rows.append({**one.summary(), "files": {part: str(path) for part, path in files.items()}})
    if as_json:
        print_json(rows)
        return
    for row in rows:
        _show(row)


def _of_all_clips(
    tell: Callable[[int, int], None], number: int, clips: int
) -> Callable[[float], None]:
    """A function to tell the share done of one clip of several."""
    return lambda share: tell(round(1000 * (number + share)), 1000 * clips)


def _show(row: dict[str, Any]) -> None:
    title = f"{row['clip']}: {row['what']}, by {row['method']} ({row['ranking']}), {row['target']}"
    header = ("share", "chosen", "before", "after", "loudest", "random", "95 % of random", "p")
    print_table(header, [_cells(point, row) for point in row["points"]], title)
    for path in row["files"].values():
        typer.echo(f"  {path}")


def _cells(point: dict[str, Any], row: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{point['share']:g}",
        f"{point['count']} of {row['total']}",
        f"{row['before']:.2f}",
        f"{point['score']:.2f}",
        f"{point['loudest']:.2f}",
        f"{point['chance_mean']:.2f}",
        f"{point['chance_low']:.2f} to {point['chance_high']:.2f}",
        f"{point['p_value']:.3f}",
    )
