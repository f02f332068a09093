"""``xaudio verdict``: bona fide, synthetic or inconclusive, by a saved calibration."""

from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.options import Clips, Device, Weights
from xaudio.cli.output import Json, print_json, progress_bar

app = typer.Typer(add_completion=False)


@app.command()
def verdict(
    clips: Clips,
    calibration: Annotated[Path, typer.Option(help="Made by 'xaudio calibrate'.")],
    model: Annotated[
        str | None, typer.Option(help="Where the calibrated model lies, if not as it was named.")
    ] = None,
    weights: Weights = None,
    spoof_prior: Annotated[
        float | None,
        typer.Option(help="Probability of synthesis before a clip is heard, for the posterior."),
    ] = None,
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Bona fide, synthetic or inconclusive: a calibrated answer, and what it rests on."""
    from xaudio.audio import read_clip
    from xaudio.metrics.calibration import spoof_probability
    from xaudio.verdicts import judge, load_calibration, statement

    known = load_calibration(calibration)
    if spoof_prior is not None:
        spoof_probability([], spoof_prior)  # refuses a prior that is none, before any work
    # All clips are read before anything is computed: a bad one is told at once.
    opened = [read_clip(path) for path in clips]

    from xaudio.classifiers import load_classifier

    classifier = load_classifier(
        model or known.model.spec,
        weights or known.model.weights,
        device,
        known.model.labels,
        known.model.sample_rate if known.model.labels else None,
    )
    known.model.check(classifier)
    found = []
    with progress_bar("clips", hidden=as_json or len(opened) == 1) as tell:
        for number, clip in enumerate(opened):
            judged = judge(clip, classifier, known, spoof_prior)
            found.append({**judged.as_dict(), "statement": statement(judged, known)})
            tell(number + 1, len(opened))
    if as_json:
        print_json(found)
        return
    typer.echo("\n\n".join(entry["statement"] for entry in found))
