"""What a viewer shows of a clip: sounds, spectrograms, relevance, stretches, curves."""

from xaudio.viewing.layers import Layer
from xaudio.viewing.relevance import RelevanceView, relevance_view
from xaudio.viewing.scene import Lane, Scene, scene_of
from xaudio.viewing.sounds import Envelope, Sound, sound_of
from xaudio.viewing.spectrograms import overview, tile

__all__ = [
    "Envelope",
    "Lane",
    "Layer",
    "RelevanceView",
    "Scene",
    "Sound",
    "overview",
    "relevance_view",
    "scene_of",
    "sound_of",
    "tile",
]
