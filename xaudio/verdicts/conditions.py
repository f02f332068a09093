"""What can be measured of a recording alone, without the clean one: the conditions it was made in.

Whether a detector was ever tested on recordings like this one is asked of these figures, never of
its score.
"""

from dataclasses import dataclass

import numpy as np

from perturbations.certificates.levels import (
    SILENT_SECONDS,
    clipped_share,
    dc_offset,
    in_runs,
    loudness_lufs,
)
from xaudio.audio import Clip
from xaudio.verdicts.spectrum import estimated_snr_db, occupied_band, spectrogram
from xaudio.verdicts.voicing import voiced_share


@dataclass(frozen=True)
class Conditions:
    """Figures of one recording at its own sample rate; None where one has no answer.

    Attributes:
        seconds: Length.
        sample_rate: In hertz, as the file says.
        lowest_hz: Where the band that holds signal begins.
        highest_hz: Where it ends: 3.4 kHz for a telephone, whatever the file's rate.
        loudness_lufs: After ITU-R BS.1770; None for less than 0.4 s.
        snr_db: Estimated ratio of speech to steady noise above 200 Hz; see `estimated_snr_db` for
            its error.
        clipped_share: Share of the samples in flat tops, 0 to 1.
        silent_share: Share of the samples in digital silence, 0 to 1.
        voiced_share: Share of the frames that sound like a voice on a pitch, 0 to 1.
        dc_offset: Size of the samples' mean, 0 to 1.
    """

    seconds: float
    sample_rate: int
    lowest_hz: float | None
    highest_hz: float | None
    loudness_lufs: float | None
    snr_db: float | None
    clipped_share: float
    silent_share: float
    voiced_share: float
    dc_offset: float

    def as_dict(self) -> dict[str, float | int | None]:
        """By name, as JSON can hold them."""
        return dict(vars(self))


@dataclass(frozen=True)
class Quantity:
    """How one of the conditions is spoken of and compared.

    Attributes:
        name: As in `Conditions`.
        words: For people.
        unit: For people; ``%`` for a share.
        margin: How far beyond the range of the calibration clips is still counted as inside, in
            the quantity's unit: about the error of its measurement.
        relative_margin: The same as a share of the end of the range.
        decimals: How it is written.
    """

    name: str
    words: str
    unit: str
    margin: float
    relative_margin: float = 0.0
    decimals: int = 1

    def text(self, value: float) -> str:
        """A value with its unit.

        >>> QUANTITIES["clipped_share"].text(0.125)
        '12.50 %'
        """
        scale = 100 if self.unit == "%" else 1
        return f"{scale * value:.{self.decimals}f} {self.unit}".rstrip()


# Margins are ours: no published ones were found. Those of the band and of the SNR are their
# measured errors (see their functions), the others what leaves a detector's input much the same.
QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("seconds", "duration", "s", 0.0, relative_margin=0.1, decimals=2),
        Quantity("lowest_hz", "lowest frequency with signal", "Hz", 50.0, decimals=0),
        Quantity("highest_hz", "highest frequency with signal", "Hz", 50.0, decimals=0),
        Quantity("loudness_lufs", "loudness", "LUFS", 2.0),
        Quantity("snr_db", "estimated signal-to-noise ratio", "dB", 2.0),
        Quantity("clipped_share", "clipped share", "%", 0.0005, decimals=2),
        Quantity("silent_share", "share of digital silence", "%", 0.02),
        Quantity("voiced_share", "share of voiced sound", "%", 0.05),
        Quantity("dc_offset", "constant offset", "of full scale", 0.01, decimals=3),
    )
}


def measure_conditions(clip: Clip) -> Conditions:
    """The conditions of a recording, measured blindly at its own rate.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    >>> measured = measure_conditions(Clip(noise, 16000, "noise", "0"))
    >>> measured.seconds, measured.voiced_share
    (1.0, 0.0)
    """
    samples = clip.samples.astype(np.float64)
    offset = dc_offset(samples)
    centred = samples - offset
    spectra = spectrogram(centred, clip.sample_rate)
    lowest, highest = occupied_band(spectra) or (None, None)
    shortest = max(2, round(SILENT_SECONDS * clip.sample_rate))
    return Conditions(
        seconds=clip.seconds,
        sample_rate=clip.sample_rate,
        lowest_hz=lowest,
        highest_hz=highest,
        loudness_lufs=loudness_lufs(samples, clip.sample_rate),
        snr_db=estimated_snr_db(spectra),
        clipped_share=clipped_share(samples),
        silent_share=float(in_runs(samples == 0, shortest).mean()),
        voiced_share=voiced_share(centred, clip.sample_rate),
        dc_offset=abs(offset),
    )
