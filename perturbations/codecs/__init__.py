"""Lossy codecs, for real: encoded and decoded in memory, put back in place by measurement."""

from perturbations.codecs.coders import Mp3, Opus

__all__ = ["Mp3", "Opus"]
