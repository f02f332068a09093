"""Background noises made offline: voices that say nothing, crowds, rooms, weather.

None of them repeats: pitch, vowels, pauses and levels wander as long as the clip lasts. They are
made at 16 kHz and resampled, so that a key gives the same noise at every sample rate.
"""

from perturbations.ambience.kinds import RATE, Ambience, ambiences, synthesise
from perturbations.ambience.voices import voices

__all__ = ["RATE", "Ambience", "ambiences", "synthesise", "voices"]
