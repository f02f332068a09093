"""A case made again from its record, and what differs."""

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from jaxtyping import Float

from explainers.errors import ExplanationError
from explainers.explainer import Progress
from explainers.explanation import Explanation, load_explanation
from perturbations.errors import UserError
from xaudio.classifiers import Classifier
from xaudio.editing import RegionEdit, ask_again
from xaudio.explained import ExplainedClip
from xaudio.explaining import explain_clip, load_method
from xaudio.provenance import versions
from xaudio.records.comparing import (
    compare_decisions,
    compare_members,
    compare_numbers,
    compare_relevance,
    compare_texts,
    compare_versions,
)
from xaudio.records.gathering import array_digest
from xaudio.records.given import Given, recorded_classifier, recorded_settings
from xaudio.records.hearing import heard_again
from xaudio.records.opening import open_case
from xaudio.records.record import CaseRecord, RecordedAnswer
from xaudio.records.reproduction import Comparison, Reproduction
from xaudio.records.writing import EXPLANATION
from xaudio.regions import Region

MOST_ARRAY_BYTES = 1_000_000_000


def reproduce(
    place: str | Path, given: Given | None = None, progress: Progress | None = None
) -> Reproduction:
    """Make a case again and say what differs.

    Args:
        place: A ``record.json``, the folder that holds it, or a zip file.
        given: What the record does not bring itself.
        progress: Told the share of the explanation that is done; it may raise to stop the work.

    Raises:
        ModelError: There is no such record, or its model must be given.
        AudioError: There is no recording that could be explained.
        ExplanationError: The method or its settings cannot be used.
    """
    given = given or Given()
    record, files = open_case(place)
    digest = sha256(files.record_bytes()).hexdigest()
    members = files.members(record)
    classifier = recorded_classifier(record, given)
    settings = recorded_settings(record, given)
    heard = heard_again(record, members, classifier.sample_rate, given)
    try:
        explained = explain_clip(
            heard.clip,
            classifier,
            load_method(record.method.name, settings),
            record.explanation.target,
            threshold=record.decision.threshold or 0.0,
            progress=progress,
        )
        answers = [_asked(each, explained, classifier, record) for each in record.answers]
    except UserError:
        raise
    except Exception as error:  # what a record may ask for that nobody would
        raise ExplanationError(
            f"The record cannot be made again: {type(error).__name__}: {error}".rstrip(".") + "."
        ) from error
    comparisons = [
        *compare_members(record, members),
        *heard.comparisons,
        *compare_versions(record.versions, versions()),
        compare_texts("weights", record.model.fingerprint, classifier.fingerprint or None),
        *compare_decisions(record.decision, explained.decision),
        compare_numbers("target", record.explanation.value, explained.explanation.score),
        *_relevance(record, members, explained.explanation),
        *(each for answer in answers for each in answer),
    ]
    return Reproduction(digest, tuple(comparisons), (*heard.notes, *_not_made(record)))


def _relevance(
    record: CaseRecord, members: Mapping[str, bytes | None], found: Explanation
) -> Sequence[Comparison]:
    """The maps, value by value where the recorded one is there and is the one recorded."""
    total = compare_numbers("relevance in all", record.explanation.total, found.total)
    if array_digest(found.relevance) == record.explanation.relevance_sha256:
        return [total, *compare_relevance(found.relevance, found.relevance)]
    recorded = _recorded_relevance(members.get(EXPLANATION))
    if recorded is None or array_digest(recorded) != record.explanation.relevance_sha256:
        digests = (record.explanation.relevance_sha256, array_digest(found.relevance))
        return [total, compare_texts("relevance", *digests)]
    return [total, *compare_relevance(recorded, found.relevance)]


def _recorded_relevance(data: bytes | None) -> Float[np.ndarray, "..."] | None:
    if data is None or not _unpacks_small(data):
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / EXPLANATION
        file.write_bytes(data)
        try:
            return load_explanation(file).relevance
        except ExplanationError:
            return None


def _unpacks_small(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return sum(entry.file_size for entry in archive.infolist()) <= MOST_ARRAY_BYTES
    except (zipfile.BadZipFile, ValueError):
        return False


def _asked(
    recorded: RecordedAnswer, explained: ExplainedClip, classifier: Classifier, record: CaseRecord
) -> list[Comparison]:
    """Edits made again."""
    edits = [
        RegionEdit(Region(edit.start, edit.end, edit.low, edit.high), edit.how)
        for edit in recorded.edits
    ]
    found = ask_again(
        explained.clip,
        classifier,
        edits,
        recorded.target,
        threshold=record.decision.threshold or 0.0,
        seed=recorded.seed,
    )
    named = "; ".join(f"{edit.how} {edit.start:.2f}-{edit.end:.2f} s" for edit in recorded.edits)
    return [
        compare_texts(f"decision after {named}", recorded.label_after, found.after.label),
        compare_numbers(f"target after {named}", recorded.target_after, found.target_after),
    ]


def _not_made(record: CaseRecord) -> tuple[str, ...]:
    notes = []
    if record.belief is not None:
        notes.append("The checks of the map were not made again.")
    if record.verdict is not None:
        digest = record.verdict.calibration_sha256[:12]
        notes.append(
            f"The verdict was not made again: that needs the calibration {digest}... and "
            "'xaudio verdict'."
        )
    return tuple(notes)
