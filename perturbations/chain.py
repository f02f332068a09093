"""Corruptions one after another, as sound meets them: a room, a microphone, a codec, a network."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from perturbations.corrupted import CorruptedSamples, Facts
from perturbations.corruption import ClipCorruption, Corruption, Key, check_severity
from perturbations.errors import CorruptionError


@dataclass(frozen=True)
class Step:
    """One corruption of a chain.

    Attributes:
        corruption: What is done.
        severity: Always this one of its severities; None follows the chain's.
    """

    corruption: Corruption
    severity: int | None = None

    def __post_init__(self) -> None:
        if self.severity is not None and self.severity not in self.corruption.severities:
            raise CorruptionError(
                f"'{self.corruption.name}' was given the severity {self.severity} in a chain; it "
                f"has 1 to {len(self.corruption.severities)}."
            )

    def at(self, severity: int) -> int:
        """The severity of this step when the chain is at one."""
        return severity if self.severity is None else self.severity


@dataclass(frozen=True, kw_only=True)
class Chain(ClipCorruption):
    """Steps one after another; each hears what the one before left, and nothing of its padding.

    A step follows the chain's severity or stays at one of its own, so that a chain has as many
    severities as the steps that follow it, or one where none does. Clips are treated one by one:
    a rounding that differs in a batch would end up in other decisions of the codec behind it.

    A chain of no steps changes nothing: the clean condition of a protocol. A chain within a chain
    is taken for its steps.

    Attributes:
        steps: What is done, in this order.
        name: What the chain is called; it takes no part in the random numbers.
        summary: What it does, in one line for people.
        version: The sum of the steps' versions, so that it rises when one of theirs does.
        primary: See `Corruption`; a chain does not know its own.
        levels: Follow from the steps: the severities themselves.
    """

    name: str = "chain"  # type: ignore[misc]
    summary: str = "Several corruptions, one after another."  # type: ignore[misc]
    primary: str = "log_spectral_distance_db"  # type: ignore[misc]
    quantity: ClassVar[str] = "severity"

    steps: tuple[Step, ...]
    levels: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", tuple(flattened(self.steps)))
        object.__setattr__(self, "levels", severities_of(self.name, self.steps))
        versions = sum(step.corruption.version for step in self.steps)
        object.__setattr__(self, "version", max(1, versions))
        super().__post_init__()

    @property
    def random(self) -> bool:  # type: ignore[override]
        """Whether a step is."""
        return any(step.corruption.random for step in self.steps)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """Every step on one clip, where `level` is the severity."""
        told = []
        # A row of a batch may lie anywhere in memory, and vectorised sums round by where they lie.
        clip = CorruptedSamples(samples.clone())
        for step, name, step_key in zip(
            self.steps, self.step_names(), keys_of(self.steps, key), strict=True
        ):
            changed = step.corruption.apply(
                clip.samples[None], sample_rate, step.at(round(level)), [step_key]
            ).clip(0)
            told.append((name, changed.facts))
            clip = replace(changed, time_map=clip.time_map.then(changed.time_map))
        facts = merged(told) | untold_length(len(samples), clip, sample_rate)
        return replace(clip, facts=facts)

    def step_names(self) -> tuple[str, ...]:
        """A name for each step: its corruption's, numbered from the second of a kind on.

        >>> from perturbations.corruption import load_corruption
        >>> mp3, echo = Step(load_corruption("mp3")), Step(load_corruption("echo"))
        >>> Chain(steps=(mp3, echo, mp3)).step_names()
        ('mp3', 'echo', 'mp3-2')
        """
        counts = occurrences(self.steps)
        pairs = zip(self.steps, counts, strict=True)
        return tuple(
            step.corruption.name + (f"-{count}" if count > 1 else "") for step, count in pairs
        )

    def parameters(self, severity: int) -> dict[str, float | int | str]:
        """The severity, the steps in their order, and each step's parameters under its name."""
        check_severity(severity, self.severities)
        if severity == 0:
            return {}
        named: dict[str, float | int | str] = {
            "severity": self.levels[severity - 1],
            "steps": ", ".join(self.step_names()),
        }
        for name, step in zip(self.step_names(), self.steps, strict=True):
            parameters = step.corruption.parameters(step.at(severity))
            named |= {f"{name}.{parameter}": value for parameter, value in parameters.items()}
        return named

    def settings(self) -> dict[str, float | int | str]:
        """What is the same at every severity: the steps."""
        return {"steps": ", ".join(self.step_names())}


def flattened(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps, those of inner chains in place of the chains."""
    for step in steps:
        if isinstance(step.corruption, Chain):
            for inner in step.corruption.steps:
                yield replace(inner, severity=inner.severity or step.severity)
        else:
            yield step


def severities_of(name: str, steps: Sequence[Step]) -> tuple[float, ...]:
    """The severities that all following steps have; one where every step stays at its own."""
    following = {len(step.corruption.levels) for step in steps if step.severity is None}
    if len(following) > 1:
        counts = " and ".join(map(str, sorted(following)))
        raise CorruptionError(
            f"The steps of the chain '{name}' have {counts} severities; those that follow the "
            "chain's need equally many. Give them as many levels, or fix the severity of some."
        )
    return tuple(float(number) for number in range(1, 1 + (following or {1}).pop()))


def occurrences(steps: Sequence[Step]) -> list[int]:
    """How many of each step's kind there have been, itself counted."""
    seen: Counter[str] = Counter()
    counts = []
    for step in steps:
        seen[step.corruption.name] += 1
        counts.append(seen[step.corruption.name])
    return counts


def keys_of(steps: Sequence[Step], key: Key) -> list[Key]:
    """A key for each step: the first of a kind draws as it does alone, the others apart from it."""
    return [nth_key(key, count) for count in occurrences(steps)]


def nth_key(key: Key, number: int) -> Key:
    """The key of what meets a clip for the `number`-th time; the first time it is the clip's own.

    >>> nth_key(Key("clip-7"), 1) == Key("clip-7") != nth_key(Key("clip-7"), 2)
    True
    """
    # No file name, digest or sensible name holds a null character.
    return key if number == 1 else replace(key, clip=f"{key.clip}\0{number}")


def merged(told: Sequence[tuple[str, Facts]]) -> dict[str, float | int | str]:
    """The facts of all steps in one; those that several steps tell get the step's name in front.

    The fact `seconds` of a step in the middle says nothing about the end and is left out.

    >>> merged([("mp3", {"bitrate_kbps": 16.0}), ("packet-loss", {"lost_share": 0.1})])
    {'bitrate_kbps': 16.0, 'lost_share': 0.1}
    >>> merged([("mp3", {"bitrate_kbps": 16.0}), ("aac", {"bitrate_kbps": 64.0})])
    {'mp3.bitrate_kbps': 16.0, 'aac.bitrate_kbps': 64.0}
    """
    tellers = Counter(fact for _, facts in told for fact in facts)
    return {
        fact if tellers[fact] == 1 else f"{name}.{fact}": value
        for name, facts in told
        for fact, value in facts.items()
        if fact != "seconds"
    }


def untold_length(before: int, clip: CorruptedSamples, sample_rate: int) -> dict[str, float]:
    """The fact `seconds` where the time map does not say, to the sample, how long the clip is."""
    expected = clip.time_map.forward(before / sample_rate) * sample_rate
    length = len(clip.samples)
    return {} if round(expected) == length else {"seconds": length / sample_rate}
