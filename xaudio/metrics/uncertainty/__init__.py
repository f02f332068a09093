"""How far a metric can be trusted: resampled clusters, replicates of a statistic, intervals.

`xaudio.metrics` exports what is here under the names to use.
"""
