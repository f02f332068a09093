"""How a clip is cut into parts that can be taken away: windows, words, bands, sources and more.

    parts = parse_segmenter("words:interview.TextGrid").cut(waveform, sample_rate)

A new way to cut is one class under `register_segmenter`, see `explainers.segmentation.segmenter`.
"""

from explainers.segmentation.segmenter import (
    Segmenter,
    parse_segmenter,
    register_segmenter,
    segmenters,
)

__all__ = ["Segmenter", "parse_segmenter", "register_segmenter", "segmenters"]
