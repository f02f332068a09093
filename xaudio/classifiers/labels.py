"""Polarity, fixed at the door: a detector's labels are always called spoof and bonafide."""

import re
from collections.abc import Sequence

from xaudio.errors import ModelError

SPOOF = "spoof"
BONAFIDE = "bonafide"

_SPELLINGS = {
    SPOOF: "spoof spoofed fake deepfake synthetic synthesized synthesised generated ai aigenerated "
    "machine artificial",
    BONAFIDE: "bonafide real genuine human authentic natural original live",
}
_MEANING = {word: label for label, words in _SPELLINGS.items() for word in words.split()}


def canonical_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """The labels, in the model's order; those of a detector become ``spoof`` and ``bonafide``.

    Only two labels, one of each meaning, are renamed; others stay as they are.

    Raises:
        ModelError: No labels, the same one twice, or only ``LABEL_0`` and the like: then nobody
            can know what they mean. Bare numbers name themselves where there are more than two
            (spoken digits); of two nobody can know which side is which.

    >>> canonical_labels(["Real", "AI-generated"])
    ('bonafide', 'spoof')
    >>> canonical_labels(["dog", "human"])
    ('dog', 'human')
    """
    names = tuple(str(label) for label in labels)
    if not names or len(set(names)) < len(names):
        raise ModelError(f"The labels {names} were given; expected one distinct name per logit.")
    nameless = r"(label)?[\s_-]*\d+" if len(names) <= 2 else r"label[\s_-]*\d+"
    if all(re.fullmatch(nameless, name.lower()) for name in names):
        raise ModelError(
            f"The model calls its classes {', '.join(names[:4])}, which tells nobody what they "
            "mean; pass labels= (--label in a shell), in the model's order, such as spoof, "
            "bonafide."
        )
    meanings = tuple(_MEANING.get(re.sub(r"[^a-z]", "", name.lower())) for name in names)
    if len(names) == 2 and set(meanings) == {SPOOF, BONAFIDE}:
        return tuple(str(meaning) for meaning in meanings)
    return names


def is_detector(labels: Sequence[str]) -> bool:
    """Whether these are a detector's labels, in either order."""
    return set(labels) == {SPOOF, BONAFIDE}
