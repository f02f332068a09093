"""Explanations beside each other: methods and models on one clip, or one model on several clips.

Each is a look; how far two looks agree is the rank correlation of their relevance over cells that
both have, beside what maps would reach that know nothing of each other.
"""

from xaudio.comparing.agreement import Agreement
from xaudio.comparing.comparison import Comparison, Look, compared
from xaudio.comparing.grounds import GROUNDS, OVER_FREQUENCY, OVER_TILES, OVER_TIME
from xaudio.comparing.looks import (
    compare_clips,
    compare_methods,
    compare_models,
    look_at,
    look_name,
)
from xaudio.comparing.ordering import by_likeness, by_mean_agreement
from xaudio.comparing.small_map import relevance_curve, small_map, small_map_of

__all__ = [
    "GROUNDS",
    "OVER_FREQUENCY",
    "OVER_TILES",
    "OVER_TIME",
    "Agreement",
    "Comparison",
    "Look",
    "by_likeness",
    "by_mean_agreement",
    "compare_clips",
    "compare_methods",
    "compare_models",
    "compared",
    "look_at",
    "look_name",
    "relevance_curve",
    "small_map",
    "small_map_of",
]
