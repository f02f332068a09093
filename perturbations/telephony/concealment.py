"""What a receiver plays where packets are missing.

Each way works on the samples in place, from sample `start` up to `stop`, and knows what was played
before and the packet that comes after.
"""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from perturbations.errors import CorruptionError

Samples = Float[np.ndarray, " time"]
Made = Float[np.ndarray, " new"]
Concealment = Callable[[Samples, int, int, int], None]

PACKET_SECONDS = 0.02
FADE_BEGINS_SECONDS, FADE_ENDS_SECONDS = 0.01, 0.06
SHORTEST_PERIOD_SECONDS, LONGEST_PERIOD_SECONDS = 0.005, 0.015
COMPARED_SECONDS = 0.02
GROWTH_SECONDS = 0.01
OVERLAP_GROWTH, LONGEST_OVERLAP_SECONDS = 0.4, 0.01
MOST_PERIODS = 3


def conceal(samples: Samples, start: int, stop: int, sample_rate: int, word: str) -> None:
    """Fill samples `start` to `stop` in place, in the way of that name."""
    concealment(word)(samples, start, stop, sample_rate)


def concealment(word: str) -> Concealment:
    """The way of that name: ``"silence"``, ``"repeat"`` or ``"extrapolate"``.

    Raises:
        CorruptionError: There is no such way.
    """
    if word not in WAYS:
        raise CorruptionError(
            f"There is no concealment '{word}'. There are: {', '.join(sorted(WAYS))}."
        )
    return WAYS[word]


def silence(samples: Samples, start: int, stop: int, sample_rate: int) -> None:  # noqa: ARG001
    """Nothing at all, with hard edges."""
    samples[start:stop] = 0


def repeat(samples: Samples, start: int, stop: int, sample_rate: int) -> None:
    """The last packet again and again, fading out; no care is taken of the joints."""
    packet = played_before(samples, start, round(PACKET_SECONDS * sample_rate))
    gap = stop - start
    samples[start:stop] = np.resize(packet, gap) * fade_out(gap, sample_rate)


def extrapolate(samples: Samples, start: int, stop: int, sample_rate: int) -> None:
    """The last periods of the voice go on, after ITU-T G.711 Appendix I (1999).

    As there: the period is sought between 5 and 15 ms; one period is repeated for 10 ms, two for
    the next 10 ms, three from then on; it fades from 10 to 60 ms; all joints are cross-faded over a
    quarter of a period, the one to the next packet over 4 ms more for every further 10 ms lost, 10
    ms at most. Unlike there, the period is sought at full resolution, at any sample rate.
    """
    longest = round(LONGEST_PERIOD_SECONDS * sample_rate)
    played = played_before(samples, start, (MOST_PERIODS + 1) * longest)
    period = pitch_period(played, sample_rate)
    quarter = max(1, period // 4)
    gap = stop - start
    late = max(0.0, gap - GROWTH_SECONDS * sample_rate)
    longest_overlap = round(LONGEST_OVERLAP_SECONDS * sample_rate)
    overlap = min(quarter + round(OVERLAP_GROWTH * late), longest_overlap, len(samples) - stop)

    going_on = continued(played, period, gap + overlap, sample_rate)
    going_on *= fade_out(len(going_on), sample_rate)
    bent = min(quarter, start)
    samples[start - bent : start] = one_round(played, period, quarter)[period - bent :]
    samples[start:stop] = going_on[:gap]
    samples[stop : stop + overlap] = cross_fade(going_on[gap:], samples[stop : stop + overlap])


WAYS: Mapping[str, Concealment] = {
    "silence": silence,
    "repeat": repeat,
    "extrapolate": extrapolate,
}


def played_before(samples: Samples, start: int, count: int) -> Made:
    """The last `count` samples before `start`; zeros where the clip had not begun."""
    before = samples[max(0, start - count) : start]
    return np.pad(before, (count - len(before), 0))


def fade_out(length: int, sample_rate: int) -> Made:
    """Full for 10 ms, then linearly down to nothing at 60 ms."""
    seconds = np.arange(length) / sample_rate
    fade = (FADE_ENDS_SECONDS - seconds) / (FADE_ENDS_SECONDS - FADE_BEGINS_SECONDS)
    return fade.clip(0, 1).astype(np.float32)


def pitch_period(played: Samples, sample_rate: int) -> int:
    """Samples of a period: where what was played last best resembles what came before it."""
    shortest = round(SHORTEST_PERIOD_SECONDS * sample_rate)
    longest = round(LONGEST_PERIOD_SECONDS * sample_rate)
    size = round(COMPARED_SECONDS * sample_rate)
    recent = played[-size - longest :].astype(np.float64)
    earlier = recent[: size + longest - shortest]
    products = np.correlate(earlier, recent[longest:], "valid")
    energies = np.convolve(np.square(earlier), np.ones(size), "valid")
    likeness = products / np.sqrt(np.maximum(energies, np.finfo(np.float64).tiny))
    return longest - int(np.argmax(likeness))


def one_round(played: Samples, length: int, joint: int) -> Made:
    """The last `length` samples, bent over `joint` samples so that their end meets their start."""
    circle = played[-length:].copy()
    before = played[-length - joint : len(played) - length]
    circle[-joint:] = cross_fade(circle[-joint:], before)
    return circle


def continued(played: Samples, period: int, length: int, sample_rate: int) -> Made:
    """`length` samples more of the last periods: one, later two, then three, lest it buzzes."""
    quarter = max(1, period // 4)
    going_on = np.zeros(length, dtype=np.float32)
    for periods in range(1, MOST_PERIODS + 1):
        begin = round((periods - 1) * GROWTH_SECONDS * sample_rate)
        circle = one_round(played, periods * period, quarter)
        piece = circle[(begin % period + np.arange(max(0, length - begin))) % len(circle)]
        if periods > 1:
            joint = slice(0, min(quarter, len(piece)))
            piece[joint] = cross_fade(going_on[begin:][joint], piece[joint])
        going_on[begin:] = piece
    return going_on


def cross_fade(out: Samples, into: Float[np.ndarray, " time"]) -> Samples:
    """From one to the other, linearly."""
    share = np.arange(1, len(out) + 1, dtype=np.float32) / (len(out) + 1)
    return (1 - share) * out + share * into
