"""Does the explanation survive the corruption? Drift of relevance, beside that of the score."""

from xaudio.sweeps.explanation_drift.decisions import decided_rows
from xaudio.sweeps.explanation_drift.departures import departure_table, first_to_leave
from xaudio.sweeps.explanation_drift.drift_store import DriftStore
from xaudio.sweeps.explanation_drift.drift_table import drift_table
from xaudio.sweeps.explanation_drift.points import drift_points
from xaudio.sweeps.explanation_drift.rows import DRIFT_SCHEMA
from xaudio.sweeps.explanation_drift.running import explain_drift

__all__ = [
    "DRIFT_SCHEMA",
    "DriftStore",
    "decided_rows",
    "departure_table",
    "drift_points",
    "drift_table",
    "explain_drift",
    "first_to_leave",
]
