"""Regions as people write them."""

from xaudio.regions import Region


def box(*ends: float) -> Region:
    """Start, end, low and high, whole numbers allowed."""
    return Region(*map(float, ends))
