"""What the score rows say; made from the rows each time, never stored as the truth.

Every table is a function from score rows to an arrow table with a stated schema. Given a store
instead of rows, it reads one model under one condition at a time.
"""

from xaudio.sweeps.tables.attacks import ATTACK_SCHEMA, attack_table
from xaudio.sweeps.tables.calibration import CALIBRATION_SCHEMA, calibration_table
from xaudio.sweeps.tables.conditions import CONDITION_SCHEMA, condition_table
from xaudio.sweeps.tables.corruption_errors import (
    CORRUPTION_ERROR_SCHEMA,
    corruption_error_table,
)
from xaudio.sweeps.tables.every import tables_of
from xaudio.sweeps.tables.flips import FLIP_SCHEMA, flipped_clips
from xaudio.sweeps.tables.pairs import PAIR_SCHEMA, paired_table
from xaudio.sweeps.tables.ranks import RANK_SCHEMA, rank_table
from xaudio.sweeps.tables.thresholds import THRESHOLD_SCHEMA, threshold_table

__all__ = [
    "ATTACK_SCHEMA",
    "CALIBRATION_SCHEMA",
    "CONDITION_SCHEMA",
    "CORRUPTION_ERROR_SCHEMA",
    "FLIP_SCHEMA",
    "PAIR_SCHEMA",
    "RANK_SCHEMA",
    "THRESHOLD_SCHEMA",
    "attack_table",
    "calibration_table",
    "condition_table",
    "corruption_error_table",
    "flipped_clips",
    "paired_table",
    "rank_table",
    "tables_of",
    "threshold_table",
]
