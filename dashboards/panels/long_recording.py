"""Recordings of minutes and hours: the decision window by window, and a stretch picked from it.

What is picked is cut out and inspected as any other clip; the whole never lies in memory.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboards import links
from dashboards.components.audio_viewer import audio_viewer
from dashboards.evaluation import ModelCard, Progress, evaluation
from dashboards.markdown import literal
from dashboards.panels.choose import ChosenClip
from dashboards.panels.choose.contents import content_id
from dashboards.panels.linked_view import numbers
from dashboards.panels.theme import theme
from dashboards.panels.waiting import answer_or_progress
from xaudio.long_recordings import WindowScores, excerpt, open_recording, scored
from xaudio.long_recordings.clock import clock
from xaudio.long_recordings.recording import Recording
from xaudio.regions import Region
from xaudio.viewing import Lane, Scene, scene_of

if TYPE_CHECKING:
    from xaudio.audio import Clip

LONG = 60.0  # seconds; what is longer is decided window by window
WHOLE = 600.0  # seconds; what is longer is not shown as a whole
FEW = 50  # windows in the table
_STRETCH = "stretch"


@dataclass(frozen=True)
class WindowsQuestion:
    """What does this model say about every window of this recording?

    Attributes:
        digest: SHA-256 of the recording's bytes.
        model: By the name the page shows.
    """

    digest: str
    model: str


@dataclass(frozen=True)
class Stretch:
    """What was picked of a recording, in seconds.

    Attributes:
        digest: Of the recording.
        start: Where it begins.
        end: Where it ends.
    """

    digest: str
    start: float
    end: float


def long_recording(chosen: ChosenClip) -> Recording | None:
    """The recording, if it is a long one; None for a clip that can be explained as a whole.

    Raises:
        AudioError: It cannot be read.
    """
    if chosen.path is None:
        clip = chosen.read()
        return open_recording(clip) if clip.seconds > LONG else None
    path = evaluation().clips.confined(chosen.path)
    recording = _recording(path, path.stat().st_mtime_ns, path.stat().st_size)
    if recording.announced is not None and recording.announced > LONG:
        return recording
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _recording(path: Path, changed: int, size: int) -> Recording:  # noqa: ARG001 - tell it anew
    return open_recording(path)


def show_windows(recording: Recording, model: ModelCard) -> "Clip | None":
    """The decision over time; the stretch that was picked from it, as a clip.

    Raises:
        UserError: The recording or the stretch cannot be read.
    """
    links.write("clip", content_id(recording.digest))
    _adopt(recording)
    if recording.announced is not None and recording.announced <= WHOLE:
        region_button = st.container()
        scores = window_scores(recording, model)
        region = _show_whole(recording, model, scores)
        with region_button:
            _offer_region(recording, region)
    else:
        scores = window_scores(recording, model)
    if scores is None:
        return _picked(recording)
    *found, honest = scores.sentences()
    st.markdown(literal(" ".join(found)))
    st.caption(literal(honest))
    _show_chart(recording, scores)
    _show_table(recording, scores)
    return _picked(recording)


def window_scores(recording: Recording, model: ModelCard) -> WindowScores | None:
    """What the model says about every window; None until that is known."""

    def work(progress: Progress) -> WindowScores:
        with evaluation().models.lease(model.name) as classifier:
            return scored(recording, classifier, progress=progress)

    question = WindowsQuestion(recording.digest, model.name)
    return answer_or_progress(question, "Deciding window by window", work)


def _show_whole(
    recording: Recording, model: ModelCard, scores: WindowScores | None
) -> Region | None:
    """All of a recording of minutes in a viewer; what is drawn there."""
    return audio_viewer(
        _whole((recording.digest, model.name, scores is None), recording, model, scores),
        key="whole",
        height=160,
    ).region


@st.cache_resource(max_entries=2, scope="session", show_spinner=False)
def _whole(
    shown: tuple[str, str, bool],  # noqa: ARG001 - what decides the scene
    _recording: Recording,
    _model: ModelCard,
    _scores: WindowScores | None,
) -> Scene:
    clip = excerpt(_recording, 0.0, WHOLE, _model.sample_rate)
    if _scores is None:
        return scene_of(clip)
    lanes = [
        Lane(label, _scores.stretches(label)) for label in _scores.labels if label != "bonafide"
    ]
    return scene_of(clip, lanes=lanes, curves=[_scores.curve()])


def _offer_region(recording: Recording, region: Region | None) -> None:
    """A button that picks what is drawn."""
    if region is None:
        st.caption("Draw a stretch of up to a minute, or pick a window below, to inspect it.")
        return
    told = f"{clock(region.start)} to {clock(region.end)}"
    st.button(
        f"Inspect {told}",
        icon=":material/search:",
        disabled=region.seconds > LONG,
        help=f"At most {LONG:.0f} s.",
        on_click=_pick,
        args=(recording, region.start, region.end),
    )


def _show_chart(recording: Recording, scores: WindowScores) -> None:
    """The score of every window; one that is clicked is picked."""
    from dashboards.panels.window_chart import clicked_window, window_chart

    key = f"windows.{recording.digest}"

    def pick() -> None:
        window = clicked_window(scores, st.session_state[key])
        if window is not None:
            _pick(recording, *window)

    st.plotly_chart(
        window_chart(scores, theme()),
        key=key,
        on_select=pick,
        selection_mode="points",
        config={"displayModeBar": False},
    )


def _show_table(recording: Recording, scores: WindowScores) -> None:
    """The windows with the lowest scores; one that is picked is inspected."""
    rows = scores.lowest(FEW)
    key = f"lowest.{recording.digest}"

    def pick() -> None:
        picked = st.session_state[key].selection.rows
        if picked and picked[0] < len(rows):
            _pick(recording, rows[picked[0]]["start"], rows[picked[0]]["end"])

    with st.expander(f"The {len(rows)} windows with the lowest scores"):
        st.dataframe(
            rows,
            key=key,
            hide_index=True,
            on_select=pick,
            selection_mode="single-row",
            column_order=["start", "end", "score", "label", "level_db"],
            column_config={
                "start": st.column_config.NumberColumn("From (s)", format="%.1f"),
                "end": st.column_config.NumberColumn("To (s)", format="%.1f"),
                "score": st.column_config.NumberColumn("Score", format="%.2f"),
                "label": "Decision",
                "level_db": st.column_config.NumberColumn("Level (dB)", format="%.0f"),
            },
        )


def _pick(recording: Recording, start: float, end: float) -> None:
    st.session_state[_STRETCH] = Stretch(recording.digest, start, end)


def _adopt(recording: Recording) -> None:
    for said in links.news(_STRETCH):
        match numbers(said):
            case (start, end) if 0 <= start < end <= start + LONG:
                _pick(recording, start, end)


def _picked(recording: Recording) -> "Clip | None":
    """The stretch that was picked, cut out."""
    stretch: Stretch | None = st.session_state.get(_STRETCH)
    if stretch is None or stretch.digest != recording.digest:
        links.write(_STRETCH)
        return None
    links.write(_STRETCH, f"{stretch.start:.3f} {stretch.end:.3f}")
    clip = _cut(stretch, recording)
    st.subheader(f"{clock(stretch.start)} to {clock(stretch.end)}", anchor=False)
    return clip


@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _cut(stretch: Stretch, _recording: Recording) -> "Clip":
    return excerpt(_recording, stretch.start, stretch.end)
