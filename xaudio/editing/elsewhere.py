"""Is the drawn region special? The same edit at places of the same size elsewhere in the clip.

The share of places that move the target as far as the drawn one is a rank, not a test: the places
overlap, so there are fewer independent ones than are counted, and the region may have been drawn
because it looked promising. A quiet place moves little whatever it holds, so those that are at
least as loud as the drawn one are counted apart.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from explainers.arrays import clip_digest
from explainers.explainer import Progress, Scoring
from explainers.targets import parse_target
from perturbations.corruption import Key, generator
from xaudio.classifiers import Classifier
from xaudio.editing.asking import Asked
from xaudio.editing.cutting import cut_out
from xaudio.editing.places import Place, place_of, places_elsewhere, room_for
from xaudio.editing.region_edit import edited_in_order, edited_rows
from xaudio.errors import AudioError

BOXES = 19
SAME = 1e-5  # relative: a score may differ by rounding from batch to batch


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """What the last edit does at the drawn place, and at others of the same size.

    Attributes:
        place: Where it was drawn.
        places: The others; none shares anything with the drawn one.
        moved: By how much the edit moves the target there.
        own: By how much it does at the drawn place.
        as_loud: Which of the others hold at least as much energy as the drawn one.
        room: How many places of this size fit side by side into the clip.
    """

    place: Place
    places: tuple[Place, ...]
    moved: Float[np.ndarray, " places"]
    own: float
    as_loud: tuple[bool, ...]
    room: int

    @property
    def as_far(self) -> tuple[bool, ...]:
        """Which of the others move the target at least as far, either way."""
        rounding = SAME * (1 + float(np.abs(self.moved).max(initial=0.0)))
        return tuple(bool(far) for far in np.abs(self.moved) >= abs(self.own) - rounding)

    @property
    def share(self) -> float:
        """Of all places, the drawn one among them, that move the target as far as that one."""
        return (1 + sum(self.as_far)) / (1 + len(self.places))

    @property
    def loud_as_far(self) -> int:
        """How many of those that are as loud move the target as far."""
        return sum(far and loud for far, loud in zip(self.as_far, self.as_loud, strict=True))

    @property
    def sentence(self) -> str:
        """What the comparison shows, and how much that is."""
        if not self.places:
            return "The clip has no room for a region of this size elsewhere; nothing is compared."
        count, loud = len(self.places), sum(self.as_loud)
        far = np.abs(self.moved)
        louder = (
            f"{loud} of them are at least as loud, and {self.loud_as_far} of these move it as far"
            if loud
            else "none of them is as loud, so that loudness alone may explain the difference"
        )
        return (
            f"Here the edit moves the target by {abs(self.own):.2f}; at {count} places of the same "
            f"size elsewhere by {np.median(far):.2f} in the median and {far.max():.2f} at most. "
            f"{sum(self.as_far)} of {count} move it as far; {louder}. About {self.room} such "
            "places fit side by side, so this is a rank and no proof."
        )


def compared_elsewhere(
    asked: Asked,
    classifier: Classifier,
    boxes: int = BOXES,
    seed: int = 0,
    batch_size: int = 4,
    progress: Progress | None = None,
) -> Elsewhere:
    """Make the last edit elsewhere, in a clip that has all earlier edits, and ask each time.

    Args:
        asked: From `ask_again`.
        classifier: The same.
        boxes: How many places are tried; fewer where there is no room.
        seed: Of where they lie; the same clip and region get the same places.
        batch_size: Clips scored at once.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        AudioError: No places were asked for.
    """
    if boxes < 1 or batch_size < 1:
        raise AudioError(f"{boxes} places in batches of {batch_size} were asked for; give some.")
    *earlier, last = asked.edits
    clip = edited_in_order(asked.clip, earlier, asked.seed)
    place, waveform = place_of(last.region, clip), clip.waveform[0]
    random = generator("places elsewhere", 1, Key(clip_digest(waveform), seed))
    places = places_elsewhere(place, boxes, random)
    scoring = Scoring(classifier, parse_target(asked.target, classifier.labels))
    scores: list[float] = []
    with torch.no_grad():
        before = float(scoring(waveform[None])[0])
        for first in range(0, len(places), batch_size):
            some = places[first : first + batch_size]
            rows = edited_rows(waveform, some, last.how, asked.seed)
            scores += scoring(rows).double().cpu().tolist()
            if progress is not None:
                progress(len(scores) / len(places))
        levels = cut_out(waveform, [place, *places]).square().sum(dim=1)
    return Elsewhere(
        place,
        places,
        np.array(scores) - before,
        asked.target_after - before,
        tuple(bool(level >= levels[0]) for level in levels[1:]),
        room_for(place),
    )
