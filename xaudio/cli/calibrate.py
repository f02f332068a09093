"""``xaudio calibrate``: learn how to read a detector's scores, and on which recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perturbations.errors import UserError
from xaudio.cli.options import Device, Labels, Model, SampleRate, Weights
from xaudio.cli.output import Json, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from xaudio.verdicts.calibration import Calibration
    from xaudio.verdicts.validation import Outcome

app = typer.Typer(add_completion=False)

ENOUGH_SPEAKERS = 30  # of each class: measured, see docs/verdicts.md


@app.command()
def calibrate(
    manifest: Annotated[Path, typer.Argument(help="Lists labelled clips like those to come.")],
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    split: Annotated[str | None, typer.Option(help="Only this part of the manifest.")] = None,
    sweep: Annotated[
        Path | None,
        typer.Option(help="Folder of a finished sweep; adds the corruptions under which it holds."),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="By how much error rates may rise where it holds: 0.05 is 5 points."
        ),
    ] = 0.05,
    false_acceptance: Annotated[
        float | None,
        typer.Option(
            help="Put the threshold where at most this share of synthetic clips is called human: "
            "0.01 is 1 %."
        ),
    ] = None,
    spoof_prior: Annotated[
        float | None,
        typer.Option(help="Probability of synthesis before a clip is heard; 0.5 if not given."),
    ] = None,
    miss_cost: Annotated[float, typer.Option(help="Cost of calling human speech synthetic.")] = 1.0,
    acceptance_cost: Annotated[
        float, typer.Option(help="Cost of calling synthetic speech human.")
    ] = 1.0,
    device: Device = "cpu",
    out: Annotated[Path, typer.Option(help="The calibration, a JSON file.")] = Path(
        "calibration.json"
    ),
    as_json: Json = False,
) -> None:
    """Learn how to read a detector's scores, and on which recordings that holds."""
    if out.is_dir():
        raise UserError(f"'{out}' is a folder; give the calibration's file, such as {out}/a.json.")
    rule = _rule(false_acceptance, spoof_prior, miss_cost, acceptance_cost)

    from xaudio.datasets.manifest import load_manifest, of_split

    clips = load_manifest(manifest)
    if split is not None:
        clips = of_split(clips, split)
    store = _finished(sweep)

    from xaudio.classifiers import load_classifier
    from xaudio.explaining import model_spec
    from xaudio.verdicts import calibrate as learn

    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    swept = None if store is None else _rows_of(store, classifier.fingerprint)
    with progress_bar("clips", hidden=as_json) as tell:
        calibration = learn(
            clips,
            classifier,
            rule,
            spoof_prior,
            model_spec(model, weights, label, sample_rate),
            tell,
        )
    found: tuple[Outcome, ...] = ()
    if store is not None:
        calibration, found = _validated(calibration, store, swept, tolerance, as_json)
    file = calibration.save(out)
    if as_json:
        print_json(_document(calibration, found, file))
        return
    _print(calibration, found)
    for hint in _hints(calibration, clips.table["speaker"].null_count):
        typer.echo(hint)
    typer.echo(f"Calibration: {file}")


def _rule(
    false_acceptance: float | None,
    spoof_prior: float | None,
    miss_cost: float,
    acceptance_cost: float,
) -> Any:
    from xaudio.verdicts.rule import LeastCost, WantedFalseAcceptance

    if false_acceptance is None:
        prior = 0.5 if spoof_prior is None else spoof_prior
        return LeastCost(prior, miss_cost, acceptance_cost)
    if (miss_cost, acceptance_cost) != (1.0, 1.0):
        raise UserError(
            "The threshold comes from costs or from a wanted false acceptance: give --miss-cost "
            "and --acceptance-cost, or --false-acceptance."
        )
    return WantedFalseAcceptance(false_acceptance)


def _finished(folder: Path | None) -> Any:
    """The sweep in a folder, whole."""
    if folder is None:
        return None
    from xaudio.sweeps import open_store

    store = open_store(folder)
    if remaining := store.remaining():
        raise UserError(
            f"The sweep in '{folder}' lacks {remaining} cells; finish it before calibrating on it."
        )
    return store


