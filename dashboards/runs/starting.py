"""The estimate first, then the start."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import streamlit as st

from dashboards.evaluation import Progress
from dashboards.markdown import literal
from dashboards.panels.waiting import answer_or_progress
from dashboards.runs.form import Request
from xaudio.jobs.commands import SweepRequest, words_of
from xaudio.jobs.estimating import estimated
from xaudio.jobs.job import said_words
from xaudio.jobs.preparing import free_name, start_run
from xaudio.jobs.wording import size_text
from xaudio.reports.amounts import counted, duration, sound_text

ASKED = "run.asked"


@dataclass(frozen=True)
class EstimateQuestion:
    """Of which run the estimate is wanted."""

    request: Request

    off_device: ClassVar[bool] = True

    def work(self, progress: Progress) -> dict[str, Any]:
        """What the command says it would take."""
        return estimated(self.request, progress)


def show_start(request: Request | None, runs: Path) -> None:
    """The estimate, the name and the button; nothing is started before the estimate was seen."""
    question = None if request is None else EstimateQuestion(request)
    if st.button("Estimate", disabled=request is None, key="estimate"):
        st.session_state[ASKED] = question
    if question is None or st.session_state.get(ASKED) != question:
        st.caption("The estimate comes first: how long it takes, and how much it writes.")
        return
    found = answer_or_progress(question, "Estimating", question.work)
    if found is None:
        return
    assert request is not None
    _show_estimate(request, found)
    if found["failing"]:
        for what, why in found["failing"].items():
            st.warning(literal(f"Every clip that was tried failed: {what}: {why}"))
    kind = "sweep" if isinstance(request, SweepRequest) else "explanations"
    name, start = st.columns([3, 1], vertical_alignment="bottom")
    said = name.text_input("Name of the run", free_name(runs, kind), key=f"run-name-{kind}")
    with st.expander("The same in a terminal"):
        st.code(said_words(words_of(request, runs / said)), language="bash", wrap_lines=True)
    if start.button("Start", type="primary", width="stretch", key="start"):
        start_run(runs, said, request)
        del st.session_state[ASKED]
        del st.session_state[f"run-name-{kind}"]
        st.rerun()


def _show_estimate(request: Request, found: Mapping[str, Any]) -> None:
    wall, disk, what = st.columns(3)
    wall.metric("Time", f"about {duration(found['wall_seconds'])}")
    disk.metric("On disk", size_text(found["disk_bytes"]))
    if isinstance(request, SweepRequest):
        what.metric("Scores", f"{found['rows']:,}")
        st.caption(
            literal(
                f"{counted(found['clips'], 'clip')}, {counted(found['cells'], 'cell')} over "
                f"{sound_text(found['audio_seconds'])} of audio on "
                f"{counted(found['workers'], 'core')}; start, measured quality, explanations and "
                "report apart."
            )
        )
    else:
        what.metric("Explanations", f"{found['waiting']:,}")
        each = ", ".join(
            f"{name} {duration(seconds)}" for name, seconds in found["seconds_each"].items()
        )
        st.caption(literal(f"{counted(found['clips'], 'clip')}; each takes {each}."))
