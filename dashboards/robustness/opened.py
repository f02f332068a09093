"""Which sweep a page is about, and what is known of it: worked out once per state of its store."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import streamlit as st

from dashboards import links
from dashboards.evaluation import Progress, evaluation
from dashboards.markdown import literal
from dashboards.panels.waiting import answer_or_progress, answered
from dashboards.told import told
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.sweep_views.offers import stores_in
from xaudio.sweep_views.stamps import stamp_of
from xaudio.sweeps.store import SweepStore, open_store

LOOK_AGAIN = 15.0  # seconds between two looks at a sweep that is not finished
WORKING = "Working out the tables"
SHOWN, WANTED = "robustness.shown", "robustness.wanted"


@dataclass(frozen=True)
class TablesQuestion:
    """Of which sweep the tables are wanted, and what is in it."""

    folder: Path
    stamp: str

    off_device: ClassVar[bool] = True

    def work(self, progress: Progress) -> SweepFindings:
        """The tables; how far they are is not known."""
        from xaudio.sweep_views.opening import findings_for_page

        progress(0.0)
        return findings_for_page(self.folder)


@dataclass(frozen=True, eq=False)
class OpenedSweep:
    """A sweep and all that its tables say.

    Attributes:
        name: What the page calls it.
        store: Where its rows are.
        stamp: What is in it.
        findings: Its tables.
    """

    name: str
    store: SweepStore
    stamp: str
    findings: SweepFindings


def choose_sweep() -> tuple[str, Path] | None:
    """The widget for a sweep; None where there is none, or a link asks for one that is not here."""
    given = evaluation().given
    on_offer = stores_in([*given.sweeps, *([given.runs] if given.runs else [])])
    links.adopt("sweep", list(on_offer))
    name = st.selectbox(
        "Sweep",
        list(on_offer),
        key="sweep",
        persist_state="session",
        on_change=links.settle,
        args=("sweep",),
        placeholder="Choose a sweep" if on_offer else "There is no sweep yet",
        disabled=not on_offer,
    )
    if links.unmet("sweep"):
        st.warning(
            literal(f"The link asks for the sweep '{links.unmet('sweep')}', which is not here."),
            icon=":material/link_off:",
        )
    if name is None:
        return None
    links.write("sweep", name)
    return name, on_offer[name]


def opened(name: str, folder: Path) -> OpenedSweep:
    """The sweep with its tables; while they are worked out the page waits.

    Of one that is not finished the tables stay as they are until `keep_up` has newer ones.

    Raises:
        SweepError: It cannot be read.
    """
    store = open_store(folder)
    question = TablesQuestion(folder, stamp_of(store))
    before: TablesQuestion | None = st.session_state.get(SHOWN)
    if before and before.folder == folder and evaluation().answers.knows(before):
        question = before
    findings = answered(question, WORKING, question.work)
    st.session_state[SHOWN] = question
    return OpenedSweep(name, store, question.stamp, findings)


@st.fragment(run_every=LOOK_AGAIN)
def keep_up(sweep: OpenedSweep) -> None:
    """Look whether more cells are finished, work out their tables, then show them."""
    wanted: TablesQuestion | None = st.session_state.get(WANTED)
    if wanted is None or wanted.folder != sweep.store.folder:
        wanted = TablesQuestion(sweep.store.folder, stamp_of(sweep.store))
    if wanted.stamp == sweep.stamp:
        return
    st.session_state[WANTED] = wanted  # until it is there, however many cells come meanwhile
    with told():
        if answer_or_progress(wanted, WORKING, wanted.work) is not None:
            st.session_state[SHOWN] = wanted
            del st.session_state[WANTED]
            st.rerun()
