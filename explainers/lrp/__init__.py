"""Relevance by operation: layer-wise relevance propagation for any PyTorch model."""
