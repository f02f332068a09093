"""One clip under one corruption: heard, judged and explained before and after, and where it flips.

A sweep says how models fare on many clips; this says what happens to the one at hand.
"""

from xaudio.trying.chosen import ChosenCorruption, corruptions_on_offer, suites_on_offer
from xaudio.trying.figures import Figure, certificate_figures
from xaudio.trying.ladder import Ladder, Rung, level_texts, severity_ladder
from xaudio.trying.making import Making, exported, making
from xaudio.trying.moved import MovedExplanation, moved_explanation
from xaudio.trying.settings import OwnSetting, own_settings
from xaudio.trying.tried import Tried, explained_too, tried

__all__ = [
    "ChosenCorruption",
    "Figure",
    "Ladder",
    "Making",
    "MovedExplanation",
    "OwnSetting",
    "Rung",
    "Tried",
    "certificate_figures",
    "corruptions_on_offer",
    "explained_too",
    "exported",
    "level_texts",
    "making",
    "moved_explanation",
    "own_settings",
    "severity_ladder",
    "suites_on_offer",
    "tried",
]
