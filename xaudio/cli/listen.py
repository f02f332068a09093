"""``xaudio listen``: a recording of any length, window by window."""

from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.options import (
    Device,
    Labels,
    Method,
    Model,
    SampleRate,
    Settings,
    Target,
    Weights,
)
from xaudio.cli.output import Json, parse_settings, print_json, print_table, progress_bar

app = typer.Typer(add_completion=False)

SHOWN = 5  # lowest windows that are printed; three of them can be listened to
NONE, ALL = "none", "all"


@app.command()
def listen(
    recording: Annotated[Path, typer.Argument(help="Of any length; never read as a whole.")],
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    window: Annotated[float, typer.Option(help="Seconds of a window.")] = 4.0,
    hop: Annotated[float, typer.Option(help="Seconds from one window to the next.")] = 2.0,
    threshold: Annotated[
        float, typer.Option(help="A detector's window is bona fide at this score and above.")
    ] = 0.0,
    explain: Annotated[
        str, typer.Option(help="Windows to explain as well: none, all, or those with this label.")
    ] = NONE,
    method: Method = None,
    target: Target = None,
    setting: Settings = None,
    step: Annotated[float, typer.Option(help="Seconds of a step of relevance.")] = 0.1,
    device: Device = "cpu",
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("listened"),
    as_json: Json = False,
) -> None:
    """What does a model say about a long recording, window by window?"""
    from xaudio.long_recordings import excerpt, open_recording, scored
    from xaudio.long_recordings.report import save, summary

    opened = open_recording(recording)

    from xaudio.classifiers import load_classifier

    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    explainer = None
    if explain != NONE:
        _check_label(explain, classifier)
        explainer = _explainer(method, setting, classifier)
    with progress_bar("scoring", as_json) as tell:
        scores = scored(
            opened,
            classifier,
            window,
            hop,
            progress=lambda share: tell(round(100 * share), 100),
            threshold=threshold,
        )
    relevance = None
    chosen = _numbers(scores, explain)
    if explainer is not None and chosen:
        relevance = _explained(opened, classifier, explainer, target, chosen, scores, step, as_json)
    rate = classifier.sample_rate
    lowest = [excerpt(opened, one["start"], one["end"], rate) for one in scores.lowest(3)]
    files = save(out / (recording.stem or "recording"), scores, relevance, lowest)
    if as_json:
        texts = {what: str(path) for what, path in files.items()}
        print_json({**summary(scores, relevance), "files": texts})
        return
    _print(scores)
    for path in files.values():
        typer.echo(f"  {path}")


def _check_label(explain: str, classifier: Any) -> None:
    from xaudio.errors import ModelError

    if explain not in (ALL, *classifier.labels):
        raise ModelError(
            f"--explain {explain} was given; say none, all, or one of "
            f"{', '.join(classifier.labels)}."
        )


def _explainer(method: str | None, setting: list[str] | None, classifier: Any) -> Any:
    from explainers.explainer import default_settings
    from xaudio.explaining import default_method, load_method

    name = method or default_method(classifier)
    return load_method(name, parse_settings(setting or [], default_settings(name)))


def _numbers(scores: Any, explain: str) -> list[int]:
    labels = scores.table["label"].to_pylist()
    return [number for number, label in enumerate(labels) if label and explain in (ALL, label)]


def _explained(
    opened: Any,
    classifier: Any,
    explainer: Any,
    target: str | None,
    chosen: list[int],
    scores: Any,
    step: float,
    hidden: bool,
) -> Any:
    from xaudio.long_recordings import explained

    with progress_bar(f"{explainer.name}, {len(chosen)} windows", hidden) as tell:
        return explained(
            opened,
            classifier,
            explainer,
            target,
            only=frozenset(chosen),
            window=scores.window,
            hop=scores.hop,
            step=step,
            progress=lambda share: tell(round(100 * share), 100),
        )


def _print(scores: Any) -> None:
    from xaudio.long_recordings.clock import clock

    for sentence in scores.sentences():
        typer.echo(sentence)
    rows = [
        [clock(one["start"]), clock(one["end"]), f"{one['score']:.2f}", one["label"]]
        for one in scores.lowest(SHOWN)
    ]
    if rows:
        print_table(["from", "to", "score", "label"], rows, "\nThe lowest windows")
