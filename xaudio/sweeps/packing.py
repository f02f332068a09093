"""Thousands of small files of a sweep become a few."""

from xaudio.sweeps.cell_folder import CellFolder
from xaudio.sweeps.store import SweepStore


def pack_store(store: SweepStore) -> int:
    """Put the files of single cells together: scores, and what was measured beside them.

    Args:
        store: Finished or not; readers of it notice nothing.

    Returns:
        How many files there are now.
    """
    from xaudio.sweeps.explanation_drift import DriftStore
    from xaudio.sweeps.quality import QualityStore

    every = (store.cells, QualityStore(store.folder).cells, DriftStore(store.folder).cells)
    there = [each for each in every if each.folder.is_dir()]
    for each in there:
        each.pack()
    return sum(map(_files, there))


def _files(cells: CellFolder) -> int:
    return len(list(cells.folder.glob("*.parquet")))
