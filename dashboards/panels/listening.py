"""The viewer: the clip with all that is known about it, to see and to hear."""

from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress

import streamlit as st

from dashboards.components.audio_viewer import ViewerState, audio_viewer
from dashboards.evaluation.questions import content_of
from dashboards.panels.choose import ChosenMethod
from dashboards.panels.explanations import Answers
from dashboards.panels.linked_view import linked_view, write_view
from dashboards.panels.strongest import picked_start
from perturbations.errors import UserError
from xaudio.audio import Clip, clip_from_bytes
from xaudio.explained import ExplainedClip
from xaudio.reports.elements import Stretch
from xaudio.viewing import Lane, Scene, scene_of

KEY = "viewer"
RELEVANT, REST = "Relevant part", "The rest"
LEAST_SHARE = 0.05  # of all relevance: less would draw the eye to nothing


def show_viewer(
    clip: Clip,
    questions: Mapping[ChosenMethod, Hashable],
    answers: Answers,
    lanes: Sequence[Lane],
    sounds: Mapping[str, Clip],
) -> ViewerState:
    """The viewer and what was done in it; its view stands in the address.

    Args:
        clip: At the model's rate.
        questions: By method.
        answers: Those that are there; the first is the one whose parts can be heard.
        lanes: What is known about the clip: annotations.
        sounds: Further versions of it: as it was edited.
    """
    shown = (
        content_of(clip),
        tuple(questions[method] for method in answers),
        tuple(lanes),
        tuple(map(content_of, sounds.values())),
    )
    linked = linked_view(clip)
    state = audio_viewer(
        _scene(shown, clip, answers, lanes, sounds),
        key=KEY,
        jump=picked_start(),
        visible=linked.visible,
        region=linked.region,
    )
    write_view(clip, state)
    return state


@st.cache_resource(max_entries=6, scope="session", show_spinner=False)
def _scene(
    shown: Hashable,  # noqa: ARG001 - what decides the scene; the rest is too large to compare
    _clip: Clip,
    _answers: Answers,
    _lanes: Sequence[Lane],
    _sounds: Mapping[str, Clip],
) -> Scene:
    maps = {one.name: each for one, each in _answers.items() if not each.is_of_the_voice}
    heard = dict(_sounds)
    for explained in list(maps.values())[:1]:
        heard |= _parts(explained)
    curves = [each.evidence_curve for each in _answers.values()][:1]
    return scene_of(
        _clip,
        {name: each.explanation for name, each in maps.items()},
        sounds=heard,
        lanes=[*_lanes, *_strongest_lane(list(maps.values()))],
        curves=[curve for curve in curves if curve is not None],
    )


def _parts(explained: ExplainedClip) -> dict[str, Clip]:
    """The relevant part and the rest; not what is silent."""
    files = {RELEVANT: explained.relevant_sound, REST: explained.rest_sound}
    parts = {}
    for name, file in files.items():
        with suppress(UserError):
            parts[name] = clip_from_bytes(file, name)
    return parts


def _strongest_lane(answers: Sequence[ExplainedClip]) -> list[Lane]:
    """The stretches that weigh most by the first method, as far as they weigh anything."""
    if not answers:
        return []
    rows = [row for row in answers[0].strongest(3) if row.share >= LEAST_SHARE]
    return [
        Lane(
            "Strongest",
            tuple(Stretch(row.start, row.end, str(place)) for place, row in enumerate(rows, 1)),
        )
    ]
