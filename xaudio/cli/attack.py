"""``xaudio attack``: how little must change for a model to decide otherwise?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.budgets import Amplitude, Masked, Snr, budget_of
from xaudio.cli.options import Clips, Device, Labels, Model, SampleRate, Weights
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
def attack(
    clips: Clips,
    attack: Annotated[
        str,
        typer.Option(
            help="fgsm, pgd, momentum-pgd, apgd, carlini-wagner, ddn, universal; square needs no "
            "gradients."
        ),
    ] = "pgd",
    snr: Snr = None,
    amplitude: Amplitude = None,
    masked: Masked = None,
    steps: Annotated[int | None, typer.Option(help="As --setting steps=.")] = None,
    towards: Annotated[
        str | None, typer.Option(help="The label to arrive at; for a detector bonafide.")
    ] = None,
    threshold: Annotated[
        float, typer.Option(help="A detector's clip is bona fide at this score and above.")
    ] = 0.0,
    repeat: Annotated[int, typer.Option(min=0, help="Other random numbers for the same clip.")] = 0,
    model: Model = "lcnn",
    weights: Weights = None,
    label: Labels = None,
    sample_rate: SampleRate = None,
    device: Device = "cpu",
    setting: Annotated[
        list[str] | None, typer.Option(help="name=value, of the attack; may be repeated.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files, one folder per clip.")] = Path(
        "attacked"
    ),
    as_json: Json = False,
) -> None:
    """Attack the decision about clips within a budget; write the clips and judge what is written.

    For a detector the goal is that a clip passes as bona fide. The files are 16-bit WAV, and the
    scores after the attack are those of the files.
    """
    from xaudio.audio import read_clip

    chosen = _settings(setting or [], steps)
    budget = budget_of(snr, amplitude, masked)
    # All clips are read before anything is computed: a bad one is told at once.
    opened = [read_clip(path) for path in clips]

    from perturbations.attacks import load_attack
    from xaudio.attacking import attack_clip, check_attack, check_label
    from xaudio.classifiers import load_classifier
    from xaudio.explaining import model_spec

    wanted = load_attack(attack, **chosen)
    classifier = load_classifier(model, weights, device, label or None, sample_rate)
    check_attack(wanted, classifier)
    check_label(towards, classifier)
    spec = model_spec(model, weights, label, sample_rate)
    rows = []
    for clip, folder in zip(opened, folder_names(opened), strict=True):
        with progress_bar(f"{attack} on {clip.name}", hidden=as_json) as tell:
            found = attack_clip(
                clip,
                classifier,
                wanted,
                budget,
                towards,
                threshold=threshold,
                repeat=repeat,
                model=spec,
                progress=lambda share: tell(round(1000 * share), 1000),
            )
        files = found.save(out / f"{folder}-{attack}")
        named = {what: str(path) for what, path in files.items()}
        rows.append({**found.summary(), "files": named})
    if as_json:
        print_json(rows)
        return
    _show(rows)


def _settings(entries: list[str], steps: int | None) -> dict[str, Any]:
    given = dict(parse_settings(entries))
    return given if steps is None else {**given, "steps": steps}


def _show(rows: list[dict[str, Any]]) -> None:
    header = ("clip", "goal", "reached", "before", "after", "SNR", "largest change", "evaluations")
    print_table(header, [_cells(row) for row in rows])
    for row in rows:
        if not row["survived_rounding"]:
            typer.echo(f"  {row['clip']}: rounding to 16 bits undid what the attack reached.")
        for path in row["files"].values():
            typer.echo(f"  {path}")
    typer.echo("The scores after are those of the 16-bit files as written.")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["clip"],
        row["goal"],
        "already" if row["already"] else "yes" if row["succeeded"] else "no",
        f"{row['label_before']} {row['score_before']:.2f}",
        f"{row['label_after']} {row['score_after']:.2f}",
        f"{row['snr_db']:.1f} dB",
        f"{row['linf']:.5f}",
        str(row["evaluations"]),
    )
