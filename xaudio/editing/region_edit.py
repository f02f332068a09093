"""A region of a clip muted, kept alone, filled with noise, or replaced by what surrounds it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import clip_digest
from perturbations.corruption import Key
from xaudio.audio import Clip
from xaudio.editing.cutting import cut_out, put_in
from xaudio.editing.places import Place, place_of
from xaudio.editing.standing_in import as_loud_noise, from_around
from xaudio.errors import AudioError
from xaudio.regions import Region

HOWS = {
    "mute": "muted",
    "keep": "kept, all else muted",
    "noise": "filled with noise as loud as what was there",
    "replace": "replaced by what surrounds it",
}


@dataclass(frozen=True)
class RegionEdit:
    """What is done to a region.

    Attributes:
        region: In seconds and hertz.
        how: ``mute``, ``keep`` (all else is muted), ``noise`` (as loud as what was there, in that
            band) or ``replace`` (by what surrounds it).

    Raises:
        AudioError: There is no such way.
    """

    region: Region
    how: str

    def __post_init__(self) -> None:
        if self.how not in HOWS:
            raise AudioError(
                f"A region cannot be edited by '{self.how}'; there are: {', '.join(HOWS)}."
            )


def edited(clip: Clip, edit: RegionEdit, seed: int = 0) -> Clip:
    """The clip with one region edited; the decode chain says so.

    Samples outside of the region's time stay as they are, to the last bit (for ``keep``: those in
    the region's band and time, but for edges of 5 ms).

    Args:
        clip: At any rate.
        edit: What is done.
        seed: Of noise, which depends on the clip's samples as well.

    Raises:
        AudioError: The region is outside of the clip or too small; see `place_of`.
    """
    place = place_of(edit.region, clip)
    samples = edited_rows(clip.waveform[0], [place], edit.how, seed)[0].numpy()
    region = place.region
    step = (
        f"{region.start:.3f}-{region.end:.3f} s, {region.low:.0f}-{region.high:.0f} Hz "
        f"{HOWS[edit.how]}"
    )
    return replace(clip, samples=samples, decode_chain=(*clip.decode_chain, step))


def edited_in_order(clip: Clip, edits: Sequence[RegionEdit], seed: int = 0) -> Clip:
    """The clip with a pile of edits, the first one first; arguments and errors as for `edited`."""
    for edit in edits:
        clip = edited(clip, edit, seed)
    return clip


def edited_rows(
    waveform: Float[Tensor, " time"], places: Sequence[Place], how: str, seed: int
) -> Float[Tensor, "places time"]:
    """One clip, edited in one place in each row; places of one size."""
    found = cut_out(waveform, places)
    if how == "keep":
        return put_in(torch.zeros_like(waveform), places, found)
    if how == "mute":
        return put_in(waveform, places, -found)
    key = Key(clip_digest(waveform), seed)
    stand_in = as_loud_noise if how == "noise" else from_around
    return put_in(waveform, places, stand_in(waveform, places, key) - found)
