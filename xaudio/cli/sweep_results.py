"""``xaudio sweep results``: a sweep's tables, whole or in part."""

from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.output import Json, print_json
from xaudio.cli.sweep_tables import print_conditions


def results(
    folder: Annotated[Path, typer.Argument(help="Folder of a sweep, finished or not.")],
    model: Annotated[str | None, typer.Option(help="Only this model's.")] = None,
    corruption: Annotated[str | None, typer.Option(help="Only under this condition.")] = None,
    severity: Annotated[int | None, typer.Option(help="Only at this one; 0 is clean.")] = None,
    as_json: Json = False,
) -> None:
    """How well do the models do? Error rates by condition, from the cells that are finished."""
    from xaudio.sweeps import open_store
    from xaudio.sweeps.tables import condition_table

    store = open_store(folder)
    _check_asked(store.planned(), model=model, corruption=corruption, severity=severity)
    conditions = condition_table(store.rows(model=model))
    kept = [
        row
        for row in conditions.to_pylist()
        if corruption in (None, row["corruption"]) and severity in (None, row["severity"])
    ]
    if as_json:
        print_json({"out": str(folder), "remaining": store.remaining(), "conditions": kept})
        return
    print_conditions(kept, sum(row["failed"] for row in kept), folder, most=len(kept))
    if left := store.remaining():
        typer.echo(f"{left} {'cell is' if left == 1 else 'cells are'} not finished yet.")


def _check_asked(planned: Any, **asked: object) -> None:
    """Refuse a model or condition that the sweep does not have.

    Raises:
        SweepError: Says what there is.
    """
    import pyarrow.compute as pc

    from xaudio.errors import SweepError

    for column, value in asked.items():
        there = sorted(pc.unique(planned[column]).to_pylist())
        if value is not None and value not in there:
            raise SweepError(
                f"The sweep has no {column} '{value}'; there {'is' if len(there) == 1 else 'are'} "
                f"{', '.join(map(str, there))}."
            )
