"""Compare: models and methods on one clip, or a model on several clips: how far they agree."""

import streamlit as st

from dashboards.comparing_panels.agreement import choose_order, choose_over, show_agreement
from dashboards.comparing_panels.asking import (
    Questions,
    ask_comparison,
    is_asked,
    looks_so_far,
    questions_of,
)
from dashboards.comparing_panels.choose_looks import (
    CLIPS,
    WantedLook,
    choose_clips,
    choose_kind,
    choose_models_and_methods,
)
from dashboards.comparing_panels.grid import show_grid
from dashboards.comparing_panels.pair import show_pair
from dashboards.markdown import literal
from dashboards.panels.choose import choose_clip
from dashboards.panels.device import show_device
from dashboards.told import told
from xaudio.comparing import Look

INTRODUCTION = (
    "Choose what to compare on the left and press **Compare**: several methods and models on one "
    "clip, or one model on several clips. Each becomes a small map on the same time axis, and the "
    "matrix says how far each two agree."
)


def show() -> None:
    """The page."""
    with told():
        with st.sidebar:
            kind = choose_kind()
            title, wanted = (
                ("Several clips", choose_clips()) if kind == CLIPS else models_and_methods()
            )
            pressed = st.button(
                "Compare", type="primary", disabled=len(wanted) < 2, width="stretch"
            )
            show_device()
        st.header(literal(title), anchor=False)
        questions = questions_of(wanted)
        if not is_asked(questions, pressed):
            st.markdown(INTRODUCTION)
            return
        compare(wanted, questions, of_clips=kind == CLIPS)


def models_and_methods() -> tuple[str, list[WantedLook]]:
    """The clip's name and the looks that are wanted of it."""
    chosen = choose_clip()
    clip = None
    if chosen is not None:
        with told():
            clip = chosen.open()
    return chosen.name if chosen else "Compare", choose_models_and_methods(clip)


def compare(wanted: list[WantedLook], questions: Questions, *, of_clips: bool) -> None:
    """The grid as it fills, then how far the looks agree."""
    grid, waiting_place = st.container(), st.container()
    with waiting_place:
        looks, waiting = looks_so_far(wanted, questions)
    with grid:
        show_grid(wanted, questions, looks)
    if not waiting:
        agree(looks, questions, of_clips=of_clips)


@st.fragment
def agree(looks: dict[str, Look], questions: Questions, *, of_clips: bool) -> None:
    """The matrix and the pair that is looked at; runs by itself when a cell is clicked."""
    with told():
        st.subheader("Agreement", anchor=False)
        cells, order = st.columns(2)
        with cells:
            over = choose_over(of_clips=of_clips)
        with order:
            ordered = choose_order()
        with st.container():  # progress comes and goes here; what follows keeps its place
            comparison = ask_comparison(looks, questions, over)
        if show_agreement(comparison, ordered) is not None:
            show_pair(comparison, looks, questions)


show()
