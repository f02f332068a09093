"""Files that say when each word is spoken, and the words they hold."""

from explainers.segmentation.alignments.word import (
    Word,
    alignment_formats,
    read_alignment,
    register_format,
)

__all__ = ["Word", "alignment_formats", "read_alignment", "register_format"]
