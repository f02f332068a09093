"""How good a detector's scores are: pure functions on arrays, scores higher for bona fide."""

from xaudio.errors import MetricError
from xaudio.metrics.eer import eer, eer_interval, eer_threshold, error_rates
from xaudio.metrics.intervals import Interval
from xaudio.metrics.roc import roc_auc

__all__ = [
    "Interval",
    "MetricError",
    "eer",
    "eer_interval",
    "eer_threshold",
    "error_rates",
    "roc_auc",
]
