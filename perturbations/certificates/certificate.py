"""What a corruption measurably did to one clip, all figures together."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from perturbations.certificates.alignment import (
    aligned,
    common_shift,
    measured_delay,
    moved_later,
)
from perturbations.certificates.levels import (
    clipped_share,
    dc_offset,
    loudness_lufs,
    new_silence_share,
    peak,
    signal_to_rest_db,
)
from perturbations.certificates.pitch import pitch_shift_semitones
from perturbations.certificates.quality import pesq_score, stoi_score
from perturbations.certificates.spectrum import (
    held_band,
    log_spectral_distance_db,
    matching_spectra,
)
from perturbations.corrupted import CorruptedSamples, Facts
from perturbations.waveform import check_form

Figures = dict[str, Any]


@dataclass(frozen=True)
class Certificate:
    """Measured figures of one corrupted clip beside the clean one; None where one does not apply.

    Attributes:
        seconds: Length of the corrupted clip.
        length_ratio: That length over the clean clip's.
        peak: Largest absolute sample, 0 to 1.
        dc_offset: Mean of the samples, -1 to 1.
        clipped_share: Share of the samples that lie in flat tops, 0 to 1.
        silent_share: Share of the samples that are digital silence and were none before, 0 to 1.
        snr_db: Power of what is left of the clean clip over the power of all else, at most 150. A
            clip that is turned down as a whole has lost nothing. None where the clock was moved
            other than by a plain shift.
        si_sdr_db: The same after the delay is taken out.
        delay_seconds: How much later than its time map says the sound comes, found within half a
            second; None where the clock was moved otherwise, or where little is alike.
        log_spectral_distance_db: Mean distance of the short-time spectra at the same instants.
        lowest_hz: Lower edge of the band that still holds the signal.
        highest_hz: Upper edge of that band.
        bandwidth_hz: Its width.
        pitch_semitones: By how much all frequencies have moved up, or down where negative.
        loudness_lufs: Loudness after ITU-R BS.1770; None for clips shorter than 0.4 s and silence.
        loudness_change_lu: Loudness beside the clean clip's.
        decay_seconds: Reverberation time (60 dB), where the corruption tells it as the fact
            `rt60_seconds`. It is not measured: dividing the spectra of a few seconds of real
            speech missed it by factors of two and more.
        bitrate_kbps: Coded bits per second of sound, where the corruption tells.
        pesq: Wide-band PESQ (ITU-T P.862.2), about 1 to 4.6, where the package `pesq` is
            installed.
        stoi: Short-time objective intelligibility, at most 1, where `pystoi` is installed.
        facts: What the corruption told.
    """

    seconds: float
    length_ratio: float
    peak: float
    dc_offset: float
    clipped_share: float
    silent_share: float
    snr_db: float | None = None
    si_sdr_db: float | None = None
    delay_seconds: float | None = None
    log_spectral_distance_db: float | None = None
    lowest_hz: float | None = None
    highest_hz: float | None = None
    bandwidth_hz: float | None = None
    pitch_semitones: float | None = None
    loudness_lufs: float | None = None
    loudness_change_lu: float | None = None
    decay_seconds: float | None = None
    bitrate_kbps: float | None = None
    pesq: float | None = None
    stoi: float | None = None
    facts: Facts = field(default_factory=dict)

    def as_dict(self) -> Figures:
        """All figures by name, as JSON can hold them."""
        return asdict(self)

    def value(self, quantity: str) -> float | None:
        """A figure by its name, or a fact that is a number: what `Corruption.primary` names."""
        if quantity in self.facts:
            return told(self.facts, quantity)
        figure = getattr(self, quantity, None)
        return figure if isinstance(figure, float) else None


def told(facts: Facts, name: str) -> float | None:
    """A fact that is a number."""
    fact = facts.get(name)
    return float(fact) if isinstance(fact, int | float) else None


def certify(
    clean: Float[Tensor, " time"], corrupted: CorruptedSamples, sample_rate: int
) -> Certificate:
    """Measure what a corruption did to a clip.

    Everything is compared at the instants that belong together by the time map.

    Args:
        clean: The clip before, on any device.
        corrupted: The clip after, of any length.
        sample_rate: Of both, in hertz.

    Raises:
        CorruptionError: A clip is empty, not float32, or the rate is none.
    """
    check_form(clean[None], sample_rate)
    check_form(corrupted.samples[None], sample_rate)
    before, after = (
        each.detach().cpu().numpy().astype(np.float64) for each in (clean, corrupted.samples)
    )
    return Certificate(
        **_alone(before, after, corrupted, sample_rate),
        **_at_mapped_instants(before, after, corrupted, sample_rate),
        **_sample_by_sample(before, after, corrupted, sample_rate),
        facts=dict(corrupted.facts),
    )


def _alone(
    before: Float[np.ndarray, " time"],
    after: Float[np.ndarray, " new"],
    corrupted: CorruptedSamples,
    sample_rate: int,
) -> Figures:
    """What is known of the corrupted clip without laying it over the clean one."""
    loudness, was = (loudness_lufs(each, sample_rate) for each in (after, before))
    return {
        "seconds": len(after) / sample_rate,
        "length_ratio": len(after) / len(before),
        "peak": peak(after),
        "dc_offset": dc_offset(after),
        "clipped_share": clipped_share(after),
        "loudness_lufs": loudness,
        "loudness_change_lu": None if loudness is None or was is None else loudness - was,
        "decay_seconds": told(corrupted.facts, "rt60_seconds"),
        "bitrate_kbps": told(corrupted.facts, "bitrate_kbps"),
    }


def _at_mapped_instants(
    before: Float[np.ndarray, " time"],
    after: Float[np.ndarray, " new"],
    corrupted: CorruptedSamples,
    sample_rate: int,
) -> Figures:
    """What can be compared however the clock was moved."""
    spectra = matching_spectra(before, after, corrupted.time_map, sample_rate)
    band = held_band(spectra)
    lowest, highest = band or (None, None)
    return {
        "silent_share": new_silence_share(before, after, corrupted.time_map, sample_rate),
        "log_spectral_distance_db": log_spectral_distance_db(spectra),
        "lowest_hz": lowest,
        "highest_hz": highest,
        "bandwidth_hz": None if band is None else band[1] - band[0],
        "pitch_semitones": pitch_shift_semitones(spectra),
    }


def _sample_by_sample(
    before: Float[np.ndarray, " time"],
    after: Float[np.ndarray, " new"],
    corrupted: CorruptedSamples,
    sample_rate: int,
) -> Figures:
    """What asks for the same clock; nothing where it was moved other than by a plain shift."""
    shift = common_shift(corrupted.time_map)
    pair = None if shift is None else aligned(before, after, round(shift * sample_rate))
    if shift is None or pair is None:
        return {}
    delay = measured_delay(*pair, sample_rate)
    after_delay = pair if delay is None else moved_later(*pair, delay * sample_rate)
    in_map = shift - round(shift * sample_rate) / sample_rate
    return {
        "snr_db": signal_to_rest_db(*pair),
        "si_sdr_db": signal_to_rest_db(*after_delay),
        "delay_seconds": None if delay is None else delay - in_map,
        "pesq": pesq_score(*after_delay, sample_rate),
        "stoi": stoi_score(*after_delay, sample_rate),
    }
