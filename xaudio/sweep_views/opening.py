"""All that a page tells of a sweep, worked out once for each state of its store."""

from pathlib import Path

from xaudio.reports.sweep_findings import SweepFindings
from xaudio.sweep_views.kept_store import KeptStore
from xaudio.sweeps.findings import findings_of
from xaudio.sweeps.store import SweepStore, open_store

MOST_KEPT = 2_000_000  # scores in memory at a time, about 400 MB


def findings_for_page(folder: Path, samples: int = 1000) -> SweepFindings:
    """The findings of a sweep, none of its clips with sound.

    Args:
        folder: Of the store.
        samples: Bootstrap replicates.

    Raises:
        SweepError: There is none, or it cannot be read.
    """
    store = open_store(folder)
    scores = store.clips().num_rows * len(store.models()) * len(store.conditions())
    kept = KeptStore(folder) if scores <= MOST_KEPT else SweepStore(folder)
    return findings_of(kept, heard=0, samples=samples)
