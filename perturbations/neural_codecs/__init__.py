"""Codecs that are neural networks."""
