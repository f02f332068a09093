"""What the page Compare asks, by content and settings, and who answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboards import links
from dashboards.comparing_panels.choose_looks import WantedLook
from dashboards.evaluation import Progress, evaluation
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.panels.waiting import answer_or_progress, answered
from perturbations.errors import UserError
from xaudio.audio import Clip
from xaudio.comparing import Comparison, Look, compared, look_name
from xaudio.explained import ExplainedClip

_ASKED = "comparison asked"


@dataclass(frozen=True)
class ComparisonQuestion:
    """How far do these agree?

    Attributes:
        looks: Names and what each is the answer to.
        over: On which cells; empty for what suits.
        missing: Names of those that could not be made, and why.
    """

    looks: tuple[tuple[str, ExplanationQuestion], ...]
    over: str
    missing: tuple[tuple[str, str], ...] = ()


Questions = dict[str, ExplanationQuestion]


def questions_of(wanted: Sequence[WantedLook]) -> Questions:
    """The question behind each look, by the look's name."""
    rows = len({look.row for look in wanted})
    methods = len({look.method.name for look in wanted})
    return {
        look_name(look.row, look.method.name, rows, methods): ExplanationQuestion.about(
            look.clip, look.model.name, look.method.name, None, look.method.settings
        )
        for look in wanted
    }


def is_asked(questions: Questions, pressed: bool) -> bool:
    """Whether exactly this was asked: by the button, before, or by a link."""
    asked = tuple(questions.items())
    if pressed or links.news("show") == ("comparison",):
        st.session_state[_ASKED] = asked
    found = bool(asked) and st.session_state.get(_ASKED) == asked
    links.write("show", *(["comparison"] if found else []))
    return found


def looks_so_far(
    wanted: Sequence[WantedLook], questions: Questions
) -> tuple[dict[str, Look], dict[str, ExplanationQuestion]]:
    """The looks that are there, or say why not; and the questions still waiting."""
    looks: dict[str, Look] = {}
    waiting: dict[str, ExplanationQuestion] = {}
    for look, (name, question) in zip(wanted, questions.items(), strict=True):
        work = partial(_explain, question, look.clip)
        try:
            found = answer_or_progress(question, f"Explaining: {name}", work)
        except UserError as error:
            looks[name] = Look(name, None, str(error))
            continue
        if found is None:
            waiting[name] = question
        else:
            looks[name] = Look(name, found)
    return looks, waiting


def _explain(question: ExplanationQuestion, clip: Clip, progress: Progress) -> ExplainedClip:
    return evaluation().explain(question, clip, progress)


def ask_comparison(looks: Mapping[str, Look], questions: Questions, over: str | None) -> Comparison:
    """How far all looks agree; the page goes no further without.

    Raises:
        UserError: It cannot be told.
    """
    question = ComparisonQuestion(
        tuple((name, questions[name]) for name, look in looks.items() if look.explained),
        over or "",
        tuple((name, str(look.problem)) for name, look in looks.items() if not look.explained),
    )

    def work(_: Progress) -> Comparison:
        return compared(list(looks.values()), over)

    return answered(question, "Comparing", work)
