"""What the page Corrupt asks, by content and settings, and who answers."""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.evaluation import Progress, content_of, evaluation
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.panels.choose import ChosenMethod
from dashboards.panels.waiting import answer_or_progress, answered
from perturbations.certificates import Certificate
from xaudio.audio import Clip
from xaudio.explained import ExplainedClip
from xaudio.trying import (
    ChosenCorruption,
    Ladder,
    MovedExplanation,
    Tried,
    moved_explanation,
    severity_ladder,
    tried,
)


@dataclass(frozen=True)
class TriedQuestion:
    """What does this corruption do to this clip?

    Attributes:
        digest: SHA-256 of the clip's bytes.
        content: Of its samples.
        model: By the name the page shows.
        chosen: The corruption.
        severity: At which.
        repeat: Which draw of the random numbers.
        threshold: At and above which a detector's clip is bona fide.
    """

    digest: str
    content: str
    model: str
    chosen: ChosenCorruption
    severity: int
    repeat: int = 0
    threshold: float = 0.0


@dataclass(frozen=True)
class CertificateQuestion:
    """What did it measurably do?

    Attributes:
        tried: To which clip.
    """

    tried: TriedQuestion


@dataclass(frozen=True)
class LadderQuestion:
    """Where does the decision flip?

    Attributes:
        digest: SHA-256 of the clip's bytes.
        content: Of its samples.
        model: By the name the page shows.
        chosen: The corruption.
        repeats: How many draws of the random numbers.
        threshold: At and above which a detector's clip is bona fide.
    """

    digest: str
    content: str
    model: str
    chosen: ChosenCorruption
    repeats: int = 1
    threshold: float = 0.0


@dataclass(frozen=True)
class MovedQuestion:
    """What became of the explanation?

    Attributes:
        tried: Of the corrupted clip.
        explanation: Of the clean one.
    """

    tried: TriedQuestion
    explanation: ExplanationQuestion


def question_about(
    clip: Clip,
    model: str,
    chosen: ChosenCorruption,
    severity: int,
    repeat: int,
    threshold: float,
) -> TriedQuestion:
    """The question about a clip."""
    return TriedQuestion(clip.digest, content_of(clip), model, chosen, severity, repeat, threshold)


def ask_tried(question: TriedQuestion, clip: Clip, meanwhile: Callable[[], None]) -> Tried:
    """The clip before and after; the page goes no further without.

    Raises:
        UserError: It cannot be done; the message says why.
    """

    def work(_: Progress) -> Tried:
        condition = question.chosen.condition()
        with evaluation().models.lease(question.model) as classifier:
            return tried(
                clip,
                classifier,
                condition.corruption,
                question.severity,
                question.repeat,
                threshold=question.threshold,
                condition=condition.name,
            )

    return answered(question, "Corrupting", work, meanwhile)


def ask_certificate(question: TriedQuestion, found: Tried) -> Certificate | None:
    """What the corruption measurably did; None while that is not there."""

    def work(_: Progress) -> Certificate:
        return found.certificate

    return answer_or_progress(CertificateQuestion(question), "Measuring", work)


def ask_ladder(question: LadderQuestion, clip: Clip) -> Ladder | None:
    """The scores of all severities; None while they are not there.

    Raises:
        UserError: The model says nothing of the clip.
    """

    def work(progress: Progress) -> Ladder:
        condition = question.chosen.condition()
        with evaluation().models.lease(question.model) as classifier:
            return severity_ladder(
                clip,
                classifier,
                condition.corruption,
                question.repeats,
                severities=condition.severities,
                threshold=question.threshold,
                condition=condition.name,
                progress=progress,
            )

    return answer_or_progress(question, "All severities", work)


def ask_explained(
    question: TriedQuestion,
    clip: Clip,
    method: ChosenMethod,
    target: str,
    meanwhile: Callable[[], None],
) -> tuple[ExplanationQuestion, ExplainedClip]:
    """The explanation of the clean clip, the same as on other pages.

    Raises:
        UserError: It cannot be explained.
    """
    asked = ExplanationQuestion.about(clip, question.model, method.name, target, method.settings)

    def work(progress: Progress) -> ExplainedClip:
        return evaluation().explain(asked, clip, progress)

    return asked, answered(asked, f"Explaining by {method.name}", work, meanwhile)


def ask_moved(
    question: MovedQuestion,
    found: Tried,
    before: ExplainedClip,
    method: ChosenMethod,
    meanwhile: Callable[[], None],
) -> MovedExplanation:
    """What became of the explanation.

    Raises:
        UserError: The corrupted clip cannot be explained, or the method knows no places.
    """

    def work(progress: Progress) -> MovedExplanation:
        with evaluation().models.lease(question.tried.model) as classifier:
            return moved_explanation(
                before.explanation, found.made, classifier, method.load(), progress
            )

    return answered(question, "Explaining the corrupted clip", work, meanwhile)
