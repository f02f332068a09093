"""What is recorded beside what is found: tolerances, and whether a difference matters.

Tolerances leave room for another processor, another number of threads and another version that
rounds otherwise; they are far below what anybody would see in the answer.
"""

from collections.abc import Mapping
from hashlib import sha256

import numpy as np
from jaxtyping import Float, Float32

from explainers.quality.similarity import cosine
from xaudio.explained import Decision
from xaudio.records.record import CaseRecord, RecordedDecision
from xaudio.records.reproduction import Comparison, Outcome

SAMPLE_TOLERANCE = 1e-4  # of full scale: decoders differ by rounding
SCORE_TOLERANCE = 1e-3  # of the value, or of one where that is smaller
RELEVANCE_TOLERANCE = 1e-2  # of the largest relevance
LEAST_COSINE = 0.999
SHOWN = 12  # characters of a digest


def compare_texts(what: str, recorded: str | None, found: str | None) -> Comparison:
    """Digests and labels: the same or not."""
    outcome: Outcome = "same" if recorded == found else "differs"
    return Comparison(what, _shown(recorded), _shown(found), None, None, outcome)


def compare_numbers(what: str, recorded: float, found: float) -> Comparison:
    """Scores, within the tolerance of their size."""
    difference = abs(found - recorded)
    tolerance = SCORE_TOLERANCE * max(1.0, abs(recorded))
    return Comparison(
        what,
        f"{recorded:.6g}",
        f"{found:.6g}",
        difference,
        tolerance,
        _within(difference, tolerance),
    )


def compare_decisions(recorded: RecordedDecision, found: Decision) -> list[Comparison]:
    """Label, score and logits."""
    comparisons = [
        compare_texts("decision", recorded.label, found.label),
        compare_numbers("score", recorded.score, found.score),
    ]
    if recorded.logits.keys() != found.logits.keys():
        labels = (", ".join(recorded.logits), ", ".join(found.logits))
        return [*comparisons, compare_texts("labels", *labels)]
    return comparisons + [
        compare_numbers(f"logit of {label}", value, found.logits[label])
        for label, value in recorded.logits.items()
    ]


def compare_samples(
    what: str,
    recorded: Float32[np.ndarray, " recorded"],
    found: Float32[np.ndarray, " found"],
) -> Comparison:
    """Sounds, sample by sample."""
    if len(recorded) != len(found):
        sizes = (f"{len(recorded)} samples", f"{len(found)} samples")
        return Comparison(what, *sizes, None, SAMPLE_TOLERANCE, "differs")
    difference = float(np.abs(recorded - found).max())
    return Comparison(
        what,
        f"{len(recorded)} samples",
        f"{len(found)} samples",
        difference,
        SAMPLE_TOLERANCE,
        _within(difference, SAMPLE_TOLERANCE),
    )


def compare_relevance(
    recorded: Float[np.ndarray, "..."], found: Float[np.ndarray, "..."]
) -> list[Comparison]:
    """The largest difference, as a share of the largest relevance, and the cosine."""
    largest, angle = "relevance, largest difference", "relevance, cosine"
    if recorded.shape != found.shape:
        shapes = (f"shape {recorded.shape}", f"shape {found.shape}")
        return [Comparison(largest, *shapes, None, RELEVANCE_TOLERANCE, "differs")]
    scale = float(np.abs(recorded).max())
    differs = float(np.abs(recorded.astype(np.float64) - found.astype(np.float64)).max())
    share = differs / scale if scale > 0 else float(differs > 0)
    alike = float(cosine(recorded.ravel(), found.ravel())) if scale > 0 or differs > 0 else 1.0
    return [
        Comparison(
            largest,
            f"{scale:.6g} at most",
            f"{float(np.abs(found).max()):.6g} at most",
            share,
            RELEVANCE_TOLERANCE,
            _within(share, RELEVANCE_TOLERANCE),
        ),
        Comparison(
            angle,
            "1",
            f"{alike:.9g}",
            1.0 - alike,
            1.0 - LEAST_COSINE,
            _within(1.0 - alike if share > 0 else 0.0, 1.0 - LEAST_COSINE),
        ),
    ]


def compare_versions(recorded: Mapping[str, str], found: Mapping[str, str]) -> list[Comparison]:
    """Each package; another version does not matter by itself, only by what it changes."""
    return [
        Comparison(
            f"version of {name}",
            recorded.get(name, "not recorded"),
            found.get(name, "not known"),
            None,
            None,
            "same" if recorded.get(name) == found.get(name) else "told",
        )
        for name in sorted({*recorded, *found})
    ]


def compare_members(record: CaseRecord, members: Mapping[str, bytes | None]) -> list[Comparison]:
    """The files beside the record; what is not there does not matter by itself."""
    comparisons = []
    for listed in record.members:
        data = members.get(listed.name)
        what = f"file {listed.name}"
        if data is None:
            missing = Comparison(what, _shown(listed.sha256), "not there", None, None, "told")
            comparisons.append(missing)
        else:
            comparisons.append(compare_texts(what, listed.sha256, sha256(data).hexdigest()))
    return comparisons


def _within(difference: float, tolerance: float) -> Outcome:
    if difference == 0:
        return "same"
    return "close" if difference <= tolerance else "differs"


def _shown(text: str | None) -> str:
    """A digest by its beginning; other text as it is."""
    if text is None:
        return "none"
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return f"{text[:SHOWN]}..." if is_digest else text
