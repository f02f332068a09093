"""Robustness: what breaks which model, in any sweep, down to the clips."""

import streamlit as st

from dashboards.markdown import literal
from dashboards.robustness.filters import choose_look, choose_part
from dashboards.robustness.flips import show_chosen_cell
from dashboards.robustness.looks import LOOKS
from dashboards.robustness.opened import OpenedSweep, choose_sweep, keep_up, opened
from dashboards.robustness.takeaway import show_takeaway
from dashboards.told import told
from xaudio.reports.paired_models import from_clean
from xaudio.reports.sureness import sureness
from xaudio.reports.sweep_summary import summary_sentences
from xaudio.sweep_views.narrowing import extent_of

INTRODUCTION = (
    "A sweep scores every clip with every model, clean and under every corruption. Start the "
    "dashboard with `--sweep FOLDER` to look at one here, or make one on the page **Run**."
)


def show_summary(sweep: OpenedSweep) -> None:
    """What breaks which model, in sentences."""
    st.caption(literal(sweep.findings.about))
    if sweep.findings.unfinished:
        st.warning(literal(sweep.findings.unfinished), icon=":material/hourglass_top:")
        keep_up(sweep)
    tested = from_clean(sweep.findings.rows("pairs"))
    sentences = summary_sentences(sweep.findings.rows("conditions"), tested)
    with st.expander("What breaks which model, in sentences"):
        for model, said in sentences.items():
            st.markdown(f"- **{literal(model)}**: {literal(' '.join(said))}")
        if not sentences:
            st.markdown("Nothing has been scored yet.")
        st.caption(literal(sureness(sweep.findings)))


def show() -> None:
    """The page."""
    title, sweeps = st.columns([2, 3], vertical_alignment="bottom")
    title.header("Robustness", anchor=False)
    with told():
        with sweeps:
            chosen = choose_sweep()
        if chosen is None:
            st.markdown(INTRODUCTION)
            return
        sweep = opened(*chosen)
        show_summary(sweep)
        rows = sweep.findings.rows("conditions")
        if not rows:
            return
        part = choose_part(extent_of(rows))
        LOOKS[choose_look(list(LOOKS))](sweep, part)
        show_chosen_cell(sweep)
        show_takeaway(sweep)


show()
