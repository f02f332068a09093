"""The viewer: both sounds from the same position, and the explanation before and after."""

from collections.abc import Hashable, Mapping

import streamlit as st

from dashboards.components.audio_viewer import audio_viewer
from dashboards.panels.facts import known_lanes
from dashboards.panels.theme import theme
from explainers.explanation import Explanation
from xaudio.comparing import small_map_of
from xaudio.datasets.manifest import ManifestRow
from xaudio.trying import MovedExplanation, Tried
from xaudio.viewing import Scene, scene_of

KEY = "corrupt.viewer"
CORRUPTED = "Corrupted"
BEFORE, AFTER, DIFFERENCE = "Clean", "Corrupted, carried back", "Difference"


@st.fragment
def show_sounds(
    shown: Hashable,
    found: Tried,
    maps: Mapping[str, Explanation],
    sample_rate: int,
    known: ManifestRow | None,
) -> None:
    """The viewer with both sounds; what is drawn or zoomed in it concerns nothing else.

    Args:
        shown: What decides sounds and maps.
        found: The clip before and after.
        maps: Relevance on the original's time, by name.
        sample_rate: Of the model, in hertz: what it hears is shown.
        known: What a manifest says of the clip.
    """
    audio_viewer(_scene((shown, tuple(maps)), found, maps, sample_rate, known), key=KEY)
    if not found.made.time_map.is_identity:
        st.caption(
            "This corruption moves the clock: the two sounds are switched at the same second, "
            "not at the same word. Relevance is carried back to where it belongs."
        )


def maps_of(moved: MovedExplanation) -> dict[str, Explanation]:
    """Before, after, and what changed, on the original's time."""
    return {BEFORE: moved.before, AFTER: moved.carried, DIFFERENCE: moved.difference}


def show_maps(found: Tried, moved: MovedExplanation) -> None:
    """Three small maps on the original's time axis."""
    maps = maps_of(moved)
    clip = found.clean.resampled(moved.before.sample_rate)
    for column, (name, explanation) in zip(st.columns(3), maps.items(), strict=True):
        with column:
            st.image(
                small_map_of(clip, explanation, clip.seconds, theme()),
                caption=name,
                width="stretch",
            )


@st.cache_resource(max_entries=6, scope="session", show_spinner=False)
def _scene(
    shown: Hashable,  # noqa: ARG001 - what decides the scene; the rest is too large to compare
    _found: Tried,
    _maps: Mapping[str, Explanation],
    _sample_rate: int,
    _known: ManifestRow | None,
) -> Scene:
    corrupted = _found.made.clip.resampled(_sample_rate)
    return scene_of(
        _found.clean.resampled(_sample_rate),
        _maps,
        sounds={CORRUPTED: corrupted} if _found.made.severity else {},
        lanes=known_lanes(_known),
    )
