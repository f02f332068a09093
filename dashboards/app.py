"""The dashboard; a page is one file and one line here. ``xaudio dashboard`` starts it."""

from pathlib import Path

import streamlit as st

# A picture of our own: the browser would fetch a named symbol from the net.
ICON = Path(__file__).parent / "icon.svg"

PAGES = [
    st.Page("pages/inspect.py", title="Inspect", icon=":material/graphic_eq:", default=True),
]

st.set_page_config(page_title="xaudio", page_icon=str(ICON), layout="wide")
st.navigation(PAGES, position="top").run()
