"""How loud, how clipped, how silent a clip is, and how much of the clean one is left in it."""

import math

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from perturbations.time_map import TimeMap

MOST_DB = 150.0
SHORTEST_LOUDNESS_SECONDS = 0.4
RAIL_ROUNDING = 1e-6
FLAT_SAMPLES = 3
SILENT_SECONDS = 0.002


def signal_to_rest_db(
    clean: Float[ndarray, " time"], result: Float[ndarray, " time"]
) -> float | None:
    """Power of the part of `result` that is the clean clip, at any gain, over that of the rest.

    The scale-invariant ratio of Le Roux et al. (2019): ``a x`` is the projection of `result` on
    `clean`, and the ratio that of ``|a x|^2`` to ``|result - a x|^2``.

    Returns:
        -150 to 150 dB (32-bit samples can hold no more); None where one of them is silent.

    >>> signal_to_rest_db(np.array([1.0, 1.0, -2.0]), np.array([0.6, 0.4, -1.0])).__round__(1)
    18.8
    """
    power = float(clean @ clean)
    if power == 0 or not result.any():
        return None
    kept = (float(clean @ result) / power) * clean
    signal, rest = float(kept @ kept), float(np.sum((result - kept) ** 2))
    least = 10 ** (-MOST_DB / 10)
    ratio = max(signal, least * rest) / max(rest, least * signal)
    return 10 * math.log10(ratio)


def peak(samples: Float[ndarray, " time"]) -> float:
    """Largest absolute sample."""
    return float(np.abs(samples).max())


def dc_offset(samples: Float[ndarray, " time"]) -> float:
    """Mean of the samples."""
    return float(samples.mean())


def loudness_lufs(samples: Float[ndarray, " time"], sample_rate: int) -> float | None:
    """Integrated loudness in LUFS after ITU-R BS.1770-4, with its gates.

    Returns:
        None for what the standard has no answer to: less than 0.4 s, or nothing above its gate of
        -70 LUFS.
    """
    from loudness import integrated_loudness

    if len(samples) < SHORTEST_LOUDNESS_SECONDS * sample_rate:
        return None
    loudness = float(integrated_loudness(samples.astype(np.float32), sample_rate))
    return loudness if math.isfinite(loudness) else None


def clipped_share(samples: Float[ndarray, " time"]) -> float:
    """Share of the samples in flat tops: three or more in a row at the highest or lowest value.

    What was clipped and then resampled or filtered has no flat tops any more.

    >>> clipped_share(np.array([0.0, 0.5, 0.5, 0.5, 0.0, -0.5, -0.4, 0.5]))
    0.375
    """
    rounding = RAIL_ROUNDING * np.abs(samples).max()
    highest, lowest = samples.max(), samples.min()
    above = samples >= highest - rounding if highest > 0 else np.zeros(len(samples), bool)
    below = samples <= lowest + rounding if lowest < 0 else np.zeros(len(samples), bool)
    flat = in_runs(above, FLAT_SAMPLES) | in_runs(below, FLAT_SAMPLES)
    return float(flat.mean())


def new_silence_share(
    clean: Float[ndarray, " time"],
    result: Float[ndarray, " new"],
    time_map: TimeMap,
    sample_rate: int,
) -> float:
    """Share of `result` that is digital silence (zeros for 2 ms or more) and was not before.

    What lies outside the clean clip, as padding does, was not silent before.
    """
    shortest = max(2, round(SILENT_SECONDS * sample_rate))
    silent = in_runs(result == 0, shortest)
    if not silent.any():
        return 0.0
    was_silent = in_runs(clean == 0, shortest)
    origin = np.flatnonzero(silent)
    instants = time_map.inverse(origin / sample_rate)
    source = np.round(instants * sample_rate).astype(np.int64)
    inside = (source >= 0) & (source < len(clean))
    already = int(was_silent[source[inside]].sum())
    return (len(origin) - already) / len(result)


def in_runs(marked: Bool[ndarray, " time"], shortest: int) -> Bool[ndarray, " time"]:
    """Of the marked samples those with at least `shortest` marked ones in a row.

    >>> in_runs(np.array([True, True, False, True]), 2).tolist()
    [True, True, False, False]
    """
    edges = np.flatnonzero(np.diff(marked, prepend=False, append=False))
    kept = np.zeros(len(marked) + 1, np.int8)
    starts, ends = edges[::2], edges[1::2]
    long = ends - starts >= shortest
    kept[starts[long]], kept[ends[long]] = 1, -1
    return np.cumsum(kept[:-1]) > 0
