"""What the page asks beside explanations: by content and settings, so that answers are shared."""

from dataclasses import dataclass

from xaudio.editing import RegionEdit


@dataclass(frozen=True)
class DecisionQuestion:
    """What does this model say about this clip?

    Attributes:
        digest: SHA-256 of the clip's bytes.
        content: Of its samples.
        model: By the name the page shows.
        calibration: Digest of the calibration it is judged by; empty for none.
    """

    digest: str
    content: str
    model: str
    calibration: str = ""


@dataclass(frozen=True)
class EditQuestion:
    """What does it say once these regions were edited?

    Attributes:
        digest: SHA-256 of the clip's bytes.
        content: Of its samples.
        model: By the name the page shows.
        target: The number that is followed.
        edits: In order.
    """

    digest: str
    content: str
    model: str
    target: str
    edits: tuple[RegionEdit, ...]


@dataclass(frozen=True)
class ElsewhereQuestion:
    """What does the last of these edits do at other places of the same size?

    Attributes:
        edit: The question that was asked first.
    """

    edit: EditQuestion


@dataclass(frozen=True)
class BeliefQuestion:
    """Is this map believable?

    Attributes:
        explanation: The question whose answer the map is.
    """

    explanation: object
