"""``xaudio dataset``: a published data set, a folder or a table, read into a manifest."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from perturbations.errors import UserError
from xaudio.cli.output import Json, print_json, print_table

if TYPE_CHECKING:
    import pyarrow as pa

app = typer.Typer(add_completion=False)

_COUNTED = ("split", "label", "attack", "codec")
_SHOWN = 20  # values of a column; the others are summed up


@app.command()
def dataset(
    kind: Annotated[
        str,
        typer.Argument(
            help="Which data set: asvspoof2021-df, in-the-wild, folder, table ...; a name that "
            "is not known lists all."
        ),
    ],
    folder: Annotated[
        Path,
        typer.Argument(
            help="Where it lies, or the table itself; audio may stay in tar or zip archives."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The manifest to write: .parquet, .csv or .tsv.")],
    split: Annotated[str | None, typer.Option(help="Only this part of the data set.")] = None,
    missing: Annotated[
        str, typer.Option(help="Where audio is not there: 'refuse' all, or 'skip' those clips.")
    ] = "refuse",
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="What a label means, as real=bonafide; may be repeated. For folder and table."
        ),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column is which, as path=file: the manifest's name first; may be repeated. "
            "For table and hsad."
        ),
    ] = None,
    bonafide: Annotated[
        Path | None, typer.Option(help="Folder of human speech, for mlaad and wavefake.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a data set into a manifest for sweeps, and count what is in it."""
    from xaudio.datasets.manifest import save_manifest
    from xaudio.datasets.readers import read_dataset

    settings: dict[str, Any] = {
        "labels": _pairs("--label", label),
        "columns": _pairs("--column", column),
        "bonafide": bonafide,
    }
    given = {name: value for name, value in settings.items() if value}
    manifest = read_dataset(kind, folder, split=split, missing=missing, **given)
    save_manifest(manifest, out)
    counts = {name: _counts(manifest.table, name) for name in _COUNTED}
    if as_json:
        print_json({"manifest": str(out), "clips": len(manifest), "counts": counts})
        return
    rows = [row for name in _COUNTED for row in _rows(name, counts[name])]
    print_table(("column", "value", "clips"), rows, f"{len(manifest)} clips in {out}")
    if len(counts["label"]) == 1:
        typer.echo("All clips have the same label: error rates need bona fide and spoofed ones.")


def _pairs(option: str, entries: list[str] | None) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in entries or ()]
    for name, equals, value in pairs:
        if not (name and equals and value):
            raise UserError(f"{option} is written name=value, but '{name}{equals}' was given.")
    return {name: value for name, _, value in pairs}


def _counts(table: "pa.Table", column: str) -> dict[str, int]:
    """How often each value stands in a column, unknown ones left out, in their order."""
    counted = table[column].drop_null().value_counts().to_pylist()
    return {
        entry["values"]: entry["counts"] for entry in sorted(counted, key=lambda e: e["values"])
    }


def _rows(column: str, counts: dict[str, int]) -> list[tuple[str, str, int]]:
    rows = [(column, value, clips) for value, clips in counts.items()]
    if len(rows) <= _SHOWN:
        return rows
    rest = rows[_SHOWN - 1 :]
    more = (column, f"{len(rest)} others", sum(clips for _, _, clips in rest))
    return [*rows[: _SHOWN - 1], more]
