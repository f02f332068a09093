"""A sweep's tables in a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import Any

import typer

from xaudio.cli.output import print_table
from xaudio.reports.amounts import counted, duration, sound_text

MOST_ROWS = 60
WORST = 8

Row = Mapping[str, Any]


def print_estimate(expected: Any) -> None:
    """What a sweep will take, before it starts; on the error stream, beside the bar."""
    if not expected.waiting:
        cells = counted(expected.cells, "cell")
        said = f"Finished: {expected.cells:,} of {cells}." if expected.cells else "Nothing to do."
        typer.echo(said, err=True)
        return
    models = ", ".join(
        f"{name} {duration(seconds)}" for name, seconds in expected.score_seconds.items()
    )
    typer.echo(
        f"{counted(expected.clips, 'clip')}, {counted(expected.cells, 'cell')}, "
        f"{expected.waiting:,} to do: {counted(expected.rows, 'score')} over "
        f"{sound_text(expected.audio_seconds)} of audio.\n"
        f"About {duration(expected.wall_seconds)} on {expected.workers} "
        f"{'process' if expected.workers == 1 else 'processes'}, start and report apart (one core: "
        f"decoding {duration(expected.decode_seconds)}, corruption "
        f"{duration(expected.corrupt_seconds)}, {models}); {_mebibytes(expected.disk_bytes)} on "
        "disk.",
        err=True,
    )
    for what, why in expected.failing.items():
        typer.echo(f"Every clip that was tried failed: {what}: {why}", err=True)


def _mebibytes(count: float) -> str:
    mebibytes = count / 2**20
    if mebibytes < 0.1:
        return "less than 0.1 MiB"
    return f"{mebibytes:,.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.1f} MiB"


def print_conditions(rows: Sequence[Row], failed: int, folder: Path, most: int) -> None:
    """The condition table; of one with more rows the clean ones and the worst of every model."""
    rows = sorted(rows, key=lambda row: (row["model"], row["severity"] > 0, row["corruption"]))
    shown = rows if len(rows) <= most else worst_conditions(rows)
    detectors = [row for row in shown if row["accuracy"] is None]
    others = [row for row in shown if row["accuracy"] is not None]
    if detectors or not others:
        header = ["model", "condition", "EER, re-fitted", "FRR", "FAR", "flipped"]
        print_table(header, map(_of_detector, detectors))
        typer.echo("FRR, FAR and flipped decisions at the threshold fixed on clean clips.")
    if others:
        print_table(["model", "condition", "accuracy", "flipped"], map(_of_classifier, others))
        typer.echo("Flipped: decided otherwise than when clean.")
    if len(shown) < len(rows):
        typer.echo(
            f"Of {len(rows)} rows the clean clips' and every model's {WORST} worst; all of them: "
            f"xaudio sweep results {quote(str(folder))}"
        )
    if _partial(rows):
        typer.echo(
            "Some conditions are over fewer clips than others: their cells are not finished."
        )
    if failed:
        typer.echo(f"{failed} scores are missing; the report says which and why.")


def _partial(rows: Sequence[Row]) -> bool:
    """Whether conditions lack scores that are not failures."""
    return len({row["clips"] + row["failed"] for row in rows}) > 1


def worst_conditions(rows: Sequence[Row], each: int = WORST) -> list[Row]:
    """Every model's clean row and the conditions under which most of its decisions flip."""
    shown: list[Row] = []
    for model in dict.fromkeys(row["model"] for row in rows):
        mine = [row for row in rows if row["model"] == model]
        corrupted = [row for row in mine if row["severity"] > 0]
        worst = sorted(corrupted, key=lambda row: -(row["flipped"] or 0.0))[:each]
        shown += [row for row in mine if row["severity"] == 0] + worst
    return shown


def _of_classifier(row: Row) -> list[str]:
    from xaudio.reports.measures import share_text, with_interval

    accuracy = with_interval(row["accuracy"], row["accuracy_low"], row["accuracy_high"])
    return [row["model"], _condition(row), accuracy, share_text(row["flipped"])]


def _condition(row: Row) -> str:
    return f"{row['corruption']} {row['severity'] or ''}".strip()


def _of_detector(row: Row) -> list[str]:
    from xaudio.reports.measures import share_text
    from xaudio.reports.sweep_report import interval_text

    return [
        row["model"],
        _condition(row),
        interval_text(row),
        share_text(row["false_rejection"]),
        share_text(row["false_acceptance"]),
        share_text(row["flipped"]),
    ]
