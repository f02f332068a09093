"""Folders of results, written whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from explainers.errors import ExplanationError
from xaudio.errors import AudioError


@contextmanager
def filled_whole(folder: str | Path, what: str) -> Iterator[Path]:
    """A place beside `folder` to write files to; they are moved there when all are complete.

    Files of the same names that are there already are replaced.

    Args:
        folder: Where they shall lie; made with its parents if it is not there.
        what: That cannot be written, for the error: ``The explanation``.

    Raises:
        ExplanationError: The folder cannot be written to, or the disk is full. Nothing new is left
            there then.
    """
    home = Path(folder)
    new = [place for place in (home, *home.parents) if not place.exists()]
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
        try:
            yield aside
            home.mkdir(exist_ok=True)
            for file in aside.iterdir():
                file.replace(home / file.name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except (OSError, AudioError) as error:
        for place in new:
            with suppress(OSError):
                place.rmdir()
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise ExplanationError(
            f"{what} cannot be written to '{home}': {reason}. Free some space there, or choose "
            "another folder."
        ) from error
