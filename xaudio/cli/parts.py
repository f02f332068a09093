"""``xaudio parts``: the ways to cut a clip into parts, and what is put where a part was."""

from typing import Any

import typer

from xaudio.cli.output import Json, print_json, print_table

app = typer.Typer(add_completion=False)


@app.command()
def parts(as_json: Json = False) -> None:
    """List the ways to cut a clip into parts, and what can be put where a part was."""
    from explainers.segmentation import segmenters
    from perturbations.fills import fills

    ways = [_way(segmenters.get(name)) for name in segmenters.names()]
    stand_ins = [_fill(name, fills.get(name)) for name in fills.names()]
    if as_json:
        print_json([*ways, *stand_ins])
        return
    print_table(
        ["way to cut", "the parts"],
        [(row["written"], row["summary"]) for row in ways],
        "For --setting segments=... of the methods that remove parts",
    )
    print_table(
        ["fill", "what is put where a part was"],
        [(row["name"], row["summary"]) for row in stand_ins],
        "For --setting fill=..., or fill=all to see how far it matters",
    )


def _way(segmenter: Any) -> dict[str, str]:
    return {
        "name": segmenter.name,
        "kind": "segments",
        "written": segmenter.form,
        "summary": segmenter.summary,
    }


def _fill(name: str, fill: Any) -> dict[str, str]:
    first_line = (fill.__doc__ or "").strip().splitlines()[0]
    return {"name": name, "kind": "fill", "written": name, "summary": first_line}
