"""``xaudio corruptions``: the corruptions and what their severities mean."""

from dataclasses import fields
from types import NoneType
from typing import Any

import typer

from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def corruptions(as_json: Json = False) -> None:
    """List the corruptions and what their severities mean."""
    from perturbations.corruption import corruptions as registry
    from perturbations.corruption import load_corruption

    rows = [_described(load_corruption(name)) for name in registry.names()]
    if as_json:
        print_json(rows)
        return
    print_table(["corruption", "what it does; severity 1 (mild) to 5 (harsh)"], map(_lines, rows))


def _lines(row: dict[str, Any]) -> tuple[str, str]:
    levels = ", ".join(f"{level:g}" for level in row["levels"])
    settings = [
        f"{name}={'' if value is None else value}" for name, value in row["settings"].items()
    ]
    return row["name"], "\n".join(
        [row["summary"], f"{row['quantity']}: {levels}", *settings, ""],
    )


def _described(corruption: Any) -> dict[str, Any]:
    return {
        "name": corruption.name,
        "summary": corruption.summary,
        "quantity": corruption.quantity,
        "levels": list(corruption.levels),
        "settings": _defaults(corruption),
    }


def _defaults(corruption: Any) -> dict[str, Any]:
    """The settings that can be typed, under the names by which they are given."""
    settings = {field.name: getattr(corruption, field.name) for field in fields(corruption)}
    typed = (bool, int, float, str, NoneType)
    return {name: value for name, value in settings.items() if isinstance(value, typed)}
