"""Robustness sweeps: models x corruptions x severities x clips, resumable cell by cell."""

from xaudio.sweeps.executor import Executor, executor_for
from xaudio.sweeps.merging import merge_stores
from xaudio.sweeps.packing import pack_store
from xaudio.sweeps.pipelined import Pipelined
from xaudio.sweeps.processes import Processes
from xaudio.sweeps.serial import Serial
from xaudio.sweeps.store import SweepStore, open_store
from xaudio.sweeps.sweeping import sweep
from xaudio.sweeps.swept_model import SweptModel
from xaudio.sweeps.tables import condition_table

__all__ = [
    "Executor",
    "Pipelined",
    "Processes",
    "Serial",
    "SweepStore",
    "SweptModel",
    "condition_table",
    "executor_for",
    "merge_stores",
    "open_store",
    "pack_store",
    "sweep",
]
