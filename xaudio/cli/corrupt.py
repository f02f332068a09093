"""``xaudio corrupt``: pass clips through corruptions or a suite and write what comes out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from perturbations.errors import UserError
from xaudio.cli.options import Clips
from xaudio.cli.output import (
    Json,
    folder_names,
    parse_settings,
    print_json,
    print_table,
    progress_bar,
)

app = typer.Typer(add_completion=False)

MILD_TO_HARSH = "1 (mild) to 5 (harsh); may be given several times. [3; all of a suite's]"


@app.command()
def corrupt(
    clips: Clips,
    corruption: Annotated[
        list[str] | None,
        typer.Option(help="Name, see 'xaudio corruptions'; may be given several times."),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(help="Name of a suite (deepfake-16) or a YAML file: every condition of it."),
    ] = None,
    severity: Annotated[list[int] | None, typer.Option(help=MILD_TO_HARSH)] = None,
    repeat: Annotated[int, typer.Option(min=0, help="Other random numbers for the same clip.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("corrupted"),
    setting: Annotated[
        list[str] | None, typer.Option(help="name=value, of the corruption; may be repeated.")
    ] = None,
    certificate: Annotated[
        bool, typer.Option("--certificate", help="Measure what was done; a suite's always is.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pass clips through corruptions, or every condition of a suite, and write WAV files.

    With a suite the folder also gets a contact sheet to see and hear them all: index.html.
    """
    if bool(corruption) == bool(suite):
        raise UserError("Give a --corruption (one or more), or else a --suite.")
    if suite and setting:
        raise UserError("A --setting belongs to a --corruption; a suite has its own in its file.")
    if suite:
        _with_suite(clips, suite, severity, repeat, out, as_json)
        return
    settings = parse_settings(setting or [])
    kinds = [(name, level) for name in corruption or [] for level in severity or [3]]
    _with_corruptions(clips, kinds, repeat, out, settings, certificate, as_json)


def _with_corruptions(
    paths: Sequence[Path],
    kinds: Sequence[tuple[str, int]],
    repeat: int,
    out: Path,
    settings: Any,
    certified: bool,
    as_json: bool,
) -> None:
    from xaudio.audio import read_clip
    from xaudio.corrupted_versions import write_table, write_version
    from xaudio.corrupting import corrupt as corrupt_clip
    from xaudio.folders import filled_whole

    clips = [read_clip(path) for path in paths]
    made = [
        (stem, clip, corrupt_clip(clip, name, severity, repeat, settings))
        for clip, stem in zip(clips, folder_names(clips), strict=True)
        for name, severity in kinds
    ]
    with filled_whole(out, "The corrupted clips") as folder:
        written = [
            write_version(
                folder, stem, clip, result, result.certificate(clip) if certified else None
            )
            for stem, clip, result in made
        ]
        if certified:
            write_table(folder, written)
    if as_json:
        print_json([_row(out, version) for version in written])
        return
    for version in written:
        typer.echo(_line(out, version))
        if version.certificate is not None:
            _print_certificate(version.certificate)


def _with_suite(
    paths: Sequence[Path],
    name: str,
    severities: Sequence[int] | None,
    repeat: int,
    out: Path,
    as_json: bool,
) -> None:
    from perturbations.suites import load_suite
    from xaudio.audio import read_clip
    from xaudio.suite_folder import SHEET, write_suite

    suite = load_suite(name)
    clips = [read_clip(path) for path in paths]
    named = dict(zip(folder_names(clips), clips, strict=True))
    with progress_bar("Corrupting", as_json) as progress:
        written = write_suite(out, named, suite, severities, repeat, progress)
    if as_json:
        print_json([_row(out, version) for version in written])
        return
    primary = {each.name: each.corruption.primary for each in suite.conditions}
    title = clips[0].name if len(clips) > 1 else ""
    print_table(["condition", "what", *_headings(written)], _table(written, primary), title)
    missing = [version for version in written if version.file is None]
    if missing:
        typer.echo(
            f"{len(missing)} of {len(written)} versions could not be made; the contact sheet says "
            f"why. '{missing[0].condition}': {missing[0].error}",
            err=True,
        )
    typer.echo(f"{len(written) - len(missing)} versions in {out}; to see and hear: {out / SHEET}")


def _headings(written: Sequence[Any]) -> list[str]:
    return [f"severity {each}" for each in sorted({version.severity for version in written})]


def _table(written: Sequence[Any], primary: dict[str, str]) -> list[list[str]]:
    """A row per condition of the first clip: its own figure by severity."""
    from xaudio.reports.quantities import quantity_name, value_text

    severities = sorted({version.severity for version in written})
    shown = [version for version in written if version.digest == written[0].digest]
    rows = []
    for condition in dict.fromkeys(version.condition for version in shown):
        figure = primary[condition]
        by_severity = {
            version.severity: version.certificate and version.certificate.value(figure)
            for version in shown
            if version.condition == condition
        }
        values = [value_text(figure, by_severity.get(severity)) for severity in severities]
        rows.append([condition, quantity_name(figure), *values])
    return rows


def _print_certificate(certificate: Any) -> None:
    from xaudio.reports.quantities import quantity_name, value_text

    figures = certificate.as_dict()
    for name, value in (figures | figures.pop("facts")).items():
        if value is not None:
            typer.echo(f"    {quantity_name(name)}: {value_text(name, value)}")


def _line(out: Path, version: Any) -> str:
    parameters = ", ".join(f"{name} {value}" for name, value in version.parameters.items())
    return f"{out / version.file}  ({parameters or 'unchanged'})"


def _row(out: Path, version: Any) -> dict[str, Any]:
    """A version as JSON, its file as a path from here."""
    row: dict[str, Any] = version.as_dict()
    return row | {"file": version.file and str(out / version.file)}
