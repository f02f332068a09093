"""The dashboard; a page is one file and one line here. ``xaudio dashboard`` starts it."""

from pathlib import Path

import streamlit as st

from dashboards import links
from dashboards.evaluation import page_begins
from dashboards.importing import import_all, import_first
from dashboards.told import told

# A picture of our own: the browser would fetch a named symbol from the net.
ICON = Path(__file__).parent / "icon.svg"

PAGES = [
    st.Page("views/inspect.py", title="Inspect", icon=":material/graphic_eq:", default=True),
    st.Page("views/corrupt.py", title="Corrupt", icon=":material/tune:"),
    st.Page("views/compare.py", title="Compare", icon=":material/compare:"),
    st.Page("views/robustness.py", title="Robustness", icon=":material/grid_on:"),
    st.Page("views/run.py", title="Run", icon=":material/play_circle:"),
]

st.set_page_config(page_title="xaudio", page_icon=str(ICON), layout="wide")
page = st.navigation(PAGES, position="top")
with told():
    import_first()
    page_begins()
    links.arrive(page.url_path)
    if page is not PAGES[0]:  # Inspect has something to show before
        import_all()
    page.run()
