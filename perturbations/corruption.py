"""What every corruption is: named, immutable, five severities, random numbers from a key alone."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import Any, ClassVar, TypeVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.corrupted import Corrupted, CorruptedSamples
from perturbations.errors import CorruptionError
from perturbations.gaussian import draw_gaussian
from perturbations.registry import Registry
from perturbations.time_map import TimeMap
from perturbations.waveform import (
    check_finite,
    check_form,
    largest,
    within_full_scale,
)

SEVERITIES = (1, 2, 3, 4, 5)
LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000
LOUDEST = 100.0


@dataclass(frozen=True)
class Key:
    """What decides a corruption's random numbers: which clip, and which repeat of it."""

    clip: str
    repeat: int = 0


def generator(corruption_name: str, version: int, key: Key) -> np.random.Generator:
    """The random numbers of one clip under one corruption: the same on any machine, in any order.

    Severity takes no part, so that the five severities of a clip share their noise. The generator
    is numpy's and not torch's because torch's looks at 32 bits of its seed only: among 100,000
    keys some would share their noise. Drawn on the CPU wherever the waveform lies.

    >>> draws = generator("white-noise", 1, Key("clip-7")).standard_normal(2)
    >>> bool((draws == generator("white-noise", 1, Key("clip-7")).standard_normal(2)).all())
    True
    """
    named = json.dumps([corruption_name, version, key.clip, key.repeat])
    seed = blake2b(named.encode(), digest_size=32).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(seed, "little")))


