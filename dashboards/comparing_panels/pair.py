"""Two looks over each other, to see and to hear."""

from collections.abc import Mapping

import streamlit as st

from dashboards import links
from dashboards.comparing_panels.agreement import PAIR
from dashboards.comparing_panels.asking import Questions
from dashboards.components.audio_viewer import audio_viewer
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.markdown import literal
from xaudio.comparing import Comparison, Look, relevance_curve
from xaudio.explained import ExplainedClip
from xaudio.viewing import Scene, scene_of

KEY = "compare.viewer"


def show_pair(comparison: Comparison, looks: Mapping[str, Look], questions: Questions) -> None:
    """Which two, what their cell says, and both maps in the viewer."""
    st.subheader("Over each other", anchor=False)
    one, other = _choose(comparison)
    links.write("pair", one, other)
    if one == other:
        st.info("Choose two different ones to lay over each other.")
        return
    agreement = comparison.agreement(one, other)
    with st.container():  # so that the viewer keeps its place, and its zoom, without a reason
        if agreement.problem:
            st.caption(literal(agreement.problem))
    there = {
        name: explained
        for name in (one, other)
        if (explained := looks[name].explained) is not None and not explained.is_of_the_voice
    }
    digests = {explained.clip.digest for explained in there.values()}
    if len(digests) > 1:
        for number, (name, explained) in enumerate(there.items()):
            st.markdown(f"**{literal(name)}**")
            _view(f"{KEY}.{number}", {name: explained}, questions)
    elif there:
        _view(KEY, there, questions)


def _choose(comparison: Comparison) -> tuple[str, str]:
    columns = st.columns(2)
    chosen = []
    for column, key, label in zip(columns, PAIR, ("One", "Other"), strict=True):
        with column:
            chosen.append(st.selectbox(label, comparison.names, key=key))
    return chosen[0], chosen[1]


@st.fragment
def _view(key: str, explained: Mapping[str, ExplainedClip], questions: Questions) -> None:
    asked = tuple((name, questions[name]) for name in explained)
    audio_viewer(_scene(asked, explained), key=key)


@st.cache_resource(max_entries=6, scope="session", show_spinner=False)
def _scene(
    asked: tuple[tuple[str, ExplanationQuestion], ...],  # noqa: ARG001 - what decides the scene
    _explained: Mapping[str, ExplainedClip],
) -> Scene:
    clip = next(iter(_explained.values())).clip
    maps = {name: each.explanation for name, each in _explained.items()}
    curves = [relevance_curve(name, each) for name, each in maps.items()]
    return scene_of(clip, maps, curves=curves if len(curves) > 1 else ())
