"""Which part of a sweep is looked at, and how: widgets whose values stand in the address."""

from collections.abc import Sequence

import streamlit as st

from dashboards import links
from xaudio.sweep_views.narrowing import Extent, Part


def choose_part(extent: Extent) -> Part:
    """The widgets for models, corruptions and severities; where none is chosen all are shown."""
    models, corruptions, severities = st.columns([2, 3, 1.4])
    with models:
        chosen_models = _some("Models", "of", extent.models)
    with corruptions:
        chosen_corruptions = _some("Corruptions", "under", extent.corruptions)
    with severities:
        chosen_severities = _some("Severities", "at", tuple(map(str, extent.severities)))
    return Part(chosen_models, chosen_corruptions, tuple(map(int, chosen_severities)))


def choose_look(looks: Sequence[str]) -> str:
    """The widget for what is shown."""
    links.adopt("look", looks)
    look = st.segmented_control(
        "What is shown",
        looks,
        default=None if "look" in st.session_state else looks[0],
        required=True,
        key="look",
        persist_state="session",
        label_visibility="collapsed",
    )
    look = look or looks[0]
    links.write("look", look)
    return look


def _some(title: str, name: str, on_offer: Sequence[str]) -> tuple[str, ...]:
    links.adopt_all(name, on_offer, [])
    chosen = st.multiselect(title, on_offer, key=name, persist_state="session", placeholder="All")
    links.write(name, *chosen)
    return tuple(chosen)
