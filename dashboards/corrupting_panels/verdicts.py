"""What the model says before and after."""

import streamlit as st

from dashboards.markdown import literal
from dashboards.panels.decision import meaning
from xaudio.trying import Tried


def show_verdicts(found: Tried) -> None:
    """Both decisions beside each other, and whether they differ."""
    before, after, change = st.columns([2, 2, 1])
    before.metric(f"Clean: {found.before.score:.2f}", found.before.label, border=True)
    after.metric(f"Corrupted: {found.after.score:.2f}", found.after.label, border=True)
    change.metric("Score moved by", f"{found.shift:+.2f}", border=True)
    told = meaning(found.before)
    if found.before.threshold is not None:
        told = f"The threshold is {found.before.threshold:.2f}. {told}"
    st.caption(told)
    if found.flipped:
        st.warning(
            literal(f"The decision flips: {found.before.label} becomes {found.after.label}."),
            icon=":material/swap_vert:",
        )
