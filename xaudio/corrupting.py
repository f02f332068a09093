"""Corrupt a clip in one call."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from perturbations.corruption import Key, load_corruption
from perturbations.time_map import TimeMap
from xaudio.audio import Clip


@dataclass(frozen=True, eq=False)
class CorruptedClip:
    """A clip after a corruption.

    Attributes:
        clip: What came out, at the rate of what went in.
        corruption: The corruption's name.
        severity: 0 (unchanged) to 5 (harsh).
        repeat: Which repeat of the random numbers.
        parameters: The physical parameters, units in their names.
        time_map: Where each instant went.
    """

    clip: Clip
    corruption: str
    severity: int
    repeat: int
    parameters: Mapping[str, float | str]
    time_map: TimeMap


def corrupt(
    clip: Clip,
    corruption: str,
    severity: int,
    repeat: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> CorruptedClip:
    """Pass a clip through a corruption; the same arguments always give the same samples.

    Args:
        clip: What goes in, at its own rate.
        corruption: A name, see ``xaudio corruptions``.
        severity: 1 (mild) to 5 (harsh); 0 changes nothing.
        repeat: Other random numbers for the same clip.
        settings: The corruption's settings by name; the others keep their defaults.

    Raises:
        CorruptionError: No such corruption, setting or severity.
    """
    chosen = load_corruption(corruption, **(settings or {}))
    # The content's digest stands for the clip, so that its noise does not hang on a file's name.
    key = Key(clip.digest, repeat)
    corrupted = chosen.apply(clip.waveform, clip.sample_rate, severity, [key])
    step = f"{corruption} at severity {severity}, repeat {repeat}"
    changed = replace(
        clip,
        samples=corrupted.waveform[0].numpy(),
        decode_chain=(*clip.decode_chain, step),
    )
    parameters = chosen.parameters(severity)
    return CorruptedClip(changed, corruption, severity, repeat, parameters, corrupted.time_map)
