"""How far a metric can be trusted: resampled clusters, replicates of a statistic, intervals.

`xaudio.metrics` exports what is here under the names to use.
"""

from xaudio.metrics.holm import holm, significant

__all__ = ["holm", "significant"]
