"""Five graded values of one parameter of every transform of audiomentations.

No source gives severities for them; where Li et al. (arXiv 2503.17577) or Speech Robust Bench
(arXiv 2403.07937) grade the same thing, theirs are taken, the others are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Levels = tuple[float, ...]


@dataclass(frozen=True)
class Grade:
    """How severity becomes arguments of a transform.

    Attributes:
        quantity: What the levels measure, with the unit.
        levels: At severity 1, 2, ...; a single one where the transform has nothing to grade.
        factors: Each argument that the level sets, and what it is multiplied by there.
        fixed: Arguments that differ from the transform's defaults at every severity.
        folder: The argument that takes the user's folder; none where there are no files.
    """

    quantity: str
    levels: Levels
    factors: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""

    def arguments(self, level: float) -> dict[str, Any]:
        """What the transform is given at a level; whole numbers as such, since some insist."""
        products = {name: factor * level for name, factor in self.factors.items()}
        return {
            name: int(value) if value == int(value) else value for name, value in products.items()
        }


def pinned(
    parameter: str, levels: Levels, quantity: str = "", folder: str = "", **fixed: Any
) -> Grade:
    """Least and most of the parameter are the level: it is graded and no longer drawn."""
    factors = {f"min_{parameter}": 1.0, f"max_{parameter}": 1.0}
    return Grade(quantity or parameter, levels, factors, fixed, folder)


def spread(parameter: str, levels: Levels, **fixed: Any) -> Grade:
    """The parameter is drawn from minus to plus the level."""
    return Grade(parameter, levels, {f"min_{parameter}": -1.0, f"max_{parameter}": 1.0}, fixed)


def single(parameter: str, levels: Levels, quantity: str = "") -> Grade:
    """One argument is the level."""
    return Grade(quantity or parameter, levels, {parameter: 1.0})


def once(folder: str = "") -> Grade:
    """It is applied, and there is no more to say."""
    return Grade("times_applied", (1.0,), folder=folder)


SNRS = (40.0, 30.0, 20.0, 10.0, 5.0)
CUTS = (-3.0, -6.0, -9.0, -12.0, -18.0)

GRADES: Mapping[str, Grade] = {
    "AddBackgroundNoise": pinned("snr_db", SNRS, folder="sounds_path"),
    "AddColorNoise": pinned("snr_db", SNRS),
    "AddGaussianNoise": pinned("amplitude", (0.001, 0.002, 0.005, 0.01, 0.02)),
    "AddGaussianSNR": pinned("snr_db", SNRS),
    "AddShortNoises": pinned("snr_db", (18.0, 12.0, 6.0, 0.0, -6.0), folder="sounds_path"),
    "AdjustDuration": single("duration_seconds", (4.0, 3.0, 2.0, 1.0, 0.5)),
    "AirAbsorption": pinned("distance", (10.0, 20.0, 40.0, 70.0, 100.0), "distance_metres"),
    "Aliasing": pinned("sample_rate", (14e3, 12e3, 10e3, 8e3, 6e3), "sample_rate_hz"),
    "ApplyImpulseResponse": once("ir_path"),
    "BandPassFilter": pinned("bandwidth_fraction", (1.9, 1.5, 1.0, 0.6, 0.3)),
    "BandStopFilter": pinned("bandwidth_fraction", (0.3, 0.6, 1.0, 1.5, 1.9)),
    "BitCrush": pinned("bit_depth", (10.0, 8.0, 7.0, 6.0, 5.0), "bits"),
    "Clip": Grade("threshold", (0.5, 0.3, 0.2, 0.1, 0.05), {"a_min": -1.0, "a_max": 1.0}),
    "ClippingDistortion": pinned(
        "percentile_threshold", (2.0, 6.0, 12.0, 24.0, 40.0), "clipped_percent"
    ),
    "Gain": pinned("gain_db", (-3.0, -6.0, -12.0, -18.0, -24.0)),
    "GainTransition": spread("gain_db", (3.0, 6.0, 12.0, 18.0, 24.0)),
    "HighPassFilter": pinned("cutoff_freq", (200.0, 400.0, 800.0, 1600.0, 2400.0), "cutoff_hz"),
    "HighShelfFilter": pinned("gain_db", CUTS),
    "Limiter": pinned("threshold_db", (-3.0, -6.0, -12.0, -18.0, -24.0)),
    "LoudnessNormalization": pinned("lufs", (-18.0, -23.0, -28.0, -33.0, -38.0)),
    "LowPassFilter": pinned("cutoff_freq", (4000.0, 3200.0, 2400.0, 1600.0, 800.0), "cutoff_hz"),
    "LowShelfFilter": pinned("gain_db", CUTS),
    "Mp3Compression": pinned("bitrate", (64.0, 48.0, 32.0, 16.0, 8.0), "bitrate_kbps"),
    "Normalize": once(),
    "Padding": pinned("fraction", (0.1, 0.2, 0.3, 0.5, 0.7)),
    "PeakingFilter": pinned("gain_db", (3.0, 6.0, 12.0, 18.0, 24.0)),
    "PitchShift": pinned("semitones", (1.0, 3.0, 6.0, 9.0, 12.0)),
    "PolarityInversion": once(),
    "RepeatPart": pinned(
        "repeats", (1.0, 2.0, 3.0, 4.0, 5.0), min_part_duration=0.05, max_part_duration=0.2
    ),
    "Resample": pinned("sample_rate", (15e3, 14e3, 12e3, 10e3, 8e3), "sample_rate_hz"),
    "Reverse": once(),
    "RoomSimulator": pinned(
        "target_rt60",
        (0.2, 0.3, 0.4, 0.6, 0.8),
        "target_rt60_seconds",
        calculation_mode="rt60",
        use_ray_tracing=False,
        max_order=4,
        leave_length_unchanged=True,
    ),
    "SevenBandParametricEQ": spread("gain_db", (3.0, 6.0, 9.0, 12.0, 18.0)),
    "Shift": pinned("shift", (0.05, 0.1, 0.2, 0.35, 0.5), "shift_fraction"),
    "TanhDistortion": pinned("distortion", (0.1, 0.2, 0.35, 0.5, 0.7)),
    "TimeMask": pinned("band_part", (0.05, 0.1, 0.2, 0.3, 0.5), "masked_fraction"),
    "TimeStretch": pinned("rate", (1.1, 1.25, 1.5, 1.75, 2.0)),
    "Trim": single("top_db", (60.0, 50.0, 40.0, 30.0, 20.0)),
}
