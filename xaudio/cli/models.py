"""``xaudio models``: the models there are by name."""

import typer

from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def models(as_json: Json = False) -> None:
    """List the models there are by name."""
    from xaudio.models.registry import models as registry

    summaries = {name: _first_line(registry.get(name)) for name in registry.names()}
    if as_json:
        print_json([{"name": name, "summary": summary} for name, summary in summaries.items()])
        return
    print_table(["model", "what it is"], summaries.items())
    typer.echo(
        "A model of your own: hf:<id or folder>, model.onnx, model.pt2 or pkg.module:factory."
    )


def _first_line(build: object) -> str:
    return (build.__doc__ or "").strip().partition("\n")[0].replace("``", "")
