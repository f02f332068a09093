"""Where transforms of audiomentations move what is said.

The map is right for what stays in order. It cannot tell of what is heard elsewhere or again: what
`Shift` rolls over, the repeats of `RepeatPart`, what `Padding` and `AdjustDuration` wrap or mirror,
the delay that `Mp3Compression` leaves on request, and what a `Lambda` does.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from perturbations.time_map import TimeMap

PYROOMACOUSTICS_LEAD = 40
"""Samples by which its impulse responses come late: half of its interpolation filter."""


def time_map(
    transform: Any,
    before: Float[np.ndarray, " time"],
    after: Float[np.ndarray, " new"],
    sample_rate: int,
    first_kept: int,
) -> TimeMap:
    """Where a transform that was just applied has moved each instant.

    Args:
        transform: With the parameters that it was applied with.
        before: What it was given.
        after: What it made of it.
        sample_rate: In hertz.
        first_kept: For a transform that cuts: the sample that is now the first.
    """
    drawn, length = transform.parameters, len(before)
    match type(transform).__name__:
        case "TimeStretch":
            return TimeMap.speed(drawn["rate"])
        case "Resample":
            return TimeMap.speed(sample_rate / drawn["target_sample_rate"])
        case "Shift":
            return TimeMap.later(shifted_samples(transform, length, sample_rate) / sample_rate)
        case "Reverse":
            last = (length - 1) / sample_rate
            return TimeMap((0.0, last), (last, 0.0))
        case "Trim":
            return TimeMap.later(-trimmed_samples(transform, before) / sample_rate)
        case "AdjustDuration" if len(after) < length:
            return TimeMap.later(-first_kept / sample_rate)
        case "AdjustDuration" if transform.padding_position == "start":
            return TimeMap.later((len(after) - length) / sample_rate)
        case "RepeatPart":
            where = drawn["part_start_index"] + drawn["part_num_samples"]
            return inserted(where / sample_rate, (len(after) - length) / sample_rate, sample_rate)
        case "RoomSimulator":
            return TimeMap.later(arrival_seconds(drawn) + PYROOMACOUSTICS_LEAD / sample_rate)
        case "CorruptionTransform":
            moved: TimeMap = transform.time_map
            return moved
        case _:
            return TimeMap.identity()


def shifted_samples(transform: Any, length: int, sample_rate: int) -> int:
    """By how many samples `Shift` has moved the clip."""
    amount = transform.parameters["shift_amount"]
    unit = {"samples": 1, "fraction": length, "seconds": sample_rate}[transform.shift_unit]
    return round(amount * unit)


def trimmed_samples(transform: Any, before: Float[np.ndarray, " time"]) -> int:
    """How many samples `Trim` has taken from the beginning."""
    from librosa.effects import trim

    return int(trim(before, top_db=transform.top_db)[1][0])


def inserted(at: float, seconds: float, sample_rate: int) -> TimeMap:
    """All that comes at or after an instant comes later, since something was put in before it."""
    if seconds <= 0:
        return TimeMap.identity()
    source = (at - 2 / sample_rate, at - 1 / sample_rate, at, at + 1.0)
    return TimeMap(source, (*source[:2], at + seconds, at + seconds + 1.0))


def arrival_seconds(drawn: dict[str, Any]) -> float:
    """How long the direct sound of `RoomSimulator` takes to the microphone."""
    from pyroomacoustics import constants

    away = [drawn[f"source_{axis}"] - drawn[f"mic_{axis}"] for axis in "xyz"]
    return float(np.linalg.norm(away) / constants.get("c"))
