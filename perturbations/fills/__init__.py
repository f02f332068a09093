"""What stands in for a part of a clip that is taken away.

    stand_in = fills.get("linear-prediction")(waveform, sample_rate, keys, stretches)

A fill answers with a batch of clips of the same length, of which only the stretches are meant. Some
look at the clip as a whole and fill all of it, whatever the stretches (zeros, mean, white-noise,
matched-noise, band-stop). The others fill each stretch from what lies around it in the clip as it
was, whether or not its neighbours go too, meet the clip at both ends without a click, and leave
everything else as it is, to the last bit. None moves anything in time, and what is random comes
from the clip's key alone.
"""

from perturbations.fills.registry import Fill, Stretch, fills

__all__ = ["Fill", "Stretch", "fills"]
