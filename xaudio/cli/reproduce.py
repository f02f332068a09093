"""``xaudio reproduce``: a case record made again, and what differs."""

from pathlib import Path
from typing import Annotated

import typer

from perturbations.errors import UserError
from xaudio.cli.options import Device, Settings, Weights
from xaudio.cli.output import Json, parse_settings, print_json, print_table, progress_bar

DIFFERS = 1

app = typer.Typer(add_completion=False)


@app.command()
def reproduce(
    record: Annotated[
        Path, typer.Argument(metavar="RECORD", help="record.json, its folder, or a zip file.")
    ],
    clip: Annotated[
        Path | None, typer.Option(help="The recording, where it is not beside the record.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model, where it is none of the program's own: see 'xaudio models'."),
    ] = None,
    weights: Weights = None,
    setting: Settings = None,
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Make a case again from its record and say what differs; exit code 1 where that matters.

    A record is input from anybody: no file, module or address that it names is opened unless it
    is given here again.
    """
    from xaudio.records import Given, reproduce

    given = Given(clip, model, weights, parse_settings(setting or []), device)
    try:
        with progress_bar("  made again", as_json) as tell:
            found = reproduce(record, given, lambda share: tell(round(100 * share), 100))
    except UserError as error:
        raise type(error)(printable(str(error))) from None
    if as_json:
        print_json(found.as_dict())
    else:
        print_table(
            ["", "recorded", "found", "difference", "tolerance", ""],
            [[printable(cell) for cell in each.row] for each in found.worth_a_row],
        )
        for note in (*found.not_made, found.sentence):
            typer.echo(printable(note))
        typer.echo(f"SHA-256 of the record: {found.record_sha256}")
    raise typer.Exit(0 if found.same else DIFFERS)


def printable(text: str) -> str:
    r"""The text without what a terminal would obey: a record may hold anything.

    >>> printable("voice\x1b[2J.wav")
    'voice�[2J.wav'
    """
    return "".join(letter if letter.isprintable() else "�" for letter in text)
