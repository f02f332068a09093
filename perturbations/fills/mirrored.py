"""A gap filled with its neighbour, reversed in time."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.fills.gaps import Gap, fill_gaps, meet_neighbours, mirror_image
from perturbations.fills.registry import Stretch, check_fill, fills


@fills.register("reversed")
def reversed_neighbour(
    waveform: Float[Tensor, "batch time"],
    sample_rate: int,
    keys: Sequence[Key],
    stretches: Sequence[Stretch],
) -> Float[Tensor, "batch time"]:
    """What lies before each stretch, played backwards from the joint; what follows, if longer.

    It has the neighbour's level and spectrum, and none of its order. A neighbour shorter than the
    stretch goes to and fro. Where the stretch ends it fades into the mirror image of what follows.
    """
    check_fill(waveform, sample_rate, keys, stretches)
    return fill_gaps(
        "reversed",
        waveform,
        keys,
        stretches,
        lambda gaps: (meet_neighbours(reverse(gap), gap, sample_rate) for gap in gaps),
    )


def reverse(gap: Gap) -> Float[np.ndarray, " length"]:
    """The neighbour before the gap backwards, or the one after it if that is long enough alone.

    If neither is as long as the gap, the longer one is taken.
    """
    if len(gap.before) >= min(gap.length, len(gap.after)):
        return mirror_image(gap.before, gap.length)
    return mirror_image(gap.after[::-1], gap.length)[::-1]
