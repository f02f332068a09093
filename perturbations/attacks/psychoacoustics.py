"""What a clip hides from the ear: simultaneous masking after MPEG-1's psychoacoustic model 1.

ISO/IEC 11172-3, annex D, with windows that fit any sample rate and Terhardt's formula in place of
the standard's tables, as Qin et al. (2019) and Schoenherr et al. (2019) use it for imperceptible
attacks. Levels are in dB of sound pressure, the clip's loudest spectral line standing at
`MaskingModel.loudest_db`: the listener is taken to have turned the volume up.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from perturbations.attacks.budgets import above_zero
from perturbations.errors import CorruptionError
from perturbations.filters import fast_length

QUIETEST_HZ = 20.0
HIGHEST_THRESHOLD_DB = 70.0  # the standard's tables end there; Terhardt's formula does not
PROMINENCE_DB = 7.0
TONE_REACH = 0.5  # Bark within which only the strongest tone masks
TONES_AT_A_TIME = 4096
SILENT_DB = -200.0


@dataclass(frozen=True)
class MaskingModel:
    """How the masking threshold is found.

    Attributes:
        window_seconds: Length of the spectrum's window, taken to a length fast to transform. 32 ms
            is ours: the standard has 12 to 26 ms, Qin et al. 128 ms, in which a click masks what
            comes well before it.
        loudest_db: Level of the clip's loudest spectral line; 96 is the standard's full scale.
    """

    window_seconds: float = 0.032
    loudest_db: float = 96.0

    def __post_init__(self) -> None:
        if not 0.004 <= self.window_seconds <= 0.5:
            raise CorruptionError(
                f"A window of {self.window_seconds} s was given; give 0.004 to 0.5."
            )
        if not 40 <= self.loudest_db <= 130:
            raise CorruptionError(f"A level of {self.loudest_db} dB was given; give 40 to 130.")

    def size(self, sample_rate: int) -> int:
        """Samples per window at a rate in hertz."""
        return max(16, fast_length(round(self.window_seconds * sample_rate)))

    def threshold(
        self, waveform: Float[Tensor, "batch time"], sample_rate: int
    ) -> Float[Tensor, "batch frame bin"]:
        """The largest magnitude that each line of `spectrum` may have and stay unheard.

        The masking threshold is the level of one sound that just goes unheard. What fills a whole
        critical band is as loud as all its lines together, so each line gets its share of the
        threshold. The share is ours: Qin et al. allow every line the whole, which at high
        frequencies is 10 to 15 dB more.
        """
        size = self.size(sample_rate)
        magnitude = spectrum(waveform, size).abs()
        # A clip 80 dB below full scale is not turned up any further.
        least = torch.tensor(size / 4 * 1e-4).to(waveform)
        loudest = torch.maximum(magnitude.amax(dim=(1, 2), keepdim=True), least)
        level = decibels_of(magnitude / loudest) + self.loudest_db
        hertz = torch.arange(size // 2 + 1).to(waveform) * (sample_rate / size)
        masked = masking_threshold(level, hertz) - 10 * torch.log10(lines_per_band(hertz))
        return loudest * 10 ** ((masked - self.loudest_db) / 20)


def spectrum(
    waveform: Float[Tensor, "batch time"], size: int
) -> Complex[Tensor, "batch frame bin"]:
    """Short-time spectrum: Hann windows of `size` samples every quarter, zeros beyond the ends."""
    window = torch.hann_window(size).to(waveform)
    found = torch.stft(
        waveform, size, size // 4, window=window, pad_mode="constant", return_complex=True
    )
    return found.transpose(1, 2)


def from_spectrum(
    lines: Complex[Tensor, "batch frame bin"], size: int, length: int
) -> Float[Tensor, "batch length"]:
    """The waveform whose `spectrum` is nearest (in squares)."""
    window = torch.hann_window(size, device=lines.device, dtype=lines.real.dtype)
    return torch.istft(lines.transpose(1, 2), size, size // 4, window=window, length=length)


def masking_threshold(
    level: Float[Tensor, "batch frame bin"], hertz: Float[Tensor, " bin"]
) -> Float[Tensor, "batch frame bin"]:
    """The global masking threshold, in dB: the ear's own, all tones' and all noises' added up.

    Args:
        level: Of each spectral line, in dB of sound pressure.
        hertz: Where the lines are.
    """
    bark = to_bark(hertz)
    quiet = threshold_in_quiet(hertz)
    tonal = tones(level)
    power = (10 ** (level / 10)).masked_fill(_near(tonal), 0.0)
    strength = torch.where(tonal, _summed_level(level), SILENT_DB)
    masks = tonal & (strength >= quiet) & (strength >= _strongest_near(strength, bark))
    total = 10 ** (quiet / 10) + _masked_by_tones(strength, masks, bark)
    return decibels_of((total + _masked_by_noise(power, quiet, bark, hertz)).sqrt())


def to_bark(hertz: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Critical-band rate (Zwicker and Terhardt 1980).

    >>> to_bark(torch.tensor([100.0, 1000.0, 8000.0]))
    tensor([ 0.9867,  8.5105, 21.2753])
    """
    return 13 * torch.atan(0.00076 * hertz) + 3.5 * torch.atan((hertz / 7500).square())


