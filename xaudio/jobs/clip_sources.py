"""Where a run may take its clips from: manifests and folders of clips, below the given folders."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from xaudio.errors import CorpusError

NEEDED = ("clip", "path", "label")
SUFFIXES = (".parquet", ".csv", ".tsv")
MOST_MANIFESTS = 200
MOST_FOLDERS = 200
MOST_LOOKED_AT = 20_000  # files and folders: a page does not wait for a whole disk


def manifests_in(folders: Sequence[Path]) -> dict[str, Path]:
    """The manifests in some folders by the names a page shows, the first 200.

    A file counts as one when it has a manifest's columns. The lists inside stores of sweeps are
    left aside, and so are links that lead out of their folder.
    """
    found: dict[str, Path] = {}
    for shown, folder in _named(folders):
        for path in _below(folder):
            if len(found) == MOST_MANIFESTS:
                return found
            if path.suffix.lower() in SUFFIXES and path.is_file() and _is_manifest(path):
                found[f"{shown}/{path.relative_to(folder).as_posix()}"] = path
    return found


def clip_folders_in(folders: Sequence[Path]) -> dict[str, Path]:
    """The folders in which recordings lie, by the names a page shows, the first 200."""
    from xaudio.datasets.human_speech import AUDIO_SUFFIXES

    found: dict[str, Path] = {}
    for shown, folder in _named(folders):
        homes = dict.fromkeys(
            path.parent for path in _below(folder) if path.suffix.lower() in AUDIO_SUFFIXES
        )
        if len(homes) > 1:
            homes = {folder: None} | homes
        for home in homes:
            if len(found) < MOST_FOLDERS:
                place = home.relative_to(folder).as_posix()
                found[shown if place == "." else f"{shown}/{place}"] = home
    return found


def _named(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    names = [folder.name for folder in folders]
    for folder in folders:
        yield (folder.name if names.count(folder.name) == 1 else str(folder)), folder


def _below(folder: Path) -> Iterator[Path]:
    """The files below a folder in the order of their names; links out of it are left aside."""
    home = folder.resolve()
    left = MOST_LOOKED_AT
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            left -= 1
            path = Path(place) / name
            if left < 0:
                return
            if not path.is_symlink() or path.resolve().is_relative_to(home):
                yield path


def _is_manifest(path: Path) -> bool:
    if (path.parent / "plan.parquet").is_file() or "cells" in path.parts[-3:-1]:
        return False
    try:
        return set(NEEDED) <= set(_columns(path))
    except (CorpusError, OSError, ValueError, csv.Error):
        return False


def _columns(path: Path) -> list[str]:
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        return list(pq.read_schema(path).names)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file, delimiter=delimiter), [])
