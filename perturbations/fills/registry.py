"""What a fill is, and those there are by name."""

from collections.abc import Callable, Sequence
from itertools import chain, pairwise

from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.errors import CorruptionError
from perturbations.registry import Registry
from perturbations.waveform import check_waveform

Stretch = tuple[int, int]
Fill = Callable[
    [Float[Tensor, "batch time"], int, Sequence[Key], Sequence[Stretch]],
    Float[Tensor, "batch time"],
]
fills: Registry[Fill] = Registry(
    "fill",
    "xaudio.fills",
    (
        "perturbations.fills.constants",
        "perturbations.fills.noise",
        "perturbations.fills.linear_prediction",
        "perturbations.fills.spectral_interpolation",
        "perturbations.fills.mirrored",
        "perturbations.fills.shuffled",
        "perturbations.fills.band_stop",
    ),
    CorruptionError,
)


def check_fill(
    waveform: Tensor, sample_rate: int, keys: Sequence[Key], stretches: Sequence[Stretch]
) -> None:
    """Refuse what no fill can answer for.

    Args:
        waveform: Should be a waveform: float32, finite, at least one clip of one sample.
        sample_rate: Should be a positive whole number of hertz.
        keys: Should be one per clip.
        stretches: Should be (start, stop) in samples within the clip, sorted, none empty, no two of
            them sharing a sample.
    """
    check_waveform(waveform, sample_rate)
    if len(keys) != len(waveform):
        raise CorruptionError(
            f"There are {len(waveform)} clips and {len(keys)} keys; give one key per clip."
        )
    bounds = [0, *chain.from_iterable(stretches), waveform.shape[1]]
    in_order = all(earlier <= later for earlier, later in pairwise(bounds))
    if not in_order or any(start == stop for start, stop in stretches):
        raise CorruptionError(
            f"The stretches {list(stretches)} were given for {waveform.shape[1]} samples; expected "
            "(start, stop) within the clip, start before stop, sorted, and none in another."
        )
