"""Run: start a sweep or a batch of explanations, watch it, stop it, go on with it."""

import streamlit as st

from dashboards.evaluation import evaluation
from dashboards.runs.form import choose_request
from dashboards.runs.starting import show_start
from dashboards.runs.watching import show_runs
from dashboards.told import told

WITHOUT = (
    "Start the dashboard with `--runs FOLDER` to start sweeps and batches of explanations from "
    "here; all they write goes below that folder."
)
ABOUT = (
    "A run is a process of its own: it goes on when this page is closed, and when the dashboard "
    "is. Several take turns. Stopped at any moment, a run goes on where it was."
)


def show() -> None:
    """The page."""
    st.header("Run", anchor=False)
    with told():
        runs = evaluation().given.runs
        if runs is None:
            st.markdown(WITHOUT)
            return
        st.caption(ABOUT)
        with st.container(border=True), told():
            show_start(choose_request(), runs)
        st.subheader("Runs", anchor=False)
        show_runs(runs)


show()
