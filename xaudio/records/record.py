"""What a case record says, and its JSON: one versioned format, read strictly.

A record comes from anybody. Reading it opens no other file, imports nothing and runs nothing.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from xaudio.errors import ModelError

NAME = "record.json"
MOST_BYTES = 8_000_000

_STRICT: dict[str, Any] = {"extra": "forbid", "allow_inf_nan": False}


@dataclass(frozen=True)
class RecordedClip:
    """The recording.

    Attributes:
        name: What people call it.
        sha256: Of the original bytes.
        seconds: Length as the model heard it.
        sample_rate: As the model heard it, in hertz.
        decode_chain: What was done to the original bytes to get what the model heard.
        heard_sha256: Of the samples the model heard, as little-endian float32.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    name: str
    sha256: str
    seconds: float
    sample_rate: int
    decode_chain: tuple[str, ...]
    heard_sha256: str


@dataclass(frozen=True)
class RecordedModel:
    """The model.

    Attributes:
        name: What was said to load it.
        weights: The weights file that was named, as text.
        labels: The labels that were said, where the model does not say them.
        sample_rate: Likewise, in hertz.
        is_object: Whether an object in Python was given, which no name can load.
        fingerprint: SHA-256 of its weights and what comes with them; None where there are none.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    name: str
    weights: str | None
    labels: tuple[str, ...] | None
    sample_rate: int | None
    is_object: bool
    fingerprint: str | None


@dataclass(frozen=True)
class RecordedMethod:
    """The explaining method with all its settings, and those that the user chose."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    name: str
    settings: dict[str, Any]
    chosen: dict[str, Any]
    seed: int | None


@dataclass(frozen=True)
class RecordedDecision:
    """What the model said; see `xaudio.explained.Decision`."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    label: str
    score: float
    logits: dict[str, float]
    probabilities: dict[str, float]
    threshold: float | None


@dataclass(frozen=True)
class RecordedStretch:
    """One of the strongest stretches; see `xaudio.reports.elements.WeighedStretch`."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    start: float
    end: float
    relevance: float
    share: float


@dataclass(frozen=True)
class RecordedExplanation:
    """The numbers of the explanation; the relevance itself is in another file.

    Attributes:
        target: What was explained.
        value: The target's value.
        total: All relevance, summed.
        ledger: What reached no part of the input, by name.
        domain: On what the relevance lies.
        shape: Of the relevance array.
        relevance_sha256: Of the array as little-endian float32, row by row.
        strongest: The stretches that weigh most, the heaviest first.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    target: str
    value: float
    total: float
    ledger: dict[str, float]
    domain: str
    shape: tuple[int, ...]
    relevance_sha256: str
    strongest: tuple[RecordedStretch, ...]


@dataclass(frozen=True)
class RecordedEdit:
    """A region, in seconds and hertz, and what was done to it."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    start: float
    end: float
    low: float
    high: float
    how: str


@dataclass(frozen=True)
class RecordedAnswer:
    """What the model said after the edits; see `xaudio.editing.Asked`."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    edits: tuple[RecordedEdit, ...]
    seed: int
    target: str
    target_before: float
    target_after: float
    label_before: str
    label_after: str


@dataclass(frozen=True)
class RecordedCheck:
    """A check of the map; `passed` is None where it could not be made."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    name: str
    claim: str
    passed: bool | None
    value: float | None
    low: float | None
    high: float | None
    sentence: str


@dataclass(frozen=True)
class RecordedBelief:
    """What the checks of the map showed together."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    sentence: str
    checks: tuple[RecordedCheck, ...]


@dataclass(frozen=True)
class RecordedVerdict:
    """The calibrated answer.

    Attributes:
        verdict: ``bona fide``, ``synthetic`` or ``inconclusive``.
        statement: In words.
        numbers: All of it; see `xaudio.verdicts.Verdict.as_dict`.
        calibration_sha256: Of the calibration's file.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    verdict: str
    statement: str
    numbers: dict[str, Any]
    calibration_sha256: str


@dataclass(frozen=True)
class Member:
    """A file beside the record."""

    __pydantic_config__: ClassVar[Any] = _STRICT

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class CaseRecord:
    """A decision and its explanation, and everything they were made from.

    Attributes:
        clip: The recording.
        model: What decided.
        method: What explained.
        decision: What the model said.
        explanation: The numbers of the explanation.
        device: Where it ran.
        versions: Python's and the packages'.
        seconds: How long the explanation took.
        made: When, as ISO 8601 in UTC.
        answers: Edits that were made, and what the model said then.
        belief: Checks of the map.
        verdict: By a calibration.
        command: The command line that makes it again.
        python: The lines of Python that do.
        members: The files beside the record.
        format: What this file is.
        version: Of the format.
    """

    __pydantic_config__: ClassVar[Any] = _STRICT

    clip: RecordedClip
    model: RecordedModel
    method: RecordedMethod
    decision: RecordedDecision
    explanation: RecordedExplanation
    device: str
    versions: dict[str, str]
    seconds: float
    made: str
    answers: tuple[RecordedAnswer, ...]
    belief: RecordedBelief | None
    verdict: RecordedVerdict | None
    command: str
    python: str
    members: tuple[Member, ...]
    format: Literal["xaudio case record"] = "xaudio case record"
    version: Literal[1] = 1

    def to_json(self) -> bytes:
        """As a file for people and programs."""
        return bytes(_adapter().dump_json(self, indent=2)) + b"\n"

    def member(self, name: str) -> Member | None:
        """The file of that name, if there is one."""
        return next((each for each in self.members if each.name == name), None)


def read_record(data: bytes) -> CaseRecord:
    """A record from its JSON.

    Raises:
        ModelError: It is none, of another version, or damaged; the first fault is named.
    """
    from pydantic import ValidationError

    if len(data) > MOST_BYTES:
        raise ModelError(
            f"The record has {len(data)} bytes; none of ours has more than {MOST_BYTES}."
        )
    try:
        record: CaseRecord = _adapter().validate_json(data)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise ModelError(
            f"This is no case record of version 1 that can be read: {place}: "
            f"{fault['msg'].rstrip('.')}. Give a record.json as 'xaudio' wrote it."
        ) from None
    return record


def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(CaseRecord)
