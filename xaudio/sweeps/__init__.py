"""Robustness sweeps: models x corruptions x severities x clips, resumable cell by cell."""

from xaudio.sweeps.store import SweepStore, open_store
from xaudio.sweeps.sweeping import sweep
from xaudio.sweeps.tables import condition_table

__all__ = ["SweepStore", "condition_table", "open_store", "sweep"]
