"""``xaudio corrupt``: pass clips through a corruption and write what comes out."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from xaudio.cli.output import Json, folder_names, parse_settings, print_json

app = typer.Typer(add_completion=False)


@app.command()
def corrupt(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Recordings.")],
    corruption: Annotated[
        list[str], typer.Option(help="Name, see 'xaudio corruptions'; may be given several times.")
    ],
    severity: Annotated[
        list[int], typer.Option(help="1 (mild) to 5 (harsh); may be given several times.")
    ] = [3],  # noqa: B006 - typer copies it
    repeat: Annotated[int, typer.Option(min=0, help="Other random numbers for the same clip.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the WAV files.")] = Path("corrupted"),
    setting: Annotated[
        list[str] | None, typer.Option(help="name=value, of the corruption; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Pass clips through corruptions and write WAV files."""
    from xaudio.audio import read_clip
    from xaudio.corrupting import corrupt as corrupt_clip

    settings = parse_settings(setting or [])
    opened = [read_clip(path) for path in clips]
    made = [
        (name, corrupt_clip(clip, kind, level, repeat, settings))
        for clip, name in zip(opened, folder_names(opened), strict=True)
        for kind in corruption
        for level in severity
    ]
    written = [_write(out, name, result) for name, result in made]
    if as_json:
        print_json(written)
        return
    for row in written:
        parameters = ", ".join(f"{name} {value}" for name, value in row["parameters"].items())
        typer.echo(f"{row['file']}  ({parameters or 'unchanged'})")


def _write(out: Path, name: str, result: Any) -> dict[str, Any]:
    from xaudio.audio import write_audio

    repeat = f"-{result.repeat}" if result.repeat else ""
    path = out / f"{name}-{result.corruption}-{result.severity}{repeat}.wav"
    out.mkdir(parents=True, exist_ok=True)
    write_audio(path, result.clip.samples, result.clip.sample_rate)
    return {
        "clip": result.clip.name,
        "file": str(path),
        "corruption": result.corruption,
        "severity": result.severity,
        "repeat": result.repeat,
        "parameters": dict(result.parameters),
        "time_map": _time_map(result.time_map),
    }


def _time_map(time_map: Any) -> dict[str, Sequence[float]] | None:
    return None if time_map.is_identity else asdict(time_map)
