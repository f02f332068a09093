"""Edit a drawn region of a clip and ask again: does the decision hang on it?

asked = ask_again(clip, classifier, [RegionEdit(Region(0.5, 0.8, 2000.0, 4000.0), "mute")])
asked.before.label, asked.after.label, asked.moved
compared_elsewhere(asked, classifier).sentence
"""

from xaudio.editing.asking import Asked, ask_again
from xaudio.editing.elsewhere import Elsewhere, compared_elsewhere
from xaudio.editing.region_edit import HOWS, RegionEdit, edited, edited_in_order

__all__ = [
    "HOWS",
    "Asked",
    "Elsewhere",
    "RegionEdit",
    "ask_again",
    "compared_elsewhere",
    "edited",
    "edited_in_order",
]
