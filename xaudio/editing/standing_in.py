"""What stands in for a region: noise as loud, or what lies around it."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.convolution import at_level_of
from perturbations.corruption import Key, draw_normal, generator
from perturbations.fills import fills
from perturbations.masking import SpectrumGrid
from xaudio.editing.cutting import cut_out
from xaudio.editing.places import Place
from xaudio.errors import AudioError

CONTEXT_SECONDS = 0.25  # on either side: more than the fill looks at
LEAST_SIDE_BINS = 4


def as_loud_noise(
    waveform: Float[Tensor, " time"], places: Sequence[Place], key: Key
) -> Float[Tensor, "places length"]:
    """White Gaussian noise in each place's band, with the level (RMS) of what was there."""
    found = cut_out(waveform, places)
    noises = []
    for place in places:
        random = generator(f"region noise from {place.first}", 1, key)
        white = draw_normal([random], waveform[None])[0]
        noises.append(cut_out(white, [place])[0])
    return at_level_of(torch.stack(noises), found)


def from_around(
    waveform: Float[Tensor, " time"], places: Sequence[Place], key: Key
) -> Float[Tensor, "places length"]:
    """Noise whose spectrum goes from what lies before each place to what lies after it.

    The fill ``spectral-interpolation`` of perturbations.fills; a place at all times takes its
    spectrum from the bands beside it, moment by moment.

    Raises:
        AudioError: The place is the whole clip, so that nothing lies around it.
    """
    return torch.stack([_from_around(waveform, place, key) for place in places])


def _from_around(
    waveform: Float[Tensor, " time"], place: Place, key: Key
) -> Float[Tensor, " length"]:
    if place.at_all_times:
        return cut_out(_from_beside(waveform, place, key), [place])[0]
    context = round(CONTEXT_SECONDS * place.sample_rate)
    first, stop = max(0, place.first - context), min(place.samples, place.stop + context)
    stretch = (place.first - first, place.stop - first)
    fill = fills.get("spectral-interpolation")
    filled = waveform.clone()
    filled[first:stop] = fill(waveform[None, first:stop], place.sample_rate, [key], [stretch])[0]
    return cut_out(filled, [place])[0]


def _from_beside(
    waveform: Float[Tensor, " time"], place: Place, key: Key
) -> Float[Tensor, " time"]:
    """Noise whose level goes, in every frame, from that below the band to that above it."""
    if place.in_all_bands:
        raise AudioError(
            "The region is the whole clip, so nothing around it can take its place; draw a smaller "
            "one, or mute it or fill it with noise."
        )
    grid = SpectrumGrid.at(place.sample_rate)
    power = grid.transform(waveform[None])[0].abs().square()
    spacing = place.sample_rate / grid.size
    low, high = round(place.low / spacing), round(place.high / spacing)
    width = max(LEAST_SIDE_BINS, high - low)
    below, above = power[max(0, low - width) : low], power[high + 1 : high + 1 + width]
    sides = [side.mean(dim=0).sqrt() for side in (below, above) if len(side)]
    bins = torch.arange(len(power), dtype=torch.float32).to(waveform)
    way = ((bins - low) / max(high - low, 1)).clamp(0, 1)[:, None]
    gains = torch.lerp(sides[0][None], sides[-1][None], way)
    white = draw_normal([generator("region from beside", 1, key)], waveform[None])
    noise = grid.transform(white)
    # a frame of white noise has, in the mean, the power of its window
    energy = torch.hann_window(grid.size).square().sum().to(waveform)
    return grid.inverse(noise * gains / energy.sqrt(), len(waveform))[0]
