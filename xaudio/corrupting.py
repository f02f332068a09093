"""Corrupt a clip in one call, or with every condition of a suite."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from perturbations.certificates import Certificate, certify
from perturbations.corrupted import CorruptedSamples, Facts
from perturbations.corruption import Corruption, Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.suites import Suite
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
        condition: What a suite calls it; the corruption's name without one.
        facts: What was drawn or came about on the way.
    """

    clip: Clip
    corruption: str
    severity: int
    repeat: int
    parameters: Facts
    time_map: TimeMap
    condition: str = ""
    facts: Facts = field(default_factory=dict)

    def certificate(self, clean: Clip) -> Certificate:
        """What the corruption measurably did, beside the clip it was given."""
        samples = CorruptedSamples(torch.from_numpy(self.clip.samples), self.time_map, self.facts)
        return certify(torch.from_numpy(clean.samples), samples, clean.sample_rate)


@dataclass(frozen=True)
class Refusal:
    """A version of a clip that cannot be made.

    Attributes:
        corruption: The corruption's name.
        severity: At which.
        repeat: Which repeat of the random numbers.
        condition: What the suite calls it.
        reason: Why, in a sentence.
    """

    corruption: str
    severity: int
    repeat: int
    condition: str
    reason: str


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
    return corrupt_with(clip, load_corruption(corruption, **(settings or {})), severity, repeat)


def corrupt_with(
    clip: Clip, corruption: Corruption, severity: int, repeat: int = 0, condition: str = ""
) -> CorruptedClip:
    """Pass a clip through a corruption that is at hand, under the name of a condition.

    Raises:
        CorruptionError: It cannot be done to this clip, or there is no such severity.
    """
    # The content's digest stands for the clip, so that its noise does not hang on a file's name.
    key = Key(clip.digest, repeat)
    made = corruption.apply(clip.waveform, clip.sample_rate, severity, [key]).clip(0)
    step = f"{condition or corruption.name} at severity {severity}, repeat {repeat}"
    chain = (*clip.decode_chain, step)
    return CorruptedClip(
        replace(clip, samples=made.samples.numpy(), decode_chain=chain),
        corruption.name,
        severity,
        repeat,
        corruption.parameters(severity),
        made.time_map,
        condition or corruption.name,
        made.facts,
    )


def corrupt_with_suite(
    clip: Clip, suite: Suite, severities: Sequence[int] | None = None, repeat: int = 0
) -> Iterator[CorruptedClip | Refusal]:
    """Every version of a clip that a suite asks for, made as they are asked for.

    What one condition cannot do to this clip is a `Refusal`; the others go on.

    Args:
        clip: What goes in, at its own rate.
        suite: See `perturbations.suites.load_suite`.
        severities: Only these; all that each condition asks for if None.
        repeat: Other random numbers for the same clip.
    """
    for condition in suite.conditions:
        corruption = condition.corruption
        for severity in condition.severities:
            if severities is not None and severity not in severities:
                continue
            try:
                yield corrupt_with(clip, corruption, severity, repeat, condition.name)
            except CorruptionError as error:
                yield Refusal(corruption.name, severity, repeat, condition.name, str(error))