@dataclass(frozen=True)
class Corruption(ABC):
    """A way in which audio goes bad: severity 1 is mild, 5 is harsh, 0 leaves the clip as it is.

    A subclass is a frozen dataclass whose fields are its settings, and says in its class what it
    is called, what its levels measure and whether it draws random numbers. It fills in `corrupt`,
    and `time_map` where it moves anything in time. What treats each clip on its own (a codec),
    moves each elsewhere or has facts to tell is a `ClipCorruption` instead.

    Attributes:
        name: What it is called, `like-this`.
        version: Raised when the same key would give other samples than before.
        summary: What it does, in one line for people.
        quantity: What the levels measure, with the unit: ``"snr_db"``.
        primary: The quantity of a certificate, or the fact, that grows or shrinks from each
            severity to the next.
        random: Whether the result depends on the key.
        levels: The physical value at severity 1, 2, 3, 4, 5; fewer or more where somebody
            published so many.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    summary: ClassVar[str]
    quantity: ClassVar[str]
    primary: ClassVar[str] = "snr_db"
    random: ClassVar[bool] = False

    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.levels or not np.isfinite(self.levels).all():
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; it takes finite numbers, the "
                f"{self.quantity} at severity 1, 2 and so on (five, unless you know why not)."
            )

    @property
    def severities(self) -> tuple[int, ...]:
        """The severities there are: 1 to 5, or to as many as there are levels."""
        return tuple(range(1, len(self.levels) + 1))

    @abstractmethod
    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],
    ) -> Float[Tensor, "batch new"]:
        """The batch at one physical level; what it is given has been checked."""

    def time_map(self, level: float) -> TimeMap:  # noqa: ARG002
        """Where each instant goes at one physical level; nowhere, unless a subclass says so."""
        return TimeMap.identity()

    def parameters(self, severity: int) -> dict[str, float | int | str]:
        """The physical parameters at a severity, units in their names; none at severity 0.

        >>> from perturbations.filters import Echo
        >>> Echo().parameters(5)
        {'volume': 0.9, 'delay_seconds': 0.1}
        """
        check_severity(severity, self.severities)
        if severity == 0:
            return {}
        return {self.quantity: self.levels[severity - 1], **self.settings()}

    def settings(self) -> dict[str, float | int | str]:
        """What is the same at every severity: the fields other than the levels."""
        names = [field.name for field in fields(self) if field.name != "levels"]
        return {name: getattr(self, name) for name in names}

    def apply(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        severity: int,
        keys: Sequence[Key],
    ) -> Corrupted:
        """Corrupt a batch.

        Args:
            waveform: ``[batch, time]``, at least two samples, on any device.
            sample_rate: In hertz, 4,000 to 192,000.
            severity: 0 (unchanged) to 5.
            keys: One per clip. The same key gives the same samples alone, in any batch, in any
                order, on any worker.

        Returns:
            The corrupted batch within [-1, 1] (a louder result is turned down), each clip of the
            length it had unless its time map is no identity.

        Raises:
            CorruptionError: Something of the above is not so, or the corruption cannot be done.
        """
        check_severity(severity, self.severities)
        check_input(waveform, sample_rate, keys)
        if severity == 0:
            return Corrupted.alike(waveform, TimeMap.identity())
        level = self.levels[severity - 1]
        # How the samples lie in memory would decide how sums round, and misleads some libraries.
        corrupted = self.change(waveform.contiguous(), sample_rate, level, keys)
        inside = within_full_scale(corrupted.waveform)
        return corrupted if inside is corrupted.waveform else replace(corrupted, waveform=inside)

    def change(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],
    ) -> Corrupted:
        """The batch at one physical level, and where it went; what it is given has been checked."""
        corrupted = self.corrupt(waveform, sample_rate, level, keys)
        return Corrupted.alike(corrupted, self.time_map(level))

    def generator(self, key: Key) -> np.random.Generator:
        """The random numbers of one clip."""
        return generator(self.name, self.version, key)

    def generators(self, keys: Sequence[Key]) -> list[np.random.Generator]:
        """One generator per clip."""
        return [self.generator(key) for key in keys]


@dataclass(frozen=True)
class ClipCorruption(Corruption):
    """A corruption that treats each clip on its own; a subclass fills in `corrupt_clip`."""

    @abstractmethod
    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """One clip at one physical level; what it is given has been checked.

        Random numbers come from ``self.generator(key)``.
        """

    def corrupt(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],
    ) -> Float[Tensor, "batch new"]:
        """The waveform of `change`."""
        return self.change(waveform, sample_rate, level, keys).waveform

    def change(
        self,
        waveform: Float[Tensor, "batch time"],
        sample_rate: int,
        level: float,
        keys: Sequence[Key],
    ) -> Corrupted:
        """See `Corruption.change`."""
        pairs = zip(waveform, keys, strict=True)
        return Corrupted.stacked(
            [self.corrupt_clip(row, sample_rate, level, key) for row, key in pairs]
        )


def check_severity(severity: int, severities: Sequence[int] = SEVERITIES) -> None:
    """Refuse what is neither 0 nor one of the severities there are."""
    if severity not in (0, *severities):
        raise CorruptionError(
            f"The severity is {severity!r}; it must be a whole number from 0 (clean) to "
            f"{len(severities)} (harsh)."
        )


def check_shares(corruption: Corruption) -> None:
    """Refuse levels that are no share of a clip."""
    if not all(0 < share < 1 for share in corruption.levels):
        raise CorruptionError(
            f"'{corruption.name}' was given the levels {corruption.levels}; a share of the clip "
            "must be above 0 and below 1."
        )


def check_input(waveform: Tensor, sample_rate: int, keys: Sequence[Key]) -> None:
    """Refuse a batch that no corruption is for."""
    check_form(waveform, sample_rate)
    if waveform.shape[1] < 2:
        raise CorruptionError("The clip has one sample; corruptions need at least two.")
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise CorruptionError(
            f"The sample rate is {sample_rate} Hz; corruptions work from {LOWEST_RATE:,} to "
            f"{HIGHEST_RATE:,} Hz. Resample the clip first."
        )
    loudest = largest(waveform)
    if not loudest <= LOUDEST:
        check_finite(waveform)
        raise CorruptionError(
            f"The waveform peaks at {loudest:.4g}; amplitudes lie in [-1, 1]. "
            "Divide 16-bit samples by 32,768."
        )
    if len(keys) != len(waveform):
        raise CorruptionError(
            f"There are {len(waveform)} clips and {len(keys)} keys; give one key per clip."
        )


corruptions: Registry[type[Corruption]] = Registry(
    "corruption",
    "xaudio.corruptions",
    (
        "perturbations.noise",
        "perturbations.filters",
        "perturbations.dynamics",
        "perturbations.quantisation",
        "perturbations.timing",
        "perturbations.silence",
        "perturbations.duration",
        "perturbations.codecs",
        "perturbations.neural_codecs",
        "perturbations.telephony",
        "perturbations.rooms",
        "perturbations.replay",
        "perturbations.rawboost",
        "perturbations.adapters.from_audiomentations",
    ),
    CorruptionError,
)

Kind = TypeVar("Kind", bound=type[Corruption])


def register_corruption(kind: Kind) -> Kind:
    """Decorator that files a corruption under its own name."""
    corruptions.register(kind.name)(kind)
    return kind


def load_corruption(name: str, **settings: Any) -> Corruption:
    """A registered corruption, with its published levels unless told otherwise.

    Args:
        name: One of ``corruptions.names()``.
        settings: Its fields; `levels` may be any five numbers.

    Raises:
        CorruptionError: No such corruption or no such setting, where those there are get named; or
            a value of another kind than the setting's default, or out of its range.

    >>> load_corruption("low-pass").parameters(1)
    {'cutoff_hz': 4000.0}
    """
    kind = corruptions.get(name)
    known = [field.name for field in fields(kind)]
    unknown = [setting for setting in settings if setting not in known]
    if unknown:
        raise CorruptionError(
            f"'{name}' has no setting '{unknown[0]}'. There are: {', '.join(known)}."
        )
    defaults = {field.name: field.default for field in fields(kind)}
    fitting = {
        setting: of_kind(f"'{setting}' of '{name}'", value, defaults[setting])
        for setting, value in settings.items()
    }
    if "levels" in fitting:
        fitting["levels"] = as_levels(name, fitting["levels"])
    return kind(**fitting)


KINDS = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a word"}


def of_kind(what: str, value: Any, default: Any) -> Any:
    """`value` if it is of the same kind as `default`; a whole number may stand for any number."""
    kind = next((kind for kind in KINDS if isinstance(default, kind)), None)
    if kind is None:
        return value
    allowed = (int, float) if kind is float else kind
    fits = isinstance(value, allowed) and isinstance(value, bool) == (kind is bool)
    if not fits or (kind is float and not abs(value) <= sys.float_info.max):
        raise CorruptionError(f"The setting {what} is {KINDS[kind]}; {value!r} was given.")
    return float(value) if kind is float else value


def as_levels(name: str, levels: Any) -> tuple[float, ...]:
    """What a user wrote as levels (a list from a YAML file, whole numbers) as plain floats."""
    refusal = CorruptionError(f"'{name}' was given the levels {levels!r}; it takes five numbers.")
    if isinstance(levels, str):
        raise refusal
    try:
        return tuple(float(level) for level in levels)
    except (TypeError, ValueError, OverflowError) as fault:
        raise refusal from fault


def draw_normal(
    generators: Sequence[np.random.Generator], waveform: Float[Tensor, "batch time"]
) -> Float[Tensor, "batch time"]:
    """White Gaussian noise like `waveform`, each clip's from its own generator."""
    return draw_gaussian(generators, waveform.shape[1]).to(waveform)
