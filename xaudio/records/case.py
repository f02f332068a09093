"""All that is put on record about one clip."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import PurePath

from xaudio.believing import Belief
from xaudio.editing import Asked
from xaudio.errors import AudioError
from xaudio.explained import ExplainedClip
from xaudio.records.record import RecordedVerdict
from xaudio.reports.elements import Stretch

LONGEST_SUFFIX = 8


@dataclass(frozen=True, eq=False)
class Case:
    """A decision, its explanation, and what was asked about them.

    Attributes:
        explained: The clip, the decision and the explanation.
        original: The recording's bytes as they were given; None where they are not kept.
        asked: Edits and what the model said then.
        belief: Checks of the map.
        verdict: By a calibration.
        stretches: Known stretches of the clip, such as words or annotations.
        made: When.

    Raises:
        AudioError: The original is not the file that was explained.
    """

    explained: ExplainedClip
    original: bytes | None = None
    asked: Sequence[Asked] = ()
    belief: Belief | None = None
    verdict: RecordedVerdict | None = None
    stretches: Sequence[Stretch] = ()
    made: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        if self.original is None:
            return
        found, expected = sha256(self.original).hexdigest(), self.explained.clip.digest
        if found != expected:
            raise AudioError(
                f"The bytes given for '{self.explained.clip.name}' are not those that were "
                f"explained: their SHA-256 begins with {found[:12]}, expected {expected[:12]}."
            )

    @property
    def original_name(self) -> str:
        """What the original is called beside the record: only its suffix is kept.

        A suffix tells the decoder what it is; anything else of a name may hold anything.
        """
        suffix = PurePath(self.explained.clip.name).suffix.lower()
        known = suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= LONGEST_SUFFIX
        return f"original{suffix}" if known else "original"
