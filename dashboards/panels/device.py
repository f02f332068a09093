"""Where the models run."""

import streamlit as st

from dashboards.evaluation import evaluation
from dashboards.markdown import literal


def show_device() -> None:
    """One line: the device and its memory, or the cluster's address."""
    st.caption(f":material/memory: {literal(evaluation().works_on)}")
