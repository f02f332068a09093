"""Codecs that are neural networks."""

from perturbations.neural_codecs.coding import Coded, NeuralCodec, code
from perturbations.neural_codecs.corruptions import BundledCodec, Dac, Encodec, Mimi, NeuralCoding

__all__ = ["BundledCodec", "Coded", "Dac", "Encodec", "Mimi", "NeuralCodec", "NeuralCoding", "code"]
