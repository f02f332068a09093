"""The explanations a page asked for, each as soon as it is there."""

from collections.abc import Sequence

import streamlit as st

from dashboards import links
from dashboards.evaluation import ModelCard, Progress, evaluation
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.markdown import literal
from dashboards.panels.choose import ChosenMethod
from dashboards.panels.waiting import answer_or_progress
from dashboards.told import told
from xaudio.audio import Clip
from xaudio.explained import ExplainedClip

Answers = dict[ChosenMethod, ExplainedClip]
_ASKED = "asked"


def questions_about(
    clip: Clip, model: ModelCard, methods: Sequence[ChosenMethod], target: str
) -> tuple[ExplanationQuestion, ...]:
    """One for each method."""
    return tuple(
        ExplanationQuestion.about(clip, model.name, method.name, target, method.settings)
        for method in methods
    )


def is_asked(questions: Sequence[ExplanationQuestion], pressed: bool) -> bool:
    """Whether exactly this was asked: by the button, before, or by a link."""
    if pressed or links.news("show") == ("explanation",):
        st.session_state[_ASKED] = tuple(questions)
    asked = st.session_state.get(_ASKED) == tuple(questions)
    links.write("show", *(["explanation"] if asked else []))
    return asked


def explanations(
    clip: Clip, methods: Sequence[ChosenMethod], questions: Sequence[ExplanationQuestion]
) -> Answers:
    """The answers that are there; for the others their progress, or why there is none."""
    answers: Answers = {}
    for method, question in zip(methods, questions, strict=True):
        with told():
            answer = _explanation(clip, question)
            if answer is not None:
                answers[method] = answer
    return answers


def _explanation(clip: Clip, question: ExplanationQuestion) -> ExplainedClip | None:
    """One answer, if it is there already."""

    def work(progress: Progress) -> ExplainedClip:
        return evaluation().explain(question, clip, progress)

    return answer_or_progress(question, f"Explaining by {literal(question.method)}", work)
