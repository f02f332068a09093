"""A store's contents in a word: tables that were made of the same contents are the same tables."""

from pathlib import Path

from xaudio.sweeps.cell_folder import finished_in
from xaudio.sweeps.content import content_hash
from xaudio.sweeps.store import SweepStore

_ASKED = ("plan.parquet", "clips.parquet", "quality/plan.parquet", "explanations/plan.parquet")
_DONE = ("cells", "quality/cells", "explanations/cells")


def stamp_of(store: SweepStore) -> str:
    """Hash of what was asked for and of which cells are finished; no row is read.

    A cell's id says what is in it, so equal stamps mean equal tables.
    """
    asked = (_version(store.folder / name) for name in _ASKED)
    done = (",".join(sorted(finished_in(store.folder / name))) for name in _DONE)
    return content_hash(str(store.folder.resolve()), *asked, *done)


def _version(file: Path) -> str:
    """When a file was written, and how long it is."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"