def _rows_of(store: Any, fingerprint: str) -> Any:
    names = [one.name for one in store.models() if one.fingerprint == fingerprint]
    if not names:
        there = ", ".join(f"{one.name} {one.fingerprint[:12]}" for one in store.models())
        raise UserError(
            f"The sweep in '{store.folder}' has no scores of this model ({fingerprint[:12]}); it "
            f"has those of {there}."
        )
    return store.rows(model=names[0])


def _validated(
    calibration: "Calibration", store: Any, rows: Any, tolerance: float, hidden: bool
) -> tuple["Calibration", tuple["Outcome", ...]]:
    from xaudio.datasets.manifest import Manifest
    from xaudio.verdicts import outcomes, validate

    found = outcomes(calibration, rows, tolerance)
    with progress_bar("conditions", hidden) as tell:
        clips = Manifest(store.clips())
        return validate(calibration, found, store.conditions(), clips, tell), found


def _document(
    calibration: "Calibration", found: tuple["Outcome", ...], file: Path
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "out": str(file),
        "calibration": asdict(calibration),
        "conditions": [asdict(outcome) for outcome in found],
    }


def _print(calibration: "Calibration", found: tuple["Outcome", ...]) -> None:
    clips, figures = calibration.made_from, calibration.figures
    typer.echo(
        f"{clips.bonafide_clips} human clips of {clips.bonafide_speakers} speakers, "
        f"{clips.spoof_clips} synthetic ones of {clips.spoof_speakers}"
        + (f"; {clips.left_out} could not be used" if clips.left_out else "")
    )
    typer.echo(
        f"LLR = {calibration.map.slope:.3f} x score {calibration.map.offset:+.3f}; "
        f"threshold {calibration.threshold:.2f}: {calibration.rule.words}"
    )
    print_table(
        ["held out by speaker", "scores as they are", "calibrated"],
        [
            ["Cllr, bits", _bits(figures.cllr_before), _bits(figures.cllr_after)],
            ["calibration error", f"{figures.ece_before:.3f}", f"{figures.ece_after:.3f}"],
            ["Brier", f"{figures.brier_before:.3f}", f"{figures.brier_after:.3f}"],
            ["EER", str(figures.eer), ""],
            ["human called synthetic", "", str(figures.false_rejection)],
            ["synthetic called human", "", str(figures.false_acceptance)],
            ["outside the conditions", "", f"{100 * figures.outside:.1f} %"],
            ["not told from the threshold", "", f"{100 * figures.undecided:.1f} %"],
        ],
    )
    if found:
        print_table(
            ["condition", "FRR", "rise in points", "FAR", "rise in points", "Cllr", "holds"],
            [_row(outcome) for outcome in found],
        )
        typer.echo("FRR: human called synthetic; FAR: synthetic called human. Rises beyond clean.")


def _hints(calibration: "Calibration", nameless: int) -> list[str]:
    """What would make a calibration of few or nameless speakers better."""
    hints, made_from = [], calibration.made_from
    if nameless:
        hints.append(
            f"{nameless} clips name no speaker and count as a speaker each; where some share one, "
            "intervals are too narrow. Name speakers in the manifest."
        )
    fewest = min(made_from.bonafide_speakers, made_from.spoof_speakers)
    if fewest < ENOUGH_SPEAKERS:
        hints.append(
            f"Only {fewest} speakers of a class: many verdicts will be inconclusive. Calibrate on "
            f"{ENOUGH_SPEAKERS} of each or more."
        )
    return hints


def _row(outcome: "Outcome") -> list[str]:
    return [
        f"{outcome.name} {outcome.severity}",
        f"{100 * outcome.false_rejection:.1f} %",
        _points(outcome.more_rejected),
        f"{100 * outcome.false_acceptance:.1f} %",
        _points(outcome.more_accepted),
        f"{outcome.cllr:.2f}",
        "yes" if outcome.holds else "no",
    ]


def _points(interval: Any) -> str:
    value, low, high = (100 * share for share in (interval.value, interval.low, interval.high))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def _bits(interval: Any) -> str:
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
