"""Every version of a clip on one page: seen, heard and measured, a row per condition."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from xaudio.reports.html import (
    Html,
    data_uri,
    details,
    escape,
    note,
    page,
    paragraph,
    table,
)
from xaudio.reports.png import map_png
from xaudio.reports.quantities import quantity_name, quantity_text, value_text
from xaudio.reports.spectrogram import spectrogram

ROWS, MOST_COLUMNS = 80, 600
RANGE_DB = 80.0
FIRST_FIGURES = ("bitrate_kbps", "snr_db", "pesq", "log_spectral_distance_db", "highest_hz")
LEAST_SNR_DB = -20.0
MOST_FIGURES = 4

Figures = Mapping[str, float | int | str | None]


@dataclass(frozen=True)
class Version:
    """The clip, or what became of it.

    Attributes:
        heading: Which version: ``severity 3``.
        parameters: What was asked for.
        figures: What was measured: a certificate's figures and facts by name.
        picture: A small spectrogram as a PNG file.
        width: Its length beside the longest version, 0 to 1.
        sound: Compressed, as an MP3 file.
        file: Where the whole sound is, relative to the page; empty where it is nowhere.
    """

    heading: str
    parameters: Figures
    figures: Figures
    picture: bytes
    width: float
    sound: bytes
    file: str


@dataclass(frozen=True)
class Missing:
    """A version that could not be made."""

    heading: str
    reason: str


@dataclass(frozen=True)
class SheetRow:
    """One condition.

    Attributes:
        name: What it is called.
        summary: What it does.
        primary: The figure that grows or shrinks with the severity.
        versions: By severity.
    """

    name: str
    summary: str
    primary: str
    versions: Sequence[Version | Missing]


def contact_sheet(
    title: str, summary: str, clean: Version, rows: Sequence[SheetRow], heard: str = ""
) -> Html:
    """The whole page, which needs nothing beside itself but the whole sounds it links to.

    Args:
        title: The clip's name.
        summary: What was done to it, in a sentence.
        clean: The clip as it was.
        rows: A row per condition.
        heard: How what is heard here differs from the files, in a sentence.
    """
    parts = [
        Html(f"<style>{STYLE}</style>"),
        _clean_part(clean),
        *([note(heard)] if heard else []),
        _contents(rows),
        *(_row(number, row) for number, row in enumerate(rows)),
    ]
    return page(title, parts, summary)


def sheet_list(title: str, summary: str, sheets: Mapping[str, str]) -> Html:
    """A page that links to the sheets of several clips.

    Args:
        title: Heading of the page.
        summary: One line under it.
        sheets: File names of the sheets by the clips' names.
    """
    links = "".join(
        f'<li><a href="{escape(address(file))}">{escape(name)}</a></li>'
        for name, file in sheets.items()
    )
    return page(title, [Html(f"<ul>{links}</ul>")], summary)


def address(file: str) -> str:
    """A file beside the page, as a link names it.

    >>> address("a b:#1.wav")
    './a%20b%3A%231.wav'
    """
    return f"./{quote(file)}"


def thumbnail(
    samples: Float[ndarray, " time"],
    sample_rate: int,
    seconds_per_column: float,
    loudest_db: float,
    colours: str = "magma",
) -> bytes:
    """A small spectrogram as a PNG file, on scales that all versions of a clip can share.

    Args:
        samples: What is drawn.
        sample_rate: In hertz.
        seconds_per_column: Of one pixel; a version that lasts longer is wider.
        loudest_db: The brightest level, dB relative to a full-scale sine; 80 dB lie below it.
        colours: A perceptually uniform matplotlib colour map.
    """
    image = spectrogram(
        samples, sample_rate, hop_seconds=seconds_per_column, most_columns=MOST_COLUMNS
    )
    decibels = fewer_rows(image.decibels, ROWS)
    return map_png(decibels[::-1], loudest_db - RANGE_DB, loudest_db, colours)


def fewer_rows(decibels: Float[ndarray, "frequency time"], most: int) -> Float[ndarray, "row time"]:
    """At most so many rows, each the mean of its neighbours."""
    count = min(most, len(decibels))
    starts = np.linspace(0, len(decibels), count + 1)[:-1].astype(int)
    sizes = np.diff(np.append(starts, len(decibels)))
    summed: ndarray = np.add.reduceat(decibels, starts, axis=0)
    return summed / sizes[:, None].astype(decibels.dtype)


def _clean_part(clean: Version) -> Html:
    shown = [name for name in FIGURES_OF_CLEAN if clean.figures.get(name) is not None]
    return Html(
        '<section class="clean" aria-label="The clean clip">'
        f"{_picture(clean, 'the clean clip')}<div>{_player(clean, 'the clean clip')}"
        f"<p>{', '.join(_figure(clean, name) for name in shown)}</p></div></section>"
    )


def _contents(rows: Sequence[SheetRow]) -> Html:
    links = " ".join(
        f'<a href="#condition-{number}">{escape(row.name)}</a>' for number, row in enumerate(rows)
    )
    return Html(f'<nav class="contents" aria-label="Conditions">{links}</nav>')


def _row(number: int, row: SheetRow) -> Html:
    cells = "".join(f"<li>{_cell(row, version)}</li>" for version in row.versions)
    return Html(
        f'<section id="condition-{number}"><h2>{escape(row.name)}</h2>{paragraph(row.summary)}'
        f'<ol class="sheet">{cells}</ol>{_all_figures(row)}</section>'
    )


def _cell(row: SheetRow, version: Version | Missing) -> Html:
    heading = f"<h3>{escape(version.heading)}</h3>"
    if isinstance(version, Missing):
        return Html(f'{heading}<p class="missing">{escape(version.reason)}</p>')
    what = f"{row.name}, {version.heading}"
    asked = ", ".join(quantity_text(*parameter) for parameter in first(version.parameters))
    lines = "".join(f"<li>{_figure(version, name)}</li>" for name in shown_figures(row, version))
    return Html(
        f'{heading}<p class="asked">{escape(asked)}</p>{_picture(version, what)}'
        f'{_player(version, what)}<ul class="figures">{lines}</ul>'
    )


def first(parameters: Figures) -> Iterator[tuple[str, float | int | str | None]]:
    """What the severity sets: the first parameter. The settings are in the table."""
    yield from list(parameters.items())[:1]


def shown_figures(row: SheetRow, version: Version) -> list[str]:
    """The figures to read first: the condition's own, then those that tell most codecs apart."""
    names = dict.fromkeys((row.primary, *FIRST_FIGURES))
    return [name for name in names if name == row.primary or _tells(version, name)][:MOST_FIGURES]


