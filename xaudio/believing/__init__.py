"""Is a map of relevance believable? Checks, each beside what a map that knows nothing would show.

found = belief(explained, classifier, explainer)
print(found.sentence)
for check in found.checks:
print(check.sentence)
"""

from xaudio.believing.asking import belief
from xaudio.believing.checks import Belief, Check, NotChecked
from xaudio.believing.settings import BeliefSettings

__all__ = ["Belief", "BeliefSettings", "Check", "NotChecked", "belief"]
