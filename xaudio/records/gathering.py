"""From a case to its record."""

from collections.abc import Mapping
from hashlib import sha256

import numpy as np
from jaxtyping import Float

from xaudio.audio import Clip
from xaudio.believing import Belief
from xaudio.editing import Asked, RegionEdit
from xaudio.editing.places import place_of
from xaudio.provenance import command_line, plain, python_lines
from xaudio.records.case import Case
from xaudio.records.record import (
    CaseRecord,
    Member,
    RecordedAnswer,
    RecordedBelief,
    RecordedCheck,
    RecordedClip,
    RecordedDecision,
    RecordedEdit,
    RecordedExplanation,
    RecordedMethod,
    RecordedModel,
    RecordedStretch,
)

MOST_STRETCHES = 10


def case_record(case: Case, members: Mapping[str, bytes] | None = None) -> CaseRecord:
    """The record of a case.

    Args:
        case: What is recorded.
        members: The files beside the record, by name.
    """
    explained = case.explained
    source, decision, map_ = explained.provenance, explained.decision, explained.explanation
    chosen = plain(dict(explained.chosen_settings))
    return CaseRecord(
        clip=RecordedClip(
            name=explained.clip.name,
            sha256=explained.clip.digest,
            seconds=explained.clip.seconds,
            sample_rate=explained.clip.sample_rate,
            decode_chain=explained.clip.decode_chain,
            heard_sha256=array_digest(explained.clip.samples),
        ),
        model=RecordedModel(
            name=source.model.name,
            weights=source.model.weights,
            labels=source.model.labels,
            sample_rate=source.model.sample_rate,
            is_object=source.model.is_object,
            fingerprint=source.weights_sha256,
        ),
        method=RecordedMethod(source.method, plain(dict(source.settings)), chosen, source.seed),
        decision=RecordedDecision(
            decision.label,
            decision.score,
            dict(decision.logits),
            dict(decision.probabilities),
            decision.threshold,
        ),
        explanation=RecordedExplanation(
            target=map_.target,
            value=map_.score,
            total=map_.total,
            ledger=plain(dict(map_.ledger)),
            domain=map_.domain,
            shape=map_.relevance.shape,
            relevance_sha256=array_digest(map_.relevance),
            strongest=tuple(
                RecordedStretch(each.start, each.end, each.relevance, each.share)
                for each in explained.strongest(MOST_STRETCHES)
            ),
        ),
        device=source.device,
        versions=dict(source.versions),
        seconds=source.seconds,
        made=case.made.isoformat(timespec="seconds"),
        answers=tuple(_answer(asked) for asked in case.asked),
        belief=None if case.belief is None else _belief(case.belief),
        verdict=case.verdict,
        command=command_line(source, case.original_name, chosen),
        python=python_lines(source, case.original_name, chosen),
        members=tuple(
            Member(name, sha256(data).hexdigest(), len(data))
            for name, data in sorted((members or {}).items())
        ),
    )


def array_digest(values: Float[np.ndarray, "..."]) -> str:
    """SHA-256 of an array as little-endian float32, row by row.

    >>> array_digest(np.array([1.0])) == array_digest(np.array([1.0], dtype=np.float32))
    True
    """
    return sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()


def _answer(asked: Asked) -> RecordedAnswer:
    return RecordedAnswer(
        edits=tuple(_edit(edit, asked.clip) for edit in asked.edits),
        seed=asked.seed,
        target=asked.target,
        target_before=asked.target_before,
        target_after=asked.target_after,
        label_before=asked.before.label,
        label_after=asked.after.label,
    )


def _edit(edit: RegionEdit, clip: Clip) -> RecordedEdit:
    """The region as far as the clip goes: JSON has no word for infinity."""
    region = place_of(edit.region, clip).region
    return RecordedEdit(region.start, region.end, region.low, region.high, edit.how)


def _belief(belief: Belief) -> RecordedBelief:
    made = [
        RecordedCheck(
            each.name, each.claim, each.passed, each.value, each.low, each.high, each.sentence
        )
        for each in belief.checks
    ]
    left = [
        RecordedCheck(each.name, each.claim, None, None, None, None, each.reason)
        for each in belief.unchecked
    ]
    return RecordedBelief(belief.sentence, (*made, *left))
