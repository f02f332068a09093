"""What the model decides about a clip: calibrated where a calibration was given, else saying so."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import streamlit as st

from dashboards.evaluation import ModelCard, evaluation
from dashboards.evaluation.questions import content_of
from dashboards.markdown import literal
from dashboards.panels.questions import DecisionQuestion
from dashboards.panels.waiting import answer_or_progress
from xaudio.audio import Clip
from xaudio.explained import Decision
from xaudio.provenance import plain
from xaudio.records.record import RecordedVerdict
from xaudio.verdicts import Calibration, Verdict, load_calibration, statement

THRESHOLD = 0.0  # of uncalibrated scores


@dataclass(frozen=True)
class Judged:
    """What a model says about a clip.

    Attributes:
        decision: By its score alone.
        verdict: By the calibration; None where there is none for this model.
    """

    decision: Decision
    verdict: Verdict | None


def show_decision(clip: Clip, model: ModelCard) -> None:
    """The label first, then the numbers behind it and what they mean."""
    calibration = calibration_for(model)
    judged = judged_clip(clip, model, calibration)
    if judged is None:
        return
    if judged.verdict is None or calibration is None:
        show_score(judged.decision, uncalibrated(model))
    else:
        show_verdict(judged.verdict, calibration)


def recorded_verdict(clip: Clip, model: ModelCard) -> RecordedVerdict | None:
    """The verdict as a case record keeps it; None without a calibration, or while it is not known.

    Raises:
        ModelError: The calibration cannot be read.
    """
    calibration = calibration_for(model)
    judged = judged_clip(clip, model, calibration) if calibration else None
    if calibration is None or judged is None or judged.verdict is None:
        return None
    file = evaluation().given.calibration
    assert file is not None
    return RecordedVerdict(
        judged.verdict.verdict,
        statement(judged.verdict, calibration),
        plain(judged.verdict.as_dict()),
        sha256(file.read_bytes()).hexdigest(),
    )


def judged_clip(clip: Clip, model: ModelCard, calibration: Calibration | None) -> Judged | None:
    """What the model says; None until that is known."""
    by = calibration.made_from.sha256 if calibration else ""
    question = DecisionQuestion(clip.digest, content_of(clip), model.name, by)

    def work(_: object) -> Judged:
        from xaudio.explaining import decide
        from xaudio.verdicts import judge

        with evaluation().models.lease(model.name) as classifier:
            decision = decide(clip, classifier, THRESHOLD)
            return Judged(decision, judge(clip, classifier, calibration) if calibration else None)

    return answer_or_progress(question, "Deciding", work)


def show_score(decision: Decision, note: str) -> None:
    """A decision by the score alone.

    Args:
        decision: What the model says.
        note: Why the score is no probability; empty where nobody would take it for one.
    """
    label, score, threshold = st.columns([2, 1, 1])
    label.metric(
        "Decision", decision.label, border=True, height="stretch", help=labels_in_words(decision)
    )
    score.metric(
        "Score", f"{decision.score:.2f}", border=True, height="stretch", help=meaning(decision)
    )
    threshold.metric(
        "Threshold",
        "none" if decision.threshold is None else f"{decision.threshold:.2f}",
        border=True,
        height="stretch",
    )
    sentence = literal(decision.sentence)
    st.caption(f"{sentence[0].upper()}{sentence[1:]}. {note}")


def show_verdict(verdict: Verdict, calibration: Calibration) -> None:
    """A calibrated verdict, with what it rests on."""
    word, probability, evidence = st.columns([2, 1, 1])
    word.metric("Verdict", verdict.verdict, border=True, height="stretch")
    if verdict.verdict == "inconclusive":
        probability.metric("Probability of synthesis", "none", border=True, height="stretch")
    else:
        probability.metric(
            "Probability of synthesis",
            f"{verdict.spoof_probability.value:.1%}",
            border=True,
            height="stretch",
            help=f"If it was {verdict.spoof_prior:.0%} before the recording was heard.",
        )
    evidence.metric(
        "Log-likelihood ratio",
        f"{verdict.llr.value:+.2f}",
        border=True,
        height="stretch",
        help="Natural logarithm, positive for human speech.",
    )
    st.caption(literal(statement(verdict, calibration)))


def labels_in_words(decision: Decision) -> str | None:
    """What a detector's two labels are called elsewhere; None for other models."""
    if decision.threshold is None:
        return None
    return (
        "Bonafide is human speech as it was recorded, spoof is synthetic or changed by a machine."
    )


def meaning(decision: Decision) -> str:
    """What a score says."""
    if decision.threshold is None:
        return "The score is the winner's logit minus the next one's."
    return (
        "The score is the logit of bonafide minus that of spoof: the higher, the more like human "
        "speech; at the threshold and above the model says bonafide."
    )


def calibration_for(model: ModelCard) -> Calibration | None:
    """The calibration the dashboard was given, if it belongs to this model.

    Raises:
        ModelError: There is one that cannot be read.
    """
    calibration = given_calibration()
    if calibration is None or calibration.model.fingerprint != model.fingerprint:
        return None
    return calibration


def given_calibration() -> Calibration | None:
    """The calibration the dashboard was started with.

    Raises:
        ModelError: It cannot be read.
    """
    file = evaluation().given.calibration
    return None if file is None else _loaded(file, file.stat().st_mtime_ns)


@st.cache_resource(max_entries=2, show_spinner=False)
def _loaded(file: Path, changed: int) -> Calibration:  # noqa: ARG001 - it tells it anew
    return load_calibration(file)


def uncalibrated(model: ModelCard) -> str:
    """Why a detector's score is no probability."""
    if not model.is_detector:
        return ""
    given = given_calibration()
    why = (
        literal(f"The calibration that was given belongs to “{given.model.name}”")
        if given
        else "No calibration was given"
    )
    return f"{why}, so this is no probability; `xaudio calibrate` makes a calibration."
