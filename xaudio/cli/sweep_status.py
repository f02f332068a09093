"""``xaudio sweep status``: how far a sweep is, and what failed."""

from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.output import Json, print_json, print_table

MOST_REASONS = 12


def status(
    folder: Annotated[Path, typer.Argument(help="Folder of a sweep.")],
    as_json: Json = False,
) -> None:
    """How far is a sweep? Cells by model, and the reasons why clips failed."""
    from xaudio.sweeps.progress_report import status_of

    state = status_of(folder)
    if as_json:
        print_json(state.as_dict())
        return
    print_table(
        ["model", "cells finished", "of", "scores", "failed"],
        [
            [model.name, model.finished, model.cells, model.scores, model.failed]
            for model in state.models
        ],
    )
    if state.reasons:
        print_table(
            ["recordings", "why they failed"],
            [[count, why] for why, count in state.reasons[:MOST_REASONS]],
        )
        typer.echo("Once the cause is mended, --retry-failed does their cells again.")
    left = sum(model.cells - model.finished for model in state.models)
    said = f"{left} {'cell is' if left == 1 else 'cells are'} left; the same command goes on."
    typer.echo(said if left else "Finished.")
