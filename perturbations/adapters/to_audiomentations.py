"""Every corruption as a transform of audiomentations, for the pipelines people already have."""

import random
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from audiomentations.core.transforms_interface import BaseWaveformTransform

from perturbations.adapters.audiomentations_runs import plain
from perturbations.corruption import Corruption, Key, corruptions, load_corruption
from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap

REPEATS = 2**53
"""How many repeats there are to draw from; each is a whole number that JSON can hold."""


class CorruptionTransform(BaseWaveformTransform):
    """A corruption at a severity and a repeat that are drawn anew for every clip.

    They are drawn as audiomentations draws, from Python's `random`, and are all there is to draw:
    with frozen parameters the same clip gives the same samples, noise included. All channels of a
    clip share them. A result of another length is handed on as it is.

    Args:
        corruption: A registered name, or a corruption. One that is not registered cannot be
            written to a file (`to_dict`).
        settings: Of the corruption with that name.
        min_severity: The mildest that is drawn.
        max_severity: The harshest; the last there is if None.
        p: How often a clip is corrupted at all, 0 to 1.

    Attributes:
        parameters: `severity`, `repeat`, and `facts`: what the corruption told of each channel.
        time_map: Where the last clip's instants went (its first channel's).

    Raises:
        CorruptionError: There is no such corruption, setting or severity.
    """

    supports_multichannel = True

    def __init__(
        self,
        corruption: str | Corruption,
        settings: Mapping[str, Any] | None = None,
        min_severity: int = 1,
        max_severity: int | None = None,
        p: float = 0.5,
    ):
        super().__init__(p)
        if isinstance(corruption, Corruption) and settings:
            raise CorruptionError("A corruption that is built already takes no more settings.")
        self.loaded = (
            corruption
            if isinstance(corruption, Corruption)
            else load_corruption(corruption, **(settings or {}))
        )
        known = self.loaded.severities
        max_severity = known[-1] if max_severity is None else max_severity
        if not (min_severity in known and max_severity in known and min_severity <= max_severity):
            raise CorruptionError(
                f"Severities from {min_severity} to {max_severity} were asked for; "
                f"'{self.loaded.name}' has {known[0]} to {known[-1]}."
            )
        self.time_map = TimeMap.identity()
        self.corruption = self.loaded.name
        self.settings = given_settings(self.loaded)
        self.min_severity = min_severity
        self.max_severity = max_severity

    def randomize_parameters(self, samples: np.ndarray, sample_rate: int) -> None:
        """Draw a severity and a repeat."""
        super().randomize_parameters(samples, sample_rate)
        if self.parameters["should_apply"]:
            severity = random.randint(self.min_severity, self.max_severity)
            self.parameters |= {"severity": severity, "repeat": random.randrange(REPEATS)}

    def apply(self, samples: np.ndarray, sample_rate: int) -> np.ndarray:
        """Corrupt ``[time]`` or ``[channel, time]``."""
        waveform = torch.from_numpy(np.array(samples, dtype=np.float32, ndmin=2))
        keys = [Key("audiomentations", self.parameters["repeat"])] * len(waveform)
        severity = self.parameters["severity"]
        corrupted = self.loaded.apply(waveform, sample_rate, severity, keys)
        self.parameters["facts"] = [
            {name: plain(value) for name, value in facts.items()} for facts in corrupted.facts
        ]
        self.time_map = corrupted.time_maps[0]
        result = corrupted.waveform.numpy()
        return result[0] if samples.ndim == 1 else result

    def to_dict_private(self) -> dict[str, Any]:
        """What builds this transform again: names, numbers and words."""
        registered = self.corruption in corruptions.names()
        if not registered or corruptions.get(self.corruption) is not type(self.loaded):
            raise NotImplementedError(
                f"The corruption '{self.corruption}' is not registered; register it to save it."
            )
        return super().to_dict_private()


def given_settings(corruption: Corruption) -> dict[str, Any]:
    """The fields of a corruption that are not at their defaults, as JSON can hold them."""
    different = {
        field.name: getattr(corruption, field.name)
        for field in fields(corruption)
        if getattr(corruption, field.name) != field.default
    }
    return {name: as_json(value) for name, value in different.items()}


def as_json(value: Any) -> Any:
    """Tuples as lists, paths as text."""
    if isinstance(value, tuple):
        return [as_json(each) for each in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def to_audiomentations(
    corruption: str | Corruption,
    min_severity: int = 1,
    max_severity: int | None = None,
    p: float = 0.5,
) -> CorruptionTransform:
    """A corruption as a transform of audiomentations; see `CorruptionTransform`.

    >>> from audiomentations import Compose, Gain
    >>> augment = Compose([Gain(p=1.0), to_audiomentations("mp3", max_severity=3, p=1.0)])
    >>> augment(np.zeros(16_000, np.float32), 16_000).shape
    (16000,)
    """
    return CorruptionTransform(corruption, None, min_severity, max_severity, p)
