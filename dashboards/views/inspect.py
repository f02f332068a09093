"""Inspect: a clip, the decision about it, where that comes from, and how it sounds."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboards.importing import import_all
from dashboards.markdown import literal
from dashboards.panels.choose import (
    ChosenClip,
    ChosenMethod,
    ChosenModel,
    choose_clip,
    choose_methods,
    choose_model,
    choose_target,
)
from dashboards.panels.device import show_device
from dashboards.panels.welcome import show_welcome
from dashboards.told import told

if TYPE_CHECKING:
    from xaudio.audio import Clip
    from xaudio.long_recordings.recording import Recording

Asked = tuple[ChosenModel, tuple[ChosenMethod, ...], str, bool]


def show() -> None:
    """The page."""
    with told():
        with st.sidebar:
            chosen = choose_clip()
        show_title(chosen)
        import_all()  # only now: the first page is there meanwhile
        found = opened(chosen) if chosen else None
        with st.sidebar:
            asked = show_questions(can_ask=found is not None)
        if chosen is not None and found is not None and asked is not None:
            from dashboards.panels.inspecting import Question, inspect, inspect_long
            from xaudio.audio import Clip

            question = Question(*asked)
            if isinstance(found, Clip):
                inspect(chosen, found, question)
            else:
                inspect_long(chosen, found, question)


def show_title(chosen: ChosenClip | None) -> None:
    """The clip's name; for a newcomer how to begin."""
    if chosen is None:
        show_welcome()
    else:
        st.header(literal(chosen.name), anchor=False)


def opened(chosen: ChosenClip) -> "Clip | Recording | None":
    """What can be opened of a clip."""
    with told():
        from dashboards.panels.long_recording import long_recording

        return long_recording(chosen) or chosen.open()
    return None


def show_questions(can_ask: bool) -> Asked | None:
    """Model, methods with their settings, target, and the button; None without a model."""
    model = choose_model()
    if model is None:
        return None
    methods = choose_methods(model)
    target = choose_target(model)
    pressed = st.button("Explain", type="primary", disabled=not can_ask, width="stretch")
    show_device()
    return model, methods, target, pressed


show()
