"""Making the clips of a corpus: each a pure function of its item and the settings."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from xaudio.audio import clip_from_samples, read_clip
from xaudio.datasets.channel import draw_channel, transmit
from xaudio.datasets.copy_synthesis import copy_attacks
from xaudio.datasets.corpus_plan import CorpusSettings, Item, item_seed
from xaudio.datasets.human_speech import Recording
from xaudio.datasets.hybrids import Stretch, draw_stretches, splice
from xaudio.datasets.sentences import sentence
from xaudio.datasets.speech_synthesis import speech_attacks

Samples = Float[np.ndarray, " time"]


@dataclass(frozen=True, eq=False)
class Made:
    """An item as samples, and where it is synthetic (for a hybrid; empty otherwise)."""

    item: Item
    samples: Samples
    stretches: tuple[Stretch, ...] = ()


def make_from_recording(items: list[Item], settings: CorpusSettings) -> Iterator[Made]:
    """The human utterance of one recording, its copies and its hybrids; each copy made once."""
    recording = items[0].recording
    assert recording is not None
    human = _utterance(recording, settings)
    copies = {
        attack: copy_attacks.get(attack)(
            human, settings.sample_rate, item_seed(settings.seed, recording.name, attack)
        )
        for attack in sorted({item.attack for item in items} - {"bonafide"})
    }
    for item in items:
        if item.hybrid is not None:
            stretches = _stretches(item, len(human) / settings.sample_rate, settings)
            spliced = splice(human, copies[item.attack], settings.sample_rate, stretches)
            yield Made(item, _sent(spliced, item, settings), stretches)
        else:
            whole = copies.get(item.attack, human)
            yield Made(item, _sent(whole, item, settings))


def make_spoken(item: Item, settings: CorpusSettings) -> Made:
    """A sentence spoken by the item's engine."""
    seed = item_seed(settings.seed, item.clip, "speech")
    text = sentence(item.language, seed)
    spoken = speech_attacks.get(item.attack)().speak(text, item.language, item.voice, seed)
    clip = clip_from_samples(spoken.samples, spoken.sample_rate, item.clip)
    samples = _cut(clip.resampled(settings.sample_rate).samples, settings)
    return Made(item, _sent(samples, item, settings))


def _utterance(recording: Recording, settings: CorpusSettings) -> Samples:
    return _cut(read_clip(recording.path).resampled(settings.sample_rate).samples, settings)


def _cut(samples: Samples, settings: CorpusSettings) -> Float[np.ndarray, " kept"]:
    """At most so long, and turned down where resampling overshot full scale."""
    cut = samples[: round(settings.seconds * settings.sample_rate)]
    return cut / np.maximum(np.float32(1.0), np.abs(cut).max() / np.float32(0.99))


def _stretches(item: Item, seconds: float, settings: CorpusSettings) -> tuple[Stretch, ...]:
    seed = item_seed(settings.seed, item.clip, "stretches")
    return draw_stretches(seconds, seed, count=1 + seed % 2)


def _sent(samples: Samples, item: Item, settings: CorpusSettings) -> Samples:
    """Through the item's own channel, where the corpus has channels."""
    if settings.channel == "none":
        return samples
    seed = item_seed(settings.seed, item.clip, "channel")
    return transmit(samples, settings.sample_rate, draw_channel(seed, settings.sample_rate))
