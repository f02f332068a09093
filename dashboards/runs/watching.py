"""The runs there are: how far each is, its log, and buttons to stop it and to go on."""

from pathlib import Path

import streamlit as st

from dashboards.markdown import literal
from dashboards.runs.batch import show_batch
from dashboards.told import told
from xaudio.jobs.job import EXPLANATIONS, SWEEP, JobFolder, jobs_in, said_words
from xaudio.jobs.running import cancel, kill, resume
from xaudio.jobs.state import (
    CANCELLED,
    FAILED,
    FINISHED,
    RUNNING,
    STOPPED,
    WAITING,
    JobState,
    state_of,
)
from xaudio.jobs.wording import phase_text, state_text
from xaudio.reports.amounts import duration
from xaudio.sweep_views.offers import is_store

EVERY = 2.0  # seconds between two looks at runs that are active
MOST_SHOWN = 20
ICONS = {
    WAITING: "⏳", RUNNING: "▶", FINISHED: "✓", CANCELLED: "■", FAILED: "✗", STOPPED: "■"
}  # fmt: skip
STOPPING = "run.stopping"


def show_runs(runs: Path) -> None:
    """All of them, those asked for last first; looked at again while one is active."""
    jobs = jobs_in(runs)
    if not jobs:
        st.caption("Nothing has been started here yet.")
        return
    active = any(_state(job).is_active for job in jobs[:MOST_SHOWN])
    st.fragment(_show_all, run_every=EVERY if active else None)(runs, active)


def _show_all(runs: Path, was_active: bool) -> None:
    jobs = jobs_in(runs)
    states = {job.folder: _state(job) for job in jobs[:MOST_SHOWN]}
    if was_active and not any(state.is_active for state in states.values()):
        st.rerun()  # nothing is left to look at again
    for job in jobs[:MOST_SHOWN]:
        with st.container(border=True), told():
            _show(job, states[job.folder])
    if len(jobs) > MOST_SHOWN:
        st.caption(f"{len(jobs) - MOST_SHOWN} older ones are not shown.")


def _state(job: JobFolder) -> JobState:
    return state_of(job.folder)


def _show(job: JobFolder, state: JobState) -> None:
    name = job.folder.name
    title, button = st.columns([5, 1.2], vertical_alignment="center")
    title.markdown(f"{ICONS[state.name]} **{literal(name)}** · {literal(state_text(state))}")
    with button:
        _show_button(job, state)
    for phase in state.phases:
        is_present = state.name == RUNNING and phase is state.present
        pace = state.pace if is_present else None
        text = phase_text(phase, pace.rate if pace else None)
        if pace and pace.seconds_left is not None:
            text += f", {duration(pace.seconds_left)} left"
        if not phase.is_finished or is_present:
            st.progress(phase.share, literal(text))
    if state.name == RUNNING and all(phase.is_finished for phase in state.phases):
        st.caption("Loading the models." if not state.phases else "Writing the report.")
    if state.name == FINISHED and state.job.kind == EXPLANATIONS:
        show_batch(job.folder)
    with st.expander("Log and command"):
        st.code(said_words(state.job.words), language="bash", wrap_lines=True)
        st.code("\n".join(job.last_lines()) or "It has said nothing yet.", language=None)


def _show_button(job: JobFolder, state: JobState) -> None:
    name = job.folder.name
    stopping: set[str] = st.session_state.setdefault(STOPPING, set())
    if state.is_active:
        if name in stopping:
            if st.button("Stop at once", key=f"kill-{name}", width="stretch"):
                kill(job.folder)
                st.rerun()
        elif st.button("Cancel", key=f"stop-{name}", width="stretch"):
            cancel(job.folder)
            stopping.add(name)
            st.rerun()
        return
    stopping.discard(name)
    if state.can_go_on:
        if st.button("Go on", key=f"resume-{name}", type="primary", width="stretch"):
            resume(job.folder)
            st.rerun()
    elif (
        state.job.kind == SWEEP
        and is_store(job.folder)
        and st.button("Open", key=f"open-{name}", type="primary", width="stretch")
    ):
        sweep = f"{job.folder.parent.name}/{name}"
        st.switch_page("views/robustness.py", query_params={"sweep": sweep})
