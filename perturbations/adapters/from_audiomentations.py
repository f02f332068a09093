"""Every transform of audiomentations as a corruption: keyed, graded, followed in time.

audiomentations draws from global random state, also while it applies what it has drawn. Here the
state is lent, seeded from the key, and given back (`borrowed_randomness`), so that a clip and a
repeat decide everything.
"""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.adapters.audiomentations_grades import GRADES, Grade, pinned, single
from perturbations.adapters.audiomentations_runs import plain, run
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, generator, register_corruption
from perturbations.errors import CorruptionError
from perturbations.noise_folder import recordings_digest
from perturbations.waveform import noise_folder

Arguments = tuple[tuple[str, Any], ...]

COMPOSITIONS = ("Compose", "OneOf", "SomeOf")
NOT_GRADED = (*COMPOSITIONS, "Lambda")
ALWAYS_RANDOM = {
    "AddBackgroundNoise",
    "AddColorNoise",
    "AddGaussianNoise",
    "AddGaussianSNR",
    "AddShortNoises",
    "AdjustDuration",
    "ApplyImpulseResponse",
    "RepeatPart",
    "TimeMask",
    "Lambda",
}


def from_audiomentations(transform: Any) -> "WrappedTransform":
    """A transform or composition as a corruption of one severity.

    Its parameters are drawn from its own ranges, by the key; it is applied with its own
    probability `p`. Graded in one parameter instead: ``load_corruption("audiomentations", ...)``.

    Args:
        transform: An instance: ``audiomentations.Gain(p=1.0)``, a `Compose`, a `Lambda`.

    Raises:
        CorruptionError: It is none.
    """
    return WrappedTransform(transform=transform)


@dataclass(frozen=True)
class WrappedTransform(ClipCorruption):
    """See `from_audiomentations`."""

    name: ClassVar[str] = "audiomentations-transform"
    summary: ClassVar[str] = "A transform of audiomentations as its owner has set it up."
    quantity: ClassVar[str] = "times_applied"
    primary: ClassVar[str] = "snr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (1.0,)
    transform: Any = None

    def __post_init__(self) -> None:
        from audiomentations.core.composition import BaseCompose
        from audiomentations.core.transforms_interface import BaseWaveformTransform

        super().__post_init__()
        if not isinstance(self.transform, BaseWaveformTransform | BaseCompose):
            raise CorruptionError(
                f"from_audiomentations takes a transform of audiomentations, an instance; "
                f"{self.transform!r} was given. Wrap a function in audiomentations.Lambda."
            )
        if self.levels != (1.0,):
            raise CorruptionError("A wrapped transform has one severity; its levels are (1.0,).")
        object.__setattr__(self, "random", is_random(self.transform))

    def settings(self) -> dict[str, float | int | str]:
        """The transform as it prints itself."""
        return {"transform": " ".join(repr(self.transform).split())}

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,
        level: float,  # noqa: ARG002
        key: Key,
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        return run(self.transform, samples, sample_rate, self.generator(key))


