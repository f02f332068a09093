"""``xaudio demo``: the main job end to end, on real speech, from nothing."""

from pathlib import Path
from typing import Annotated

import typer

from xaudio.cli.output import Json, print_json, progress_bar

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that is made.")] = Path("demo"),
    speech: Annotated[
        Path | None,
        typer.Option(help="Folder of human speech. Without it: telephone prompts from Debian."),
    ] = None,
    utterances: Annotated[int, typer.Option(min=2, help="Human utterances.")] = 30,
    sentences: Annotated[int, typer.Option(min=0, help="Sentences of each engine.")] = 6,
    workers: Annotated[int, typer.Option(min=2, help="Processes.")] = 2,
    as_json: Json = False,
) -> None:
    """Build a corpus, explain, corrupt, measure; write report.html and print a summary."""
    from xaudio.demonstration.main_job import DemoSize, demonstrate
    from xaudio.demonstration.summary import summary_figures, summary_text

    size = DemoSize(utterances=utterances, sentences=sentences)
    summary = demonstrate(out, speech, size, lambda what: progress_bar(what, as_json), workers)
    if as_json:
        print_json(summary_figures(summary))
    else:
        typer.echo(summary_text(summary))
        typer.echo(f"\nReport: {out / 'report.html'}")
