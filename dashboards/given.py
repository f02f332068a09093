"""What the dashboard was given at the start: all that its pages may offer, and nothing else."""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from perturbations.errors import UserError
from xaudio.decoding.formats import AUDIO_SUFFIXES
from xaudio.provenance import ModelSpec

MOST_CLIPS = 5000
BUNDLED = ModelSpec("lcnn")


@dataclass(frozen=True)
class Given:
    """What the pages may offer.

    Attributes:
        folders: Where clips may be picked from, with all that lies below.
        models: By the name a page shows; the bundled one first.
        sweeps: Stores of sweeps, or folders of such stores.
        runs: Where sweeps and batches started from a page are written; None offers none.
        calibration: A file that fixes a threshold and what scores mean.
        address: Of a Ray cluster that explains.
        device: Where models run, as torch names it; None for the best there is.
    """

    folders: tuple[Path, ...] = ()
    models: Mapping[str, ModelSpec] = field(default_factory=lambda: {BUNDLED.name: BUNDLED})
    sweeps: tuple[Path, ...] = ()
    runs: Path | None = None
    calibration: Path | None = None
    address: str | None = None
    device: str | None = None


def parse_arguments(words: Sequence[str]) -> Given:
    """Read the words that ``xaudio dashboard`` hands on.

    ``--folder DIR``, ``--sweep DIR`` and ``--model SPEC`` or ``--model SPEC=WEIGHTS`` may be given
    several times; ``--runs DIR``, ``--calibration FILE``, ``--address ADDRESS`` and ``--device
    DEVICE`` once.

    Raises:
        UserError: A word is not understood, or a folder or file is not there.

    >>> list(parse_arguments(["--model", "aasist-l=weights/AASIST-L.pth"]).models)
    ['lcnn', 'aasist-l (AASIST-L.pth)']
    """
    parser = _Parser(prog="xaudio dashboard", add_help=False, allow_abbrev=False)
    for name in ("--folder", "--sweep"):
        parser.add_argument(name, action="append", type=Path, default=[])
    parser.add_argument("--model", action="append", type=_named_model, default=[])
    for name in ("--runs", "--calibration"):
        parser.add_argument(name, type=Path)
    for name in ("--address", "--device"):
        parser.add_argument(name)
    said = parser.parse_args(list(words))
    check_places(said.folder, said.sweep, said.runs, said.calibration)
    return Given(
        folders=_resolved(said.folder),
        models=dict([(BUNDLED.name, BUNDLED), *said.model]),
        sweeps=_resolved(said.sweep),
        runs=said.runs and said.runs.resolve(),
        calibration=said.calibration and said.calibration.resolve(),
        address=said.address,
        device=said.device,
    )


def check_places(
    folders: Sequence[Path], sweeps: Sequence[Path], runs: Path | None, calibration: Path | None
) -> None:
    """Refuse what is not there.

    Raises:
        UserError: Names the place, and what it was meant for.
    """
    for path in folders:
        if not path.is_dir():
            raise UserError(f"There is no folder '{path}' for the dashboard to offer.")
    for path in sweeps:
        if not path.is_dir():
            raise UserError(f"There is no sweep in '{path}': that is no folder.")
    if runs is not None and runs.exists() and not runs.is_dir():
        raise UserError(f"'{runs}' is no folder; --runs says where the pages may write results.")
    if calibration is not None and not calibration.is_file():
        raise UserError(
            f"There is no file '{calibration}'; 'xaudio calibrate' writes a calibration."
        )


class _Parser(argparse.ArgumentParser):
    """One that tells its reader, who sits at a browser, what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"The dashboard was started with words it does not know: {message}.")


def clips_in(folders: Sequence[Path]) -> dict[str, Path]:
    """The recordings in the folders by the name a page shows, at most `MOST_CLIPS`.

    A link that leads out of its folder is left aside.
    """
    names = [folder.name for folder in folders]
    found: dict[str, Path] = {}
    for folder in folders:
        shown = folder.name if names.count(folder.name) == 1 else str(folder)
        home = folder.resolve()
        for path in _recordings(folder, home):
            if len(found) == MOST_CLIPS:
                return found
            found[f"{shown}/{path.relative_to(folder).as_posix()}"] = path
    return found


def _recordings(folder: Path, home: Path) -> Iterator[Path]:
    """In the order of their names; linked folders are not entered."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _recordings(path, home)
        elif _is_recording(entry) and path.resolve().is_relative_to(home):
            yield path


def _is_recording(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(AUDIO_SUFFIXES) and entry.is_file()


def _resolved(paths: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path.resolve() for path in paths))


def _named_model(words: str) -> tuple[str, ModelSpec]:
    name, _, weights = words.partition("=")
    if not weights:
        return name, ModelSpec(name)
    return f"{name} ({Path(weights).name})", ModelSpec(name, weights)
