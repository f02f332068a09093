"""``xaudio methods``: the explaining methods and their settings."""

from dataclasses import MISSING, Field, fields
from typing import Any

import typer

from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def methods(as_json: Json = False) -> None:
    """List the explaining methods and their settings."""
    from explainers.explainer import explainers

    rows = [_described(explainers.get(name)) for name in explainers.names()]
    if as_json:
        print_json(rows)
        return
    print_table(["method", "what it does; what it needs; its settings"], map(_lines, rows))
    typer.echo("Change a setting with --setting name=value.")


def _lines(row: dict[str, Any]) -> tuple[str, str]:
    sign = "With a sign" if row["signed"] else "Strength without a sign"
    needs = "needs gradients" if row["needs_gradients"] else "works on any model"
    settings = ", ".join(f"{name}={value}" for name, value in row["settings"].items())
    return row["name"], "\n".join(
        [row["summary"], f"{sign}; {needs}.", *([settings] if settings else []), ""]
    )


def _described(method: Any) -> dict[str, Any]:
    return {
        "name": method.name,
        "summary": method.summary,
        "signed": method.signed,
        "needs_gradients": method.needs_gradients,
        "settings": {entry.name: _default(entry) for entry in fields(method) if entry.init},
    }


def _default(entry: Field) -> Any:
    if entry.default is not MISSING:
        return entry.default
    return entry.default_factory() if entry.default_factory is not MISSING else None
