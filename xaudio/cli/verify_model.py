"""``xaudio verify-model``: is a model ported correctly, and can its relevance be trusted?"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.options import Device, Labels, SampleRate, Target, Weights
from xaudio.cli.output import Json, print_json, progress_bar

app = typer.Typer(add_completion=False)


@app.command()
def verify_model(
    model: Annotated[
        str,
        typer.Argument(
            metavar="SPEC", help="lcnn, aasist, hf:<id>, model.pt2, pkg.module:factory."
        ),
    ],
    audio: Annotated[
        Path | None, typer.Option(help="A recording to check on; speech-like noise without one.")
    ] = None,
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    composite: Annotated[
        str,
        typer.Option(
            help="Rules: epsilon, epsilon_plus, gamma, epsilon_gamma_box, epsilon_alpha2_beta1, "
            "flat_first, cp, attnlrp, excitation_backprop, or one of your own."
        ),
    ] = "epsilon",
    target: Target = None,
    device: Device = "cpu",
    depth: Annotated[
        int | None,
        typer.Option(min=1, help="Steps of a module's path that tell layers apart in the table."),
    ] = None,
    all_calls: Annotated[
        bool, typer.Option("--all", help="Show every call of every operation, not layers.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a model's output and relevance: conserved, repeatable, alone as in a batch, covered.

    Exit code 0 where nothing failed, 1 where a check failed, 2 where the input cannot be used.
    """
    from xaudio.audio import read_clip

    clip = None if audio is None else read_clip(audio)

    from explainers.lrp.verification import verify
    from xaudio.classifiers import load_classifier
    from xaudio.cli.verification_tables import print_verification

    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    heard = None if clip is None else clip.resampled(classifier.sample_rate).waveform
    with progress_bar("checking", hidden=as_json) as tell:
        found = verify(classifier, heard, composite, target, tell)
    if as_json:
        print_json({**_about(classifier, audio), **found.summary()})
    else:
        print_verification(_about(classifier, audio), found, depth, all_calls)
    if not found.passed:
        raise typer.Exit(1)


def _about(classifier: Any, audio: Path | None) -> dict[str, Any]:
    return {
        "model": classifier.name,
        "sample_rate": classifier.sample_rate,
        "labels": list(classifier.labels),
        "fit": _fit(classifier.fit),
        "device": str(classifier.device),
        "clip": "two seconds of speech-like noise" if audio is None else str(audio),
    }


def _fit(fit: Any) -> str:
    """As it is written in ``fit=``."""
    return ":".join(str(part) for part in (fit.name, *asdict(fit).values()))