def threshold_in_quiet(hertz: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The absolute threshold of hearing in dB of sound pressure (Terhardt 1979), at most 70 dB.

    >>> threshold_in_quiet(torch.tensor([100.0, 1000.0, 3300.0]))
    tensor([22.9529,  3.3691, -4.9809])
    """
    kilohertz = hertz.clamp(min=QUIETEST_HZ) / 1000
    dip = 6.5 * torch.exp(-0.6 * (kilohertz - 3.3).square())
    level = 3.64 * kilohertz**-0.8 - dip + 1e-3 * kilohertz**4
    return level.clamp(max=HIGHEST_THRESHOLD_DB)


def lines_per_band(hertz: Float[Tensor, " bin"]) -> Float[Tensor, " bin"]:
    """How many spectral lines lie within one Bark around each; at least one."""
    spacing = hertz[1] - hertz[0]
    width = to_bark(hertz + spacing / 2) - to_bark(hertz - spacing / 2)
    return (1 / width).clamp(min=1)


def spreading(
    distance: Float[Tensor, "*distance"], level: Float[Tensor, "*level"]
) -> Float[Tensor, "*masked"]:
    """How much less a masker masks away from where it is, in dB (ISO/IEC 11172-3, D.1 step 6).

    Args:
        distance: From the masker up to the line, in Bark.
        level: Of the masker, in dB; a louder one reaches further up.
    """
    below = torch.where(
        distance < -1, 17 * (distance + 1) - (0.4 * level + 6), (0.4 * level + 6) * distance
    )
    above = torch.where(distance < 1, -17 * distance, -(distance - 1) * (17 - 0.15 * level) - 17)
    reached = (distance >= -3) & (distance < 8)
    return torch.where(reached, torch.where(distance < 0, below, above), SILENT_DB)


def tones(level: Float[Tensor, "batch frame bin"]) -> Bool[Tensor, "batch frame bin"]:
    """Lines that stand out as tones: peaks 7 dB above the lines two beside them."""
    padded = torch.nn.functional.pad(level, (2, 2), value=torch.inf)
    neighbours = padded.unfold(2, 5, 1)
    peak = (level > neighbours[..., 1]) & (level >= neighbours[..., 3])
    outer = torch.maximum(neighbours[..., 0], neighbours[..., 4])
    return peak & (level - outer >= PROMINENCE_DB)


def decibels_of(magnitude: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Level of a magnitude in dB, at least `SILENT_DB`."""
    return (20 * torch.log10(above_zero(magnitude))).clamp(min=SILENT_DB)


def _near(tonal: Bool[Tensor, "batch frame bin"]) -> Bool[Tensor, "batch frame bin"]:
    """The lines a tone takes up: itself and two on either side, the window's main lobe."""
    spread = torch.nn.functional.max_pool1d(tonal.float(), 5, stride=1, padding=2)
    return spread > 0


def _summed_level(
    level: Float[Tensor, "batch frame bin"],
) -> Float[Tensor, "batch frame bin"]:
    """Level of each line and its two neighbours together."""
    power = torch.nn.functional.pad(10 ** (level / 10), (1, 1))
    return 10 * torch.log10(above_zero(power.unfold(2, 3, 1).sum(dim=3)))


def _strongest_near(
    strength: Float[Tensor, "batch frame bin"], bark: Float[Tensor, " bin"]
) -> Float[Tensor, "batch frame bin"]:
    """The strongest tone within `TONE_REACH` of each line."""
    strongest = strength.clone()
    for shift in range(1, len(bark)):
        near = bark[shift:] - bark[:-shift] < TONE_REACH
        if not bool(near.any()):
            break
        above = torch.where(near, strength[..., shift:], SILENT_DB)
        below = torch.where(near, strength[..., :-shift], SILENT_DB)
        strongest[..., :-shift] = torch.maximum(strongest[..., :-shift], above)
        strongest[..., shift:] = torch.maximum(strongest[..., shift:], below)
    return strongest


def _masked_by_tones(
    strength: Float[Tensor, "batch frame bin"],
    masks: Bool[Tensor, "batch frame bin"],
    bark: Float[Tensor, " bin"],
) -> Float[Tensor, "batch frame bin"]:
    """Power of the thresholds of all tones."""
    flat = strength.reshape(-1, len(bark))
    total = torch.zeros_like(flat)
    for frame, line in zip(
        *(each.split(TONES_AT_A_TIME) for each in masks.reshape_as(flat).nonzero().unbind(1)),
        strict=True,
    ):
        level, place = flat[frame, line][:, None], bark[line][:, None]
        index = -1.525 - 0.275 * place - 4.5
        masked = level + index + spreading(bark - place, level)
        total.index_add_(0, frame, 10 ** (masked / 10))
    return total.reshape_as(strength)


def _masked_by_noise(
    power: Float[Tensor, "batch frame bin"],
    quiet: Float[Tensor, " bin"],
    bark: Float[Tensor, " bin"],
    hertz: Float[Tensor, " bin"],
) -> Float[Tensor, "batch frame bin"]:
    """Power of the thresholds of the noise in each critical band, one Bark wide."""
    total = torch.zeros_like(power)
    for band in bark.floor().unique():
        inside = bark.floor() == band
        level = 10 * torch.log10(above_zero(power[..., inside].sum(dim=2, keepdim=True)))
        centre = hertz[inside].clamp(min=QUIETEST_HZ).log().mean().exp()
        place = to_bark(centre)
        index = -1.525 - 0.175 * place - 0.5
        masked = level + index + spreading(bark - place, level)
        heard = level >= quiet[(hertz - centre).abs().argmin()]
        total += torch.where(heard, 10 ** (masked / 10), 0.0)
    return total