def _tells(version: Version, name: str) -> bool:
    """Whether there is such a figure; an SNR far below zero says only that nothing is alike."""
    value = version.figures.get(name)
    return value is not None and not (name == "snr_db" and float(value) < LEAST_SNR_DB)


def _figure(version: Version, name: str) -> Html:
    value = escape(value_text(name, version.figures.get(name)))
    return Html(f"{escape(quantity_name(name))} <strong>{value}</strong>")


def _picture(version: Version, what: str) -> Html:
    seconds = version.figures.get("seconds")
    lasting = f", {seconds:.2f} s" if isinstance(seconds, float) else ""
    return Html(
        f'<div class="picture"><img src="{data_uri(version.picture, "image/png")}" '
        f'style="width: {100 * version.width:.1f}%" '
        f'alt="Spectrogram: {escape(what)}{lasting}" loading="lazy"></div>'
    )


def _player(version: Version, what: str) -> Html:
    link = (
        f'<a href="{escape(address(version.file))}" aria-label="WAV file: {escape(what)}">WAV</a>'
        if version.file
        else ""
    )
    return Html(
        '<div class="player"><audio controls preload="metadata" '
        f'aria-label="Listen: {escape(what)}" '
        f'src="{data_uri(version.sound, "audio/mpeg")}"></audio>{link}</div>'
    )


def _all_figures(row: SheetRow) -> Html:
    made = [version for version in row.versions if isinstance(version, Version)]
    if not made:
        return Html("")
    asked = dict.fromkeys(name for version in made for name in version.parameters)
    found = dict.fromkeys(name for version in made for name in version.figures)
    lines = [
        *_lines("asked: ", asked, [version.parameters for version in made]),
        *_lines("", found, [version.figures for version in made]),
    ]
    header = ["", *(version.heading for version in made)]
    return details("All figures", table(header, lines))


def _lines(before: str, names: Mapping[str, None], values: Sequence[Figures]) -> list[list[str]]:
    return [
        [before + quantity_name(name), *(value_text(name, each.get(name)) for each in values)]
        for name in names
        if any(each.get(name) is not None for each in values)
    ]


FIGURES_OF_CLEAN = ("seconds", "loudness_lufs", "peak", "lowest_hz", "highest_hz")
STYLE = """
main { max-width: 1440px; }
.clean { display: grid; gap: 1rem 2rem; align-items: center; margin: 1.2rem 0;
  grid-template-columns: minmax(12rem, 22rem) minmax(12rem, 1fr); }
.contents { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: 1rem 0; }
a { color: var(--accent); }
.sheet { list-style: none; margin: .6rem 0 0; padding: 0; display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); }
.sheet h3 { margin: 0; }
.asked { margin: 0 0 .3rem; color: var(--quiet); font-size: .875rem; }
.picture { background: var(--raised); border-radius: 3px; overflow: hidden; }
.picture img { display: block; height: 6rem; image-rendering: auto; }
.clean .picture img { height: 9rem; }
.player { display: flex; align-items: center; gap: .5rem; }
.player audio { flex: 1; min-width: 0; height: 2.2rem; }
.player a { font-size: .8rem; }
.figures { list-style: none; margin: .3rem 0 0; padding: 0; font-size: .875rem;
  font-variant-numeric: tabular-nums; color: var(--quiet); }
.figures strong, .clean strong { color: var(--ink); font-weight: 600; }
.missing { color: var(--quiet); border-left: 3px solid var(--line); padding-left: .6rem;
  font-size: .875rem; }
@media (max-width: 40rem) { .clean { grid-template-columns: 1fr; } }
@media print { .player { display: none; } .sheet li { break-inside: avoid; } }
"""
