"""``xaudio attack-explanation``: can the explanation be moved while the decision stays?"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from perturbations.errors import UserError
from xaudio.cli.budgets import Amplitude, Masked, Snr, budget_of
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

SHIFT = "shift"


@app.command()
def attack_explanation(
    clips: Clips,
    method: Method = None,
    attack: Annotated[
        str,
        typer.Option(
            help="square and shift work on any method; pgd, apgd and the other attacks of 'xaudio "
            "attack' on saliency and input-x-gradient."
        ),
    ] = "square",
    aim: Annotated[
        str,
        typer.Option(
            help="away (from the clean map), ranks (another order), strongest (away from the "
            "strongest cells), rolled (the clean map half a clip later)."
        ),
    ] = "away",
    snr: Snr = None,
    amplitude: Amplitude = None,
    masked: Masked = None,
    target: Target = None,
    threshold: Annotated[
        float, typer.Option(help="A detector's clip is bona fide at this score and above.")
    ] = 0.0,
    tolerance: Annotated[
        float | None, typer.Option(help="The score may move so many logits; else any, label kept.")
    ] = None,
    cell: Annotated[
        float, typer.Option(help="Relevance is compared on cells of so many seconds.")
    ] = 0.02,
    repeat: Annotated[int, typer.Option(min=0, help="Other random numbers for the same clip.")] = 0,
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    device: Device = "cpu",
    setting: Settings = None,
    attack_setting: Annotated[
        list[str] | None, typer.Option(help="name=value, of the attack; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files, one folder per clip.")] = Path(
        "attacked"
    ),
    as_json: Json = False,
) -> None:
    """Move a clip's explanation within a budget and keep the decision; compare with noise.

    A success is what Audio-XAI counts: the label is kept, the cosine of the maps is below 0.4, the
    strongest tenth of the cells has less than 0.3 in common, PESQ is at least 3 and STOI 0.85. The
    same is counted for random noise of the same size.
    """
    from xaudio.audio import read_clip

    wished = parse_settings(attack_setting or [])
    parse_settings(setting or [])
    budget: Any = None if attack == SHIFT else budget_of(snr, amplitude, masked)
    if attack == SHIFT and (snr, amplitude, masked) != (None, None, None):
        raise UserError("A shift has no budget but --attack-setting longest_seconds=.")
    # All clips are read before anything is computed: a bad one is told at once.
    opened = [read_clip(path) for path in clips]

    from explainers.explainer import default_settings
    from perturbations.attacks import load_attack
    from perturbations.attacks.explanations import check_aim, load_shift
    from xaudio.attacking_explanations import (
        Question,
        attack_explanation,
        rates,
        shift_explanation,
    )
    from xaudio.classifiers import load_classifier
    from xaudio.explaining import check_target, default_method, load_method, model_spec

    check_aim(aim)
    wanted: Any = load_shift(**wished) if attack == SHIFT else load_attack(attack, **wished)
    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    name = method or default_method(classifier)
    explainer = load_method(name, parse_settings(setting or [], default_settings(name)))
    check_target(target or classifier.default_target, classifier)
    spec = model_spec(model, weights, label, sample_rate)
    found, rows = [], []
    for clip, folder in zip(opened, folder_names(opened), strict=True):
        question = Question.about(
            clip,
            classifier,
            explainer,
            target,
            threshold=threshold,
            tolerance=math.inf if tolerance is None else tolerance,
            cell_seconds=cell,
        )
        with progress_bar(f"{attack} on {name} of {clip.name}", hidden=as_json) as tell:
            options: dict[str, Any] = {"repeat": repeat, "model": spec, "progress": _share(tell)}
            if attack == SHIFT:
                moved = shift_explanation(question, wanted, aim, **options)
            else:
                moved = attack_explanation(question, wanted, budget, aim, **options)
        files = moved.save(out / f"{folder}-{name}-{attack}")
        found.append(moved)
        rows.append({**moved.summary(), "files": {what: str(path) for what, path in files.items()}})
    if as_json:
        print_json(rows)
        return
    _show(rows, rates(found))


def _share(tell: Callable[[int, int], None]) -> Callable[[float], None]:
    return lambda share: tell(round(1000 * share), 1000)


def _show(rows: Sequence[dict[str, Any]], rates: dict[str, Any]) -> None:
    header = ("clip", "label", "kept", "cosine", "overlap", "by noise", "SNR", "PESQ", "success")
    print_table(header, [_cells(row) for row in rows])
    for row in rows:
        for path in row["files"].values():
            typer.echo(f"  {path}")
    typer.echo(
        f"Moved with the decision kept: {_rate(rates['attack'])}; by noise {_rate(rates['noise'])}."
    )
    typer.echo(
        f"And sounding as before (AASR): {_rate(rates['attack_gated'])}; by noise "
        f"{_rate(rates['noise_gated'])}."
    )


def _rate(rate: Any) -> str:
    return f"{rate.share:.2f} ({rate.low:.2f} to {rate.high:.2f}, n = {rate.count})"


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    by_noise = sum(each["cosine"] for each in row["noise"]) / len(row["noise"])
    return (
        row["clip"],
        f"{row['label']} {row['score_before']:.2f}",
        f"{'yes' if row['decision_kept'] else 'no'} {row['score_after']:.2f}",
        f"{row['cosine']:.2f}",
        f"{row['overlap']:.2f}",
        f"{by_noise:.2f}",
        "-" if row["snr_db"] is None else f"{row['snr_db']:.1f} dB",
        "-" if row["pesq"] is None else f"{row['pesq']:.2f}",
        "yes" if row["succeeded"] else "no",
    )
