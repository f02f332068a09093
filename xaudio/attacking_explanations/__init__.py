"""Attack the explanation of a clip, write what came out, and explain the file that was written."""

from xaudio.attacking_explanations.attacked_clip import AttackedExplanationClip, rates
from xaudio.attacking_explanations.question import Judged, Question
from xaudio.attacking_explanations.running import attack_explanation, shift_explanation

__all__ = [
    "AttackedExplanationClip",
    "Judged",
    "Question",
    "attack_explanation",
    "rates",
    "shift_explanation",
]