@register_corruption
@dataclass(frozen=True)
class Audiomentations(ClipCorruption):
    """One of audiomentations' transforms, always applied, graded in one of its parameters.

    Attributes:
        levels: Of the parameter; by default those of `audiomentations_grades`.
        transform: The name of its class: ``"AirAbsorption"``.
        parameter: Which to grade instead of the usual one: for ``"x"``, both ``min_x`` and
            ``max_x`` become the level, or ``x`` itself. Then `levels` are to be given.
        arguments: Further arguments of the transform, as a mapping; what they leave open is drawn
            by the key.
        folder: Recordings, for the transforms that take some.
    """

    name: ClassVar[str] = "audiomentations"
    summary: ClassVar[str] = "One of audiomentations' transforms, graded and keyed."
    quantity: ClassVar[str] = "snr_db"
    primary: ClassVar[str] = "snr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = ()
    transform: str = "AddColorNoise"
    parameter: str = ""
    arguments: Mapping[str, Any] | Arguments = ()
    folder: str | Path | None = None

    def __post_init__(self) -> None:
        grade = self.grade()
        set_field = object.__setattr__  # the dataclass is frozen
        set_field(self, "levels", self.levels or grade.levels)
        set_field(self, "arguments", frozen(self.arguments))
        set_field(self, "quantity", grade.quantity)
        set_field(self, "primary", grade.quantity)
        super().__post_init__()
        transforms = [self.built(level) for level in self.levels]
        set_field(self, "random", any(is_random(transform) for transform in transforms))

    def grade(self) -> Grade:
        """How the levels become arguments."""
        kind = transform_class(self.transform)
        usual = GRADES.get(self.transform)
        if not self.parameter:
            if usual is None:
                raise CorruptionError(
                    f"There are no levels for audiomentations' '{self.transform}'; name a "
                    "parameter and its levels."
                )
            return usual
        if not self.levels:
            raise CorruptionError(
                f"Give the levels of '{self.parameter}'; the usual ones of '{self.transform}' are "
                "of another parameter."
            )
        return replace(
            graded_in(kind, self.parameter), folder=usual.folder if usual is not None else ""
        )

    def built(self, level: float) -> Any:
        """The transform at a level."""
        grade = self.grade()
        arguments = {**grade.fixed, **dict(self.arguments), **grade.arguments(level), "p": 1.0}
        if grade.folder and self.folder is None:
            raise CorruptionError(
                f"audiomentations' '{self.transform}' needs recordings; give the setting 'folder'."
            )
        if grade.folder:
            arguments[grade.folder] = str(self.folder)
        return build(self.transform, frozen(arguments))

    def settings(self) -> dict[str, float | int | str]:
        """The transform and what it is given; a folder by its name and a digest of it."""
        given = {**self.grade().fixed, **dict(self.arguments)}
        told = {"transform": self.transform, **{name: plain(each) for name, each in given.items()}}
        if self.folder is not None:
            folder = Path(self.folder)
            told["folder"] = f"{folder.name} ({recordings_digest(folder, noise_folder(folder))})"
        return told

    def generator(self, key: Key) -> np.random.Generator:
        """The random numbers of one clip; two transforms share none."""
        return generator(f"{self.name} {self.transform}", self.version, key)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        done = run(self.built(level), samples, sample_rate, self.generator(key))
        return replace(done, facts={**done.facts, self.quantity: level})


def frozen(arguments: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Arguments:
    """Arguments that can be compared and hashed, sorted by name."""
    try:
        pairs = sorted(dict(arguments).items())
        as_tuples = tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in pairs)
        hash(as_tuples)
    except (TypeError, ValueError) as fault:
        raise CorruptionError(
            f"The setting 'arguments' of 'audiomentations' is a mapping from names to numbers and "
            f"words; {arguments!r} was given."
        ) from fault
    return as_tuples


def transform_class(name: str) -> Any:
    """The class of audiomentations with a name."""
    import audiomentations

    kind = getattr(audiomentations, name, None)
    if not inspect.isclass(kind):
        classes = inspect.getmembers(audiomentations, inspect.isclass)
        graded = ", ".join(each for each, _ in classes if each not in NOT_GRADED)
        raise CorruptionError(f"audiomentations has no transform '{name}'. There are: {graded}.")
    if name in NOT_GRADED:
        raise CorruptionError(
            f"'{name}' has no parameter to grade; build one and pass it to "
            "perturbations.adapters.from_audiomentations.from_audiomentations."
        )
    return kind


def graded_in(kind: Any, parameter: str) -> Grade:
    """A grade of any parameter of a transform."""
    names = inspect.signature(kind).parameters
    if f"min_{parameter}" in names and f"max_{parameter}" in names:
        return pinned(parameter, ())
    if parameter in names:
        return single(parameter, ())
    known = sorted({name.removeprefix("min_").removeprefix("max_") for name in names} - {"p"})
    raise CorruptionError(
        f"audiomentations' '{kind.__name__}' has no parameter '{parameter}'. "
        f"There are: {', '.join(known)}."
    )


@lru_cache(maxsize=64)
def build(name: str, arguments: Arguments) -> Any:
    """The transform with these arguments; kept, with the recordings that it has read."""
    try:
        return transform_class(name)(**dict(arguments))
    except CorruptionError:
        raise
    except Exception as fault:  # asserts, ValueErrors, TypeErrors, files that are missing
        raise CorruptionError(
            f"audiomentations' '{name}' does not take {dict(arguments)}: {fault}"
        ) from fault


def is_random(transform: Any) -> bool:
    """Whether anything of a transform is left to chance."""
    if type(transform).__name__ in COMPOSITIONS:
        drawn = type(transform).__name__ != "Compose" or transform.shuffle
        return drawn or transform.p < 1 or any(map(is_random, transform.transforms))
    return (
        transform.p < 1
        or type(transform).__name__ in ALWAYS_RANDOM
        or any(low != high for low, high in ranges(transform))
    )


def ranges(transform: Any) -> Iterable[tuple[Any, Any]]:
    """Least and most of each parameter that is drawn."""
    for name in inspect.signature(type(transform)).parameters:
        most = "max_" + name.removeprefix("min_")
        if name.startswith("min_") and hasattr(transform, most):
            yield getattr(transform, name), getattr(transform, most)
