"""What of a clip lies in a rectangle of time and frequency, cut out without a click.

    part = window x band-pass(clip)

The window is one inside the rectangle and falls to zero within its first and last 5 ms (raised
cosine), so every sample outside of the rectangle's time is left as it is, to the last bit. The
band-pass is a linear-phase filter without delay, 60 dB down 100 Hz beyond the band (closer where
the band is narrower). All times and all bands together give the clip itself: cutting out a
rectangle and putting it back changes nothing.

What is limited in time cannot be limited in frequency: the edges of 5 ms blur the band's edges. How
far is measured in docs/case-records.md.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from perturbations.convolution import convolve
from xaudio.editing.places import Place

EDGE_SECONDS = 0.005
TRANSITION_HZ = 100.0
ATTENUATION_DB = 60.0


def cut_out(
    waveform: Float[Tensor, " time"], places: Sequence[Place]
) -> Float[Tensor, "places length"]:
    """What of the clip lies in each place, as long as the place.

    Args:
        waveform: The clip.
        places: Of one length; bands of one height.
    """
    windows = torch.stack([edges(place) for place in places]).to(waveform)
    if places[0].in_all_bands:
        rows = torch.stack([waveform[place.first : place.stop] for place in places])
        return windows * rows
    taps = torch.stack([band_pass(place) for place in places])
    reach = taps.shape[1] // 2
    around = pad(waveform, (reach, reach))
    rows = torch.stack([around[place.first : place.stop + 2 * reach] for place in places])
    return windows * convolve(rows, taps, lead=reach)[:, reach:-reach]


def put_in(
    waveform: Float[Tensor, " time"],
    places: Sequence[Place],
    differences: Float[Tensor, "places length"],
) -> Float[Tensor, "places time"]:
    """The clip with each difference added at its place, one row for each."""
    rows = waveform.repeat(len(places), 1)
    for row, place, difference in zip(rows, places, differences, strict=True):
        row[place.first : place.stop] += difference
    return rows


def edges(place: Place) -> Float[Tensor, " length"]:
    """One, with raised-cosine edges inside the place; none where the clip itself ends."""
    size = max(1, min(round(EDGE_SECONDS * place.sample_rate), place.length // 4))
    rising = torch.sin(torch.pi / 2 * (torch.arange(size, dtype=torch.float64) + 0.5) / size) ** 2
    window = torch.ones(place.length, dtype=torch.float64)
    if place.first > 0:
        window[:size] = rising
    if place.stop < place.samples:
        window[-size:] = rising.flip(0)
    return window


def band_pass(place: Place) -> Float[Tensor, " taps"]:
    """An odd number of symmetric taps: a sinc under a Kaiser window, half way at the band's ends.

    Source: Kaiser's formulas (Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.6).
    """
    transition = min(TRANSITION_HZ, place.high - place.low)
    order = (ATTENUATION_DB - 7.95) / (2.285 * torch.pi * transition / place.nyquist)
    half = round(order / 2)
    steps = torch.arange(-half, half + 1, dtype=torch.float64)
    low, high = (
        edge * torch.sinc(edge * steps)
        for edge in (max(place.low, 0.0) / place.nyquist, min(place.high / place.nyquist, 1.0))
    )
    window = torch.kaiser_window(
        2 * half + 1, periodic=False, beta=0.1102 * (ATTENUATION_DB - 8.7), dtype=torch.float64
    )
    return (high - low) * window
