"""One call of a transform of audiomentations: keyed, followed in time, and written down."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from traceback import extract_tb
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.adapters.audiomentations_moves import time_map
from perturbations.adapters.borrowed_randomness import seeded_globals
from perturbations.corrupted import CorruptedSamples, Facts
from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap


@dataclass(frozen=True)
class Step:
    """One transform that was applied: what it is called, what it drew, where it moved things."""

    name: str
    parameters: Mapping[str, Any]
    time_map: TimeMap


def run(
    transform: Any,
    samples: Float[Tensor, " time"],
    sample_rate: int,
    generator: np.random.Generator,
) -> CorruptedSamples:
    """Apply a transform, or a composition of them, with random numbers from the generator alone.

    Returns:
        The samples; the time map of all that was applied; the parameters that were drawn, where
        there are several transforms under ``Name.parameter``; ``seconds`` where the length is not
        what the time map says.

    Raises:
        CorruptionError: The transform refuses, breaks down, or gives no finite sound.
    """
    given = samples.detach().cpu().numpy()
    steps: list[Step] = []
    try:
        with seeded_globals(generator), followed(transform, steps):
            result = np.asarray(transform(given.copy(), sample_rate))
    except Exception as fault:  # whatever a transform raises when it does not like a clip
        raise refusal(transform, fault) from fault
    if result.ndim != 1 or not result.size or not np.isfinite(result).all():
        raise CorruptionError(
            f"audiomentations' {title(transform)} made {describe(result)} of this clip; "
            "corruptions give finite sound."
        )
    moved = reduce(TimeMap.then, (step.time_map for step in steps), TimeMap.identity())
    facts = {**told(steps), **seconds(len(given), len(result), moved, sample_rate)}
    return CorruptedSamples(torch.from_numpy(result.astype(np.float32)).to(samples), moved, facts)


def title(transform: Any) -> str:
    """What a transform is called in messages."""
    return type(transform).__name__


def describe(result: np.ndarray) -> str:
    """What is wrong with a result."""
    if result.ndim != 1 or not result.size:
        return f"an array of shape {result.shape}"
    return f"{int((~np.isfinite(result)).sum())} NaN or infinite samples"


def refusal(transform: Any, fault: Exception) -> CorruptionError:
    """An error of a transform in our words; one without any is told by the line that failed."""
    said = str(fault)
    if not said and fault.__traceback__ is not None:
        said = extract_tb(fault.__traceback__)[-1].line or ""
    return CorruptionError(
        f"audiomentations' {title(transform)} cannot be applied: {type(fault).__name__}: {said}"
    )


def leaves(transform: Any) -> Iterator[Any]:
    """The transforms that do the work, without the compositions around them."""
    if hasattr(transform, "transforms"):
        for part in transform.transforms:
            yield from leaves(part)
    else:
        yield transform


@contextmanager
def followed(transform: Any, steps: list[Step]) -> Iterator[None]:
    """Have every transform that is applied meanwhile leave a step."""
    with ExitStack() as stack:
        for leaf in {id(leaf): leaf for leaf in leaves(transform)}.values():
            if hasattr(leaf, "apply"):
                leaf.apply = with_step(leaf, leaf.apply, steps)
                stack.callback(vars(leaf).pop, "apply")
        yield


def with_step(leaf: Any, apply: Callable, steps: list[Step]) -> Callable:
    """`apply` that leaves a step."""

    def applied(samples: np.ndarray, sample_rate: int) -> Any:
        state = np.random.get_state()
        before = samples.copy()
        result = apply(samples, sample_rate)
        if np.ndim(result) != 1:  # refused when all is done
            return result
        kept = first_kept(apply, before, len(result), sample_rate, state)
        moved = time_map(leaf, before, result, sample_rate, kept)
        steps.append(Step(title(leaf), drawn_parameters(leaf), moved))
        return result

    return applied


def drawn_parameters(transform: Any) -> dict[str, Any]:
    """What a transform has drawn, and, under their names, what those inside it have."""
    drawn = {
        name: value
        for name, value in transform.serialize_parameters().items()
        if name != "should_apply"
    }
    for name, value in vars(transform).items():
        inside = value if isinstance(value, list) else [value]
        for place, part in enumerate(inside, 1):
            if hasattr(part, "serialize_parameters"):
                prefix = f"{name}-{place}" if len(inside) > 1 else name
                drawn |= {f"{prefix}.{key}": of for key, of in drawn_parameters(part).items()}
    return drawn


def first_kept(
    apply: Callable, before: np.ndarray, length: int, sample_rate: int, state: Any
) -> int:
    """The sample that is now the first, for `AdjustDuration`, which tells nobody where it cuts.

    A ramp of sample numbers goes the same way, with the random numbers of the first time.
    """
    if title(getattr(apply, "__self__", None)) != "AdjustDuration" or length >= len(before):
        return 0
    np.random.set_state(state)
    return int(apply(np.arange(len(before), dtype=np.float32), sample_rate)[0])


def told(steps: Sequence[Step]) -> Facts:
    """What was applied, and what it drew."""
    names = [step.name for step in steps]
    alone = len(names) == 1
    facts: dict[str, float | int | str] = {"applied": ", ".join(names)}
    for place, step in enumerate(steps):
        again = names[:place].count(step.name)
        prefix = "" if alone else f"{step.name}{f'-{again + 1}' if again else ''}."
        for name, value in step.parameters.items():
            facts[prefix + name] = plain(value)
    return facts


def plain(value: Any) -> float | str:
    """A number or text."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int | float):
        return float(value)
    return value if isinstance(value, str) else json.dumps(value, default=str)


def seconds(before: int, after: int, moved: TimeMap, sample_rate: int) -> Facts:
    """The new length, where the time map does not tell it."""
    expected = moved.forward(before / sample_rate) * sample_rate
    return {} if abs(after - expected) <= 1 else {"seconds": after / sample_rate}
