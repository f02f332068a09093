"""One clip: what is known, decided and explained about it, and what an edit changes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboards.evaluation import ModelCard, this_session
from dashboards.evaluation.questions import ExplanationQuestion
from dashboards.markdown import literal
from dashboards.panels.choose import ChosenClip, ChosenMethod
from dashboards.panels.decision import recorded_verdict, show_decision
from dashboards.panels.details import show_details
from dashboards.panels.editing import (
    EDITED,
    Editing,
    asked_again,
    edits_of,
    show_asked,
    show_edit_buttons,
    show_elsewhere,
)
from dashboards.panels.explanations import explanations, is_asked, questions_about
from dashboards.panels.export import Findings
from dashboards.panels.facts import facts, known_lanes, recording_facts
from dashboards.panels.listening import show_viewer
from dashboards.panels.long_recording import show_windows
from dashboards.told import told
from xaudio.audio import Clip
from xaudio.datasets.manifest import ManifestRow
from xaudio.long_recordings.recording import Recording


@dataclass(frozen=True)
class Question:
    """What the sidebar asks.

    Attributes:
        model: Of the models that were given.
        methods: One or several.
        target: The number that is explained.
        pressed: Whether the button was just pressed.
    """

    model: ModelCard
    methods: tuple[ChosenMethod, ...]
    target: str
    pressed: bool


def inspect(chosen: ChosenClip, clip: Clip, asked: Question) -> None:
    """One clip: what is known, decided and explained about it."""
    known = None
    with told():
        known = chosen.known()
    inspect_known(chosen, clip, asked, known)


def inspect_long(chosen: ChosenClip, recording: Recording, asked: Question) -> None:
    """A recording of minutes or hours: window by window, then a stretch of it as a clip."""
    st.caption(literal(" · ".join(recording_facts(recording))))
    with told():
        clip = show_windows(recording, asked.model)
        if clip is not None:
            # What a manifest says is about the whole, on the whole's axis of time.
            inspect_known(chosen, clip, asked, None)


def inspect_known(
    chosen: ChosenClip, clip: Clip, asked: Question, known: ManifestRow | None
) -> None:
    """The same for a clip of which is known what a manifest says."""
    st.caption(literal(" · ".join(facts(clip, known))))
    with st.container(), told():
        show_decision(clip, asked.model)
    questions = questions_about(clip, asked.model, asked.methods, asked.target)
    wanted = is_asked(questions, asked.pressed)
    look(chosen, clip, asked, questions if wanted else (), known)


@st.fragment
def look(
    chosen: ChosenClip,
    clip: Clip,
    asked: Question,
    questions: Sequence[ExplanationQuestion],
    known: ManifestRow | None,
) -> None:
    """The viewer and all that belongs to it; runs by itself when something is drawn there."""
    this_session().page_began = time.monotonic()  # what is asked here may be waited for anew
    viewer, edit, below = st.container(), st.container(), st.container()
    buttons, result, elsewhere = edit.container(), edit.container(), edit.container()
    methods = asked.methods if questions else ()
    editing = Editing(clip, asked.model.name, asked.target)
    edits = edits_of(clip)
    again = None
    with result, told():
        again = asked_again(editing, edits) if edits else None
        if again is not None:
            show_asked(again)
    with below:
        answers = explanations(clip, methods, questions)
    with viewer, told():
        state = show_viewer(
            clip.resampled(asked.model.sample_rate),
            dict(zip(methods, questions, strict=True)),
            answers,
            lanes=known_lanes(known),
            sounds={EDITED: again.sound} if again is not None else {},
        )
        with buttons:
            show_edit_buttons(state.region, edits)
    with below:
        if answers:
            show_details(
                answers,
                dict(zip(methods, questions, strict=True)),
                lambda: Findings(
                    chosen.data,
                    [again] if again is not None else [],
                    verdict=recorded_verdict(clip, asked.model),
                    stretches=[each for lane in known_lanes(known) for each in lane.stretches],
                ),
            )
        elif not questions:
            st.info("Press **Explain** to see why the model decides so.", icon=":material/info:")
    with elsewhere, told():
        if again is not None:
            show_elsewhere(editing, again)
