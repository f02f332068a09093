"""How far the looks agree: the matrix, in which order, over which cells."""

from functools import partial

import streamlit as st

from dashboards import links
from dashboards.charts.frame import CONFIG
from dashboards.comparing_panels.agreement_chart import agreement_figure, clicked_pair
from dashboards.markdown import literal
from dashboards.panels.theme import theme
from xaudio.comparing import (
    GROUNDS,
    OVER_FREQUENCY,
    Comparison,
    by_likeness,
    by_mean_agreement,
)

AS_CHOSEN, BY_MEAN, BY_LIKENESS = "As chosen", "Most agreeing", "Like the first"
CHART, WANTED = "agreement", "pair.wanted"
PAIR = ("pair.one", "pair.other")
READING = (
    "Spearman's rank correlation of relevance, cell by cell: 1 for maps that rank alike, -1 for "
    "opposite ones. In brackets: no better than maps that know nothing of each other. "
    "Click a cell to lay the two maps over each other."
)


def choose_over(*, of_clips: bool) -> str | None:
    """On which cells the looks are compared; None for what suits the methods.

    Args:
        of_clips: Whether clips are compared, which can share frequencies and rarely more.
    """
    key = "over.clips" if of_clips else "over.methods"
    for said in links.news("over"):
        if said in GROUNDS:
            st.session_state[key] = said
    if of_clips and st.session_state.get(key) is None:
        st.session_state[key] = OVER_FREQUENCY
    over = st.segmented_control(
        "Compared over",
        list(GROUNDS),
        key=key,
        persist_state="session",
        help="Time and frequency where all methods know frequencies, unless you choose.",
    )
    links.write("over", *([over] if over else []))
    return over


def choose_order() -> str:
    """In which order the matrix is read."""
    orders = [AS_CHOSEN, BY_MEAN, BY_LIKENESS]
    return (
        st.segmented_control("Order", orders, default=AS_CHOSEN, required=True, key="order")
        or AS_CHOSEN
    )


def show_agreement(comparison: Comparison, order: str) -> tuple[str, str] | None:
    """The matrix and what it says; the pair that is looked at.

    Args:
        comparison: What is shown.
        order: One of those that `choose_order` offers.
    """
    pair = chosen_pair(comparison)
    ordered = comparison
    if order == BY_MEAN:
        ordered = by_mean_agreement(comparison)
    elif order == BY_LIKENESS and pair:
        ordered = by_likeness(comparison, pair[0])
    st.plotly_chart(
        agreement_figure(ordered, pair, theme()),
        config=CONFIG,
        key=CHART,
        on_select=partial(_adopt_click, ordered),
        selection_mode="points",
        alt=f"Agreement matrix over {comparison.over}. {comparison.sentence}",
    )
    st.markdown(f"**{literal(comparison.sentence)}**")
    st.caption(f"Over {comparison.over}. {READING}")
    _show_problems(comparison)
    return pair


def _adopt_click(drawn: Comparison) -> None:
    """Before the page runs again: the pair whose cell was clicked."""
    clicked = clicked_pair(st.session_state[CHART], drawn)
    if clicked is not None:
        st.session_state[WANTED] = clicked


def chosen_pair(comparison: Comparison) -> tuple[str, str] | None:
    """The pair that was clicked, picked or linked to; else the one that agrees most."""
    names = comparison.names
    said = links.news("pair")
    wanted = st.session_state.pop(WANTED, said if len(said) == 2 else None)
    if wanted is not None and set(wanted) <= set(names):
        st.session_state[PAIR[0]], st.session_state[PAIR[1]] = wanted
    if len(names) < 2:
        return None
    kept = [st.session_state.get(key) for key in PAIR]
    if not set(kept) <= set(names):
        pairs = comparison.pairs()
        first = pairs[0][:2] if pairs else names[:2]
        st.session_state[PAIR[0]], st.session_state[PAIR[1]] = first
    return st.session_state[PAIR[0]], st.session_state[PAIR[1]]


def _show_problems(comparison: Comparison) -> None:
    """Why some cannot be compared, each reason once."""
    problems = {each.problem: None for row in comparison.agreements for each in row if each.problem}
    for problem in list(problems)[:6]:
        st.caption(literal(f"– {problem}"))
