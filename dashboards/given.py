"""What the dashboard was given at the start: the folders and models it may offer, and no others."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from perturbations.errors import UserError
from xaudio.datasets.human_speech import AUDIO_SUFFIXES
from xaudio.explaining import DEFAULT_MODEL, model_spec
from xaudio.provenance import ModelSpec

MOST_CLIPS = 5000


@dataclass(frozen=True)
class Given:
    """What the pages may offer.

    Attributes:
        folders: Where clips may be picked from, with all that lies below.
        models: By the name a page shows; the bundled one first.
    """

    folders: tuple[Path, ...]
    models: Mapping[str, ModelSpec]


def parse_arguments(words: Sequence[str]) -> Given:
    """Read ``--folder DIR`` and ``--model SPEC`` or ``--model SPEC=WEIGHTS``, each repeatable.

    Raises:
        UserError: A word is not understood, or a folder is not there.

    >>> list(parse_arguments(["--model", "aasist-l=weights/AASIST-L.pth"]).models)
    ['lcnn', 'aasist-l (AASIST-L.pth)']
    """
    parser = _Parser(prog="xaudio dashboard", add_help=False)
    parser.add_argument("--folder", action="append", type=Path, default=[])
    parser.add_argument("--model", action="append", type=_named_model, default=[])
    said = parser.parse_args(list(words))
    for path in said.folder:
        if not path.is_dir():
            raise UserError(f"There is no folder '{path}' for the dashboard to offer.")
    bundled = (DEFAULT_MODEL, model_spec(DEFAULT_MODEL))
    folders = dict.fromkeys(path.resolve() for path in said.folder)
    return Given(tuple(folders), dict([bundled, *said.model]))


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
        for path in sorted(folder.rglob("*")):
            if len(found) == MOST_CLIPS:
                return found
            if _is_recording(path, folder):
                found[f"{shown}/{path.relative_to(folder).as_posix()}"] = path
    return found


def _is_recording(path: Path, folder: Path) -> bool:
    return (
        path.suffix.lower() in AUDIO_SUFFIXES
        and path.is_file()
        and path.resolve().is_relative_to(folder.resolve())
    )


def _named_model(words: str) -> tuple[str, ModelSpec]:
    name, _, weights = words.partition("=")
    if not weights:
        return name, model_spec(name)
    return f"{name} ({Path(weights).name})", model_spec(name, weights)
