"""Corrupt: what a corruption does to a clip, its decision and its explanation, as one listens."""

import time
from collections.abc import Callable, Hashable, Mapping
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import links
from dashboards.corrupting_panels.asking import (
    MovedQuestion,
    TriedQuestion,
    ask_explained,
    ask_moved,
    ask_tried,
    question_about,
)
from dashboards.corrupting_panels.choose_corruption import (
    choose_corruption,
    choose_repeat,
    choose_severity,
    choose_threshold,
)
from dashboards.corrupting_panels.flips import show_flips
from dashboards.corrupting_panels.hearing import BEFORE, maps_of, show_sounds
from dashboards.corrupting_panels.keeping import show_keeping
from dashboards.corrupting_panels.measured import show_certificate
from dashboards.corrupting_panels.survival import show_survival
from dashboards.corrupting_panels.verdicts import show_verdicts
from dashboards.evaluation import ModelCard, this_session
from dashboards.markdown import literal
from dashboards.panels.choose import (
    ChosenClip,
    ChosenMethod,
    choose_clip,
    choose_method,
    choose_model,
    choose_target,
)
from dashboards.panels.device import show_device
from dashboards.panels.facts import facts
from dashboards.told import told
from explainers.explanation import Explanation
from xaudio.audio import Clip
from xaudio.datasets.manifest import ManifestRow
from xaudio.trying import ChosenCorruption, Tried

INTRODUCTION = (
    "Choose a clip on the left, then a corruption and how harsh it is: hear it, see what was "
    "measured, what the model says, and whether its reasons survive."
)


def show() -> None:
    """The page."""
    with told():
        with st.sidebar:
            chosen = choose_clip()
            model = choose_model()
            method = choose_method(model) if model else None
            target = choose_target(model) if model else ""
            show_device()
        st.header(literal(chosen.name) if chosen else "Corrupt", anchor=False)
        if chosen is None or model is None or method is None:
            st.markdown(INTRODUCTION)
            return
        clip, known = open_clip(chosen)
        st.caption(literal(" · ".join([*facts(clip, known), *rates(clip, model)])))
        look(clip, known, model, method, target, choose_corruption())


def open_clip(chosen: ChosenClip) -> tuple[Clip, ManifestRow | None]:
    """The clip and what a manifest says about it."""
    clip, known = chosen.open(), None
    with told():
        known = chosen.known()
    return clip, known


def rates(clip: Clip, model: ModelCard) -> list[str]:
    """Where the corruption and the model meet the clip at different rates, what follows."""
    if clip.sample_rate == model.sample_rate:
        return []
    return [
        f"corrupted at its own {clip.sample_rate} Hz, then heard by the model at "
        f"{model.sample_rate} Hz"
    ]


@st.fragment
def look(
    clip: Clip,
    known: ManifestRow | None,
    model: ModelCard,
    method: ChosenMethod,
    target: str,
    chosen: ChosenCorruption,
) -> None:
    """All that follows the slider, and runs by itself when it is moved."""
    this_session().page_began = time.monotonic()  # what is asked here may be waited for anew
    with told():
        condition = chosen.condition()
        slider, draw, level, toggle = st.columns([4, 1.1, 1.1, 1.1], vertical_alignment="bottom")
        with slider:
            severity = choose_severity(condition)
        with draw:
            repeat = choose_repeat(condition)
        with level:
            threshold = choose_threshold(is_detector=model.is_detector)
        with toggle:
            explain = choose_explaining()
        question = question_about(clip, model.name, chosen, severity, repeat, threshold)
        verdicts, viewer, below = st.container(), st.container(), st.container()
        with verdicts:
            found = ask_tried(question, clip, lambda: None)
            show_verdicts(found)
        with below:
            flips, measured = st.columns([4, 3], gap="medium")
            with flips, told():
                show_flips(question, clip, condition)
            with measured:
                show_certificate(question, found, condition.corruption.primary)
            survival = st.container()
            with st.expander("How it was made, and export"), told():
                show_keeping(question, found)
        hear = partial(show_viewer, viewer, (question, method, target), found, model, known)
        maps: Mapping[str, Explanation] = {}
        with survival, told():
            if explain:
                maps = explained(question, clip, found, method, target, partial(hear, {}))
        hear(maps)


def explained(
    question: TriedQuestion,
    clip: Clip,
    found: Tried,
    method: ChosenMethod,
    target: str,
    meanwhile: Callable[[], None],
) -> Mapping[str, Explanation]:
    """The explanation before and after, as maps on the original's time."""
    asked, before = ask_explained(question, clip, method, target, meanwhile)
    if not question.severity and not before.is_of_the_voice:
        return {BEFORE: before.explanation}
    moved = ask_moved(MovedQuestion(question, asked), found, before, method, meanwhile)
    show_survival(found, moved)
    return maps_of(moved)


def show_viewer(
    place: DeltaGenerator,
    shown: Hashable,
    found: Tried,
    model: ModelCard,
    known: ManifestRow | None,
    maps: Mapping[str, Explanation],
) -> None:
    """The viewer in its place above all that explains it."""
    with place:
        show_sounds(shown, found, maps, model.sample_rate, known)


def choose_explaining() -> bool:
    """Whether both are explained, which a slow method makes one wait for."""
    links.adopt("explain", ["yes", "no"])
    told_so = st.session_state.pop("explain", None)
    if told_so is not None:
        st.session_state["explaining"] = told_so == "yes"
    st.session_state.setdefault("explaining", True)
    explain = st.toggle("Explain", key="explaining", persist_state="session")
    links.write("explain", *([] if explain else ["no"]))
    return explain


show()
