"""What stands below the viewer: everything that an explanation says in words and numbers."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import streamlit as st

from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.markdown import literal
from dashboards.panels.belief import known_belief, show_belief
from dashboards.panels.choose import ChosenMethod
from dashboards.panels.explanations import Answers
from dashboards.panels.export import Findings, show_export
from dashboards.panels.ledger import show_ledger
from dashboards.panels.making import show_making
from dashboards.panels.parts import show_parts
from dashboards.panels.side_by_side import show_side_by_side
from dashboards.panels.strongest import show_strongest
from dashboards.panels.theme import theme
from dashboards.told import told
from xaudio.explained import VOICE_READING, ExplainedClip

Sections = dict[str, Callable[[], None]]


def show_details(
    answers: Answers,
    questions: Mapping[ChosenMethod, ExplanationQuestion],
    findings: Callable[[], Findings],
) -> None:
    """Tabs, of which only the open one is made.

    Args:
        answers: By method; at least one.
        questions: Which they answer.
        findings: What else is known, for the record.
    """
    method = _method_shown(answers)
    explained = answers[method]
    st.caption(literal(how_to_read(explained)))
    sections = _sections(answers, method, questions[method], findings)
    for tab, show in zip(
        st.tabs(list(sections), key="tab", bind="query-params"), sections.values(), strict=True
    ):
        if tab.open:
            with tab, told():
                show()


def how_to_read(explained: ExplainedClip) -> str:
    """What the colours say."""
    target = explained.explanation.target
    if explained.is_of_the_voice:
        return VOICE_READING
    if explained.explanation.signed:
        return f"Red speaks for “{target}”, blue against it; the paler, the weaker."
    return f"The stronger the colour, the more “{target}” hangs on that part; it has no direction."


def _method_shown(answers: Answers) -> ChosenMethod:
    """The method the details are about: a choice where there are several."""
    names = {method.name: method for method in answers}
    if len(names) == 1:
        return next(iter(answers))
    if st.session_state.get("detail") not in names:
        st.session_state["detail"] = next(iter(names))
    name = st.segmented_control("Details of", list(names), required=True, key="detail")
    return names[str(name)]


def _sections(
    answers: Answers,
    method: ChosenMethod,
    question: ExplanationQuestion,
    findings: Callable[[], Findings],
) -> Sections:
    explained = answers[method]
    sections: Sections = {}
    if explained.is_of_the_voice:
        sections["Voice curves"] = partial(_show_voice, explained)
    else:
        sections["Strongest stretches"] = partial(show_strongest, explained)
        if explained.explanation.segment_names:
            sections["Part by part"] = partial(
                show_parts, explained.parts(), explained.clip.seconds
            )
    mapped = {one.name: each for one, each in answers.items() if not each.is_of_the_voice}
    if len(mapped) > 1:
        sections["Side by side"] = partial(show_side_by_side, mapped)
    sections["Ledger"] = partial(show_ledger, explained.explanation)
    sections["Is this map believable?"] = partial(
        show_belief, question, explained, question.model, method
    )
    sections["How it was made"] = partial(show_making, explained)
    sections["Export"] = lambda: show_export(
        explained, replace(findings(), belief=known_belief(question))
    )
    return sections


def _show_voice(explained: ExplainedClip) -> None:
    st.image(explained.picture(theme()), width="stretch")
    show_parts(explained.parts(), explained.clip.seconds)
