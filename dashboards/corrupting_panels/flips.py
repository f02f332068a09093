"""Where it flips: the score over all severities."""

import streamlit as st

from dashboards.charts.frame import CONFIG
from dashboards.corrupting_panels.asking import LadderQuestion, TriedQuestion, ask_ladder
from dashboards.corrupting_panels.ladder_chart import ladder_figure
from dashboards.markdown import literal
from dashboards.panels.theme import theme
from perturbations.suites import Condition
from xaudio.audio import Clip

REPEATS = (1, 5, 10, 20, 50)


def show_flips(question: TriedQuestion, clip: Clip, condition: Condition) -> None:
    """The ladder of scores, how often each rung is drawn, and where the decision changes.

    Args:
        question: What the page asks; its severity and repeat play no part here.
        clip: Which clip.
        condition: The corruption.
    """
    heading, often = st.columns([3, 2], vertical_alignment="bottom")
    heading.subheader("Where it flips", anchor=False)
    with often:
        repeats = _choose_repeats() if condition.corruption.random else 1
    ladder = ask_ladder(
        LadderQuestion(
            question.digest,
            question.content,
            question.model,
            question.chosen,
            repeats,
            question.threshold,
        ),
        clip,
    )
    if ladder is None:
        return
    st.plotly_chart(
        ladder_figure(ladder, question.severity, theme()),
        config=CONFIG,
        key="ladder",
        alt=f"Score over severity. {ladder.sentence}",
    )
    st.markdown(f"**{literal(ladder.sentence)}**")
    for problem in ladder.problems[:3]:
        st.caption(literal(problem))


def _choose_repeats() -> int:
    if st.session_state.get("repeats") not in REPEATS:
        st.session_state["repeats"] = REPEATS[0]
    return int(
        st.segmented_control(
            "Draws of each severity",
            REPEATS,
            required=True,
            key="repeats",
            persist_state="session",
            help="A random corruption draws other numbers each time: this shows their spread.",
        )
        or REPEATS[0]
    )
