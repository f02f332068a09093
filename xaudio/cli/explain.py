"""``xaudio explain``: the decision first, then picture, sound, report."""

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
from xaudio.cli.output import Json, folder_names, parse_settings, print_json, progress_bar

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    clips: Clips,
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    method: Method = None,
    target: Target = None,
    threshold: Annotated[
        float, typer.Option(help="A detector's clip is bona fide at this score and above.")
    ] = 0.0,
    device: Device = "cpu",
    setting: Settings = None,
    out: Annotated[Path, typer.Option(help="Folder for the files, one folder per clip.")] = Path(
        "explained"
    ),
    as_json: Json = False,
) -> None:
    """Why does a model decide what it decides about a clip?"""
    from xaudio.audio import read_clip

    parse_settings(setting or [])
    # All clips are read before anything is computed: a bad one is told at once.
    opened = [read_clip(path) for path in clips]

    from explainers.explainer import default_settings
    from xaudio.explaining import (
        check_target,
        decide,
        default_method,
        explain_clip,
        load_classifier,
        load_method,
        model_spec,
    )

    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    name = method or default_method(classifier)
    settings = parse_settings(setting or [], default_settings(name))
    explainer = load_method(name, settings)
    check_target(target or classifier.default_target, classifier)
    found = []
    for clip, folder in zip(opened, folder_names(opened), strict=True):
        decision = decide(clip, classifier, threshold)
        _say(f"{clip.name}: {decision.label}, {decision.sentence}", as_json)
        with progress_bar(f"  {name}", as_json) as tell:
            explained = explain_clip(
                clip,
                classifier,
                explainer,
                target,
                threshold=threshold,
                model=model_spec(model, weights, label, sample_rate),
                chosen_settings=settings,
                progress=lambda share: tell(round(100 * share), 100),
            )
        files = explained.save(out / f"{folder}-{explained.explanation.method}")
        found.append({**explained.summary(), "files": _texts(files)})
        for path in files.values():
            _say(f"  {path}", as_json)
    if as_json:
        print_json(found)


def _say(line: str, as_json: bool) -> None:
    if not as_json:
        typer.echo(line)


def _texts(files: dict[str, Path]) -> dict[str, Any]:
    return {what: str(path) for what, path in files.items()}
