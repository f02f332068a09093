"""The answer to an explanation question, by a classifier that is at hand."""

from typing import TYPE_CHECKING

from dashboards.evaluation.jobs import Progress
from dashboards.evaluation.questions import ExplanationQuestion

if TYPE_CHECKING:
    from xaudio.audio import Clip
    from xaudio.classifiers import Classifier
    from xaudio.explained import ExplainedClip
    from xaudio.provenance import ModelSpec


def explained_by(
    question: ExplanationQuestion,
    spec: "ModelSpec",
    classifier: "Classifier",
    clip: "Clip",
    progress: Progress,
) -> "ExplainedClip":
    """Explain a clip as the question asks.

    Args:
        question: Method, settings, target and threshold.
        spec: What was said to load the classifier, for the record.
        classifier: What is explained.
        clip: What it is explained about.
        progress: Told the share done; may raise to stop the work.

    Raises:
        UserError: The target, the method or a setting does not fit, or the model cannot answer.
    """
    from xaudio.explaining import check_target, explain_clip, load_method

    settings = dict(question.settings)
    method = load_method(question.method, settings)
    if question.target is not None:
        check_target(question.target, classifier)
    progress(0.0)
    return explain_clip(
        clip,
        classifier,
        method,
        question.target,
        threshold=question.threshold,
        model=spec,
        chosen_settings=settings,
        progress=progress,
    )
