"""What every corruption promises, ours or another package's, as one test to run on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.ambience import RATE, voices
from perturbations.corruption import Corrupted, Corruption, Key, corruptions
from perturbations.errors import CorruptionError
from perturbations.waveform import resample, within_full_scale

TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Trial:
    """One batch at one severity, and what came of it."""

    corruption: Corruption
    severity: int
    waveform: Float[Tensor, "batch time"]
    sample_rate: int
    keys: Sequence[Key]
    corrupted: Corrupted

    def again(self, rows: Sequence[int], keys: Sequence[Key]) -> list[bool]:
        """Whether some of the batch's clips become what they became, tried once more."""
        waveform = self.waveform[list(rows)]
        again = self.corruption.apply(waveform, self.sample_rate, self.severity, keys)
        return [
            alike(again.clip(place).samples, self.corrupted.clip(row).samples)
            for place, row in enumerate(rows)
        ]


def check_corruption(
    corruption: Corruption,
    waveform: Float[Tensor, "batch time"] | None = None,
    sample_rate: int = 16_000,
) -> None:
    """Run a corruption through everything a sweep relies on.

    Args:
        corruption: What is checked.
        waveform: Clips to check it on, at least two, not silent; synthesised voices if None.
        sample_rate: Theirs, in hertz; one at which every severity has something to do.

    Raises:
        CorruptionError: Names the first promise that is broken.

    >>> from perturbations.corruption import load_corruption
    >>> check_corruption(load_corruption("low-pass"))
    """
    if waveform is None:
        waveform = example_voices(sample_rate)
    keys = [Key(f"clip-{number}") for number in range(len(waveform))]
    check_names(corruption)
    check_clean(corruption, waveform, sample_rate, keys)
    for severity in corruption.severities:
        check_parameters(corruption, severity)
        corrupted = corruption.apply(waveform, sample_rate, severity, keys)
        trial = Trial(corruption, severity, waveform, sample_rate, keys, corrupted)
        check_result(trial)
        check_repeatable(trial)
        check_keys(trial)


def example_voices(sample_rate: int) -> Float[Tensor, "3 time"]:
    """Three synthesised voices of 1.2 s."""
    spoken = 0.1 * voices(3, round(1.2 * RATE), np.random.default_rng(7))
    return within_full_scale(resample(spoken, RATE, sample_rate))


def promise(kept: bool, corruption: Corruption, said: str) -> None:
    """Complain about a promise that is not kept."""
    if not kept:
        raise CorruptionError(f"The corruption '{corruption.name}' breaks its promise: {said}")


def check_names(corruption: Corruption) -> None:
    """It has a name that loads it, a version, a summary and a quantity, and does not change."""
    kind = type(corruption)
    for attribute in ("name", "summary", "quantity"):
        text = getattr(kind, attribute, "")
        promise(bool(text.strip()), corruption, f"its class says what its {attribute} is.")
    promise(kind.version >= 1, corruption, "its version is 1 or more.")
    promise(hash(corruption) == hash(corruption), corruption, "it is immutable, so it has a hash.")
    if corruption.name in corruptions.names():
        registered = corruptions.get(corruption.name)
        promise(
            registered is kind,
            corruption,
            f"its name is its own; {registered.__qualname__} has it.",
        )


def check_parameters(corruption: Corruption, severity: int) -> None:
    """Its physical parameters at a severity can be read."""
    parameters = corruption.parameters(severity)
    promise(
        corruption.quantity in parameters
        and all(isinstance(value, float | int | str) for value in parameters.values()),
        corruption,
        f"its parameters at severity {severity} are numbers and text with '{corruption.quantity}' "
        f"among them; they are {parameters}.",
    )


def check_clean(
    corruption: Corruption,
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
) -> None:
    """Severity 0 leaves everything as it is."""
    clean = corruption.apply(waveform, sample_rate, 0, keys)
    same = clean.waveform.shape == waveform.shape and torch.equal(clean.waveform, waveform)
    promise(same and clean.time_map.is_identity, corruption, "severity 0 is the clip as it was.")
    promise(corruption.parameters(0) == {}, corruption, "severity 0 has no parameters.")


def check_result(trial: Trial) -> None:
    """What comes out is finite, in range, different, and as long as the time map says."""
    corruption, waveform, corrupted = trial.corruption, trial.waveform, trial.corrupted
    result, where = corrupted.waveform, f"at severity {trial.severity}"
    promise(
        result.dtype == waveform.dtype and len(result) == len(waveform),
        corruption,
        f"{where} it gives a float32 clip for each, not {result.dtype} {tuple(result.shape)}.",
    )
    promise(bool(torch.isfinite(result).all()), corruption, f"{where} every sample is finite.")
    promise(bool(result.abs().max() <= 1 + TOLERANCE), corruption, f"{where} it is within [-1, 1].")
    promise(max(corrupted.lengths) == result.shape[1], corruption, f"{where} it tells the lengths.")
    for row in range(len(result)):
        check_clock(trial, row)
    promise(not alike(result, waveform), corruption, f"{where} something happens to the clip.")


def check_clock(trial: Trial, row: int) -> None:
    """A clip is as long as its time map or its fact `seconds` says, and its map inverts."""
    clip, rate = trial.corrupted.clip(row), trial.sample_rate
    seconds = clip.facts.get("seconds", clip.time_map.forward(trial.waveform.shape[1] / rate))
    expected = float(seconds) * rate
    promise(
        abs(len(clip.samples) - expected) <= 1,
        trial.corruption,
        "the length is kept unless the time map or the fact 'seconds' says how not; at severity "
        f"{trial.severity} there are {len(clip.samples)} samples where {expected:.1f} are told.",
    )
    there_and_back = clip.time_map.inverse(clip.time_map.forward(0.7))
    promise(abs(there_and_back - 0.7) < TOLERANCE, trial.corruption, "its time map inverts.")


def check_repeatable(trial: Trial) -> None:
    """The same key gives the same samples again, alone, and in a batch of another order."""
    everyone = list(range(len(trial.waveform)))
    for how, rows in {
        "again": everyone,
        "alone": [1],
        "in another order": everyone[::-1],
    }.items():
        promise(
            all(trial.again(rows, [trial.keys[row] for row in rows])),
            trial.corruption,
            f"the same key gives the same samples {how} (severity {trial.severity}).",
        )


def check_keys(trial: Trial) -> None:
    """Another clip or another repeat draws anew where the corruption is random, and only there."""
    others = {
        "repeat": [Key(key.clip, key.repeat + 1) for key in trial.keys],
        "clip": [Key(key.clip + "-other", key.repeat) for key in trial.keys],
    }
    corruption, everyone = trial.corruption, list(range(len(trial.waveform)))
    for what, keys in others.items():
        same = trial.again(everyone, keys)
        if corruption.random:
            promise(not any(same), corruption, f"it is random, so another {what} draws anew.")
        else:
            promise(all(same), corruption, f"it is not random, so another {what} changes nothing.")


def alike(one: Float[Tensor, "..."], other: Float[Tensor, "..."]) -> bool:
    """Whether two results are the same, but for rounding."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=TOLERANCE)
