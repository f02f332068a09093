"""Is this map believable? Checked when somebody asks, for it takes a while."""

from collections.abc import Hashable

import streamlit as st

from dashboards.evaluation import Progress, evaluation, this_session
from dashboards.markdown import literal
from dashboards.panels.choose import ChosenMethod
from dashboards.panels.questions import BeliefQuestion
from dashboards.panels.waiting import answer_or_progress
from xaudio.believing import Belief, Check, belief
from xaudio.explained import ExplainedClip

_ASKED = "belief.asked"


def show_belief(
    question: Hashable, explained: ExplainedClip, model: str, method: ChosenMethod
) -> None:
    """A button, then what was checked.

    Args:
        question: Whose answer the map is.
        explained: The map.
        model: By the name the page shows.
        method: With the settings the map was made with.
    """
    asked: set[Hashable] = st.session_state.setdefault(_ASKED, set())
    if question not in asked:
        st.markdown(
            "Does the map depend on what the model learned? Do other methods agree? Does removing "
            "what it points at matter more than removing something else? Does it hold still?"
        )
        st.button(
            "Check this map",
            key="belief",
            icon=":material/fact_check:",
            on_click=asked.add,
            args=(question,),
        )
        return

    def work(progress: Progress) -> Belief:
        with evaluation().models.lease(model) as classifier:
            return belief(explained, classifier, method.load(), progress)

    found = answer_or_progress(BeliefQuestion(question), "Checking the map", work)
    if found is not None:
        show_checks(found)


def known_belief(question: Hashable) -> Belief | None:
    """What was checked of this map already; None where nobody asked."""
    asked = BeliefQuestion(question)
    if not evaluation().answers.knows(asked):
        return None
    found: Belief = this_session().ask(asked, "", _nothing_to_do).result()
    return found


def _nothing_to_do(_: Progress) -> Belief:
    raise AssertionError("the answer was there")


def show_checks(found: Belief) -> None:
    """All of it in a sentence, then check by check."""
    st.markdown(f"**{literal(found.sentence)}**")
    for check in found.checks:
        st.markdown(f"{_mark(check)} {literal(check.sentence)}")
    for left in found.unchecked:
        st.markdown(f":gray[:material/remove:] {literal(left.reason)}")
    st.caption(f"Checked in {found.seconds:.0f} s.")


def _mark(check: Check) -> str:
    return ":green[:material/check:]" if check.passed else ":orange[:material/close:]"
