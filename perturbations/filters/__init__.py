"""Bands taken away, smoothed, tilted, and echoed.

Importing this package registers its corruptions: `low-pass`, `high-pass`, `band-pass`, `band-stop`,
`low-shelf`, `high-shelf`, `smoothing` and `echo`.
"""

from perturbations.filters.bands import BandPass, BandStop, HighPass, LowPass
from perturbations.filters.butterworth import (
    ORDER,
    ButterworthBandPass,
    ButterworthBandStop,
    ButterworthHighPass,
    ButterworthLowPass,
    filter_high_pass,
    filter_low_pass,
)
from perturbations.filters.echo import Echo, add_echo
from perturbations.filters.linear import AnalogueDesign, filter_by, filter_in_blocks
from perturbations.filters.shelves import HighShelf, LowShelf
from perturbations.filters.smoothing import Smoothing, moving_average
from perturbations.filters.spectrum import fast_length

__all__ = [
    "ORDER",
    "AnalogueDesign",
    "BandPass",
    "BandStop",
    "ButterworthBandPass",
    "ButterworthBandStop",
    "ButterworthHighPass",
    "ButterworthLowPass",
    "Echo",
    "HighPass",
    "HighShelf",
    "LowPass",
    "LowShelf",
    "Smoothing",
    "add_echo",
    "fast_length",
    "filter_by",
    "filter_high_pass",
    "filter_in_blocks",
    "filter_low_pass",
    "moving_average",
]
