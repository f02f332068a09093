"""Questions by what decides their answers: digests and settings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from xaudio.audio import Clip

Setting = tuple[str, Any]


@dataclass(frozen=True)
class ExplanationQuestion:
    """Why a model decides what it decides about a clip.

    Attributes:
        content: Of the clip, see `content_of`.
        digest: SHA-256 of the original bytes.
        model: By the name the page shows.
        method: Name of the method.
        settings: Those of the method that were chosen, sorted by name.
        target: The number to explain; None for the model's default.
        threshold: The score at and above which a detector's clip counts as bona fide.
    """

    content: str
    digest: str
    model: str
    method: str
    settings: tuple[Setting, ...] = ()
    target: str | None = None
    threshold: float = 0.0

    @classmethod
    def about(
        cls,
        clip: "Clip",
        model: str,
        method: str,
        target: str | None = None,
        settings: Mapping[str, Any] | None = None,
        threshold: float = 0.0,
    ) -> "ExplanationQuestion":
        """The question about a clip."""
        chosen = tuple(sorted((settings or {}).items()))
        return cls(content_of(clip), clip.digest, model, method, chosen, target, threshold)


@dataclass(frozen=True)
class ModelQuestion:
    """What there is to know of a model, which has to be loaded for that.

    Attributes:
        name: As the page shows it.
        off_device: Widgets do not wait for explanations by other models.
    """

    off_device: ClassVar[bool] = True

    name: str


def content_of(clip: "Clip") -> str:
    """What tells a clip from all others: samples, rate, name and how it was made.

    The name counts: who asks about the same bytes under another name must not be shown this one.
    """
    told = repr((clip.sample_rate, clip.name, clip.digest, clip.decode_chain)).encode()
    return sha256(clip.samples.tobytes() + told).hexdigest()


def mentions(question: Any, digest: str) -> bool:
    """Whether a question holds this digest, however deep.

    >>> mentions(ExplanationQuestion("c", "d", "lcnn", "lrp"), "d")
    True
    """
    if isinstance(question, str):
        return question == digest
    if is_dataclass(question):
        return any(mentions(getattr(question, each.name), digest) for each in fields(question))
    return isinstance(question, tuple | frozenset) and any(
        mentions(each, digest) for each in question
    )
