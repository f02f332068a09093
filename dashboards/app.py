"""The dashboard; a page is one file and one line here. ``xaudio dashboard`` starts it."""

import streamlit as st

PAGES = [
    st.Page("pages/inspect.py", title="Inspect", icon=":material/graphic_eq:", default=True),
]

st.set_page_config(page_title="xaudio", page_icon=":material/graphic_eq:", layout="wide")
st.navigation(PAGES, position="top").run()
