"""``xaudio suites``: named grids of corruptions, and what one holds."""

from typing import Annotated, Any

import typer

from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def suites(
    name: Annotated[
        str | None, typer.Argument(help="A suite, or the path of a .yaml file of your own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the suites of corruptions, or show one as YAML."""
    if name is None:
        _list(as_json)
    else:
        _show(name, as_json)


def _list(as_json: bool) -> None:
    from perturbations.suites import load_suite, suite_names

    rows = [_summed_up(load_suite(name)) for name in suite_names()]
    if as_json:
        print_json(rows)
        return
    columns = ("name", "conditions", "corrupted_versions", "summary")
    header = ["suite", "conditions", "versions of a clip", "what it is for"]
    print_table(header, [[row[column] for column in columns] for row in rows])


def _summed_up(suite: Any) -> dict[str, Any]:
    return {
        "name": suite.name,
        "summary": suite.summary,
        "conditions": len(suite.conditions),
        "corrupted_versions": sum(len(condition.severities) for condition in suite.conditions),
    }


def _show(name: str, as_json: bool) -> None:
    from perturbations.suites import load_suite, suite_text

    suite = load_suite(name)
    if not as_json:
        typer.echo(suite_text(name), nl=False)
        return
    conditions = [_described(condition) for condition in suite.conditions]
    print_json({"name": suite.name, "summary": suite.summary, "conditions": conditions})


def _described(condition: Any) -> dict[str, Any]:
    corruption = condition.corruption
    return {
        "name": condition.name,
        "corruption": corruption.name,
        "quantity": corruption.quantity,
        "parameters": {
            severity: corruption.parameters(severity) for severity in condition.severities
        },
    }
