"""All that a viewer shows of one clip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explainers.explanation import Explanation
from xaudio.audio import Clip
from xaudio.reports.elements import Curve, Stretch
from xaudio.viewing.relevance import RelevanceView, relevance_view
from xaudio.viewing.sounds import Sound, sound_of

ORIGINAL = "Original"


@dataclass(frozen=True)
class Lane:
    """A strip of named stretches: annotations, words, what weighs most.

    Attributes:
        name: What the strip shows.
        stretches: In seconds; where they overlap, later ones lie on top.
    """

    name: str
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, eq=False)
class Scene:
    """A clip, versions of it, and what is known about it, on one axis of time.

    Attributes:
        name: Of the clip.
        identity: Same for scenes of the same samples; a viewer keeps its place between them.
        seconds: Length of the clip.
        sample_rate: Of the clip, Hz.
        sounds: The clip itself first, then other versions of it.
        relevance: By explanation; the first is shown first.
        lanes: From top to bottom.
        curves: From top to bottom.
    """

    name: str
    identity: str
    seconds: float
    sample_rate: int
    sounds: tuple[Sound, ...]
    relevance: tuple[RelevanceView, ...] = ()
    lanes: tuple[Lane, ...] = ()
    curves: tuple[Curve, ...] = ()


def scene_of(
    clip: Clip,
    explanations: Mapping[str, Explanation] = {},
    *,
    sounds: Mapping[str, Clip] = {},
    lanes: Sequence[Lane] = (),
    curves: Sequence[Curve] = (),
) -> Scene:
    """A clip and what is to be shown with it.

    Sounds louder than full scale are turned down, all of the scene by the same factor.

    Args:
        clip: What everything else is about.
        explanations: By name; of this clip.
        sounds: Other versions of the clip by name; of any length and rate, on the clip's time axis.
        lanes: Named stretches.
        curves: Values over time, such as the model's own evidence by frame.
    """
    versions = {ORIGINAL: clip, **sounds}
    loudest = max(float(np.abs(version.samples).max()) for version in versions.values())
    gain = 1 / max(loudest, 1.0)
    return Scene(
        name=clip.name,
        identity=_identity(clip),
        seconds=clip.seconds,
        sample_rate=clip.sample_rate,
        sounds=tuple(sound_of(name, version, gain) for name, version in versions.items()),
        relevance=tuple(relevance_view(name, one) for name, one in explanations.items()),
        lanes=tuple(lanes),
        curves=tuple(curves),
    )


def _identity(clip: Clip) -> str:
    """Of the samples: the file they came from and what was done to it."""
    return "|".join([clip.digest, *clip.decode_chain, str(len(clip.samples))])
