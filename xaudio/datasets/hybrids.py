"""Hybrids: human utterances with one or two synthetic stretches, the times written down."""

import numpy as np
from jaxtyping import Float

from xaudio.errors import CorpusError

CROSS_FADE = 0.010
"""Seconds over which one voice gives way to the other; half of it lies inside the stretch."""

SHORTEST = 0.5
"""Seconds a synthetic stretch lasts at least; at most half of a clip is synthetic."""

Stretch = tuple[float, float]


def check_length(seconds: float, shortest: float = SHORTEST) -> None:
    """Refuse a clip too short for a single synthetic stretch.

    Raises:
        CorpusError: It lasts less than twice the shortest stretch.
    """
    if seconds < 2 * shortest:
        raise CorpusError(
            f"A clip of {seconds:.2f} s is too short for a synthetic stretch of {shortest} s: "
            f"it takes at least {2 * shortest:.1f} s."
        )


def draw_stretches(
    seconds: float,
    seed: int,
    count: int,
    shortest: float = SHORTEST,
    longest: float = 1.5,
) -> tuple[Stretch, ...]:
    """Where the synthesis goes: `count` stretches in seconds, in order, apart by at least 0.2 s.

    Each lies at least 0.1 s from either end; at most half of the clip becomes synthetic.

    Raises:
        CorpusError: The clip is too short for a single stretch.
    """
    check_length(seconds, shortest)
    margin, gap = 0.1, 0.2
    longest = min(longest, seconds / 2 / count)
    if longest < shortest and count > 1:
        return draw_stretches(seconds, seed, count - 1, shortest, longest * count)
    draw = np.random.default_rng(seed)
    lengths = draw.uniform(shortest, longest, count)
    free = seconds - 2 * margin - (count - 1) * gap - lengths.sum()
    lead = np.sort(draw.uniform(0.0, free, count))
    starts = margin + lead + np.concatenate([[0.0], np.cumsum(lengths[:-1] + gap)])
    return tuple(
        (float(start), float(start + length)) for start, length in zip(starts, lengths, strict=True)
    )


def splice(
    original: Float[np.ndarray, " time"],
    copy: Float[np.ndarray, " time"],
    sample_rate: int,
    stretches: tuple[Stretch, ...],
) -> Float[np.ndarray, " time"]:
    """The original with `copy` in the stretches, level-matched and cross-faded without a click.

    `copy` is aligned with the original. The level of each stretch is matched to what it replaces,
    so that neither loudness nor a jump marks it.
    """
    spliced = original.astype(np.float64)
    fade = round(CROSS_FADE * sample_rate)
    for start, end in stretches:
        first, last = round(start * sample_rate), round(end * sample_rate)
        outer = slice(max(first - fade // 2, 0), min(last + fade // 2, len(original)))
        share = _fade_in_and_out(outer.stop - outer.start, fade)
        piece = copy[outer].astype(np.float64)
        level = np.sqrt(np.mean(piece**2))
        if level > 0:
            piece *= np.sqrt(np.mean(np.square(original[outer], dtype=np.float64))) / level
        spliced[outer] = (1 - share) * spliced[outer] + share * piece
    return np.clip(spliced, -1.0, 1.0).astype(np.float32)


def _fade_in_and_out(length: int, fade: int) -> Float[np.ndarray, " time"]:
    """Raised-cosine edges, one in between."""
    edge = np.minimum(np.arange(length), np.arange(length)[::-1])
    return 0.5 - 0.5 * np.cos(np.pi * np.clip((edge + 0.5) / fade, 0.0, 1.0))
