"""How the corrupted clip is made again, and what can be taken along."""

from pathlib import PurePath

import streamlit as st

from dashboards.corrupting_panels.asking import TriedQuestion
from xaudio.trying import Tried, exported, making


@st.fragment
def show_keeping(question: TriedQuestion, found: Tried) -> None:
    """The equivalent command and Python, and an archive of sound, certificate and way."""
    if not question.severity:
        st.info("At severity 0 the clip is as it was: there is nothing to make.")
        return
    way = making(question.chosen, found.clean.name, question.severity, question.repeat)
    st.code(way.command, language="bash", wrap_lines=True)
    if way.suite_file:
        st.caption(f"where `{way.suite_name}` holds")
        st.code(way.suite_file, language="yaml")
    st.code(way.python, language="python", wrap_lines=True)
    stem = PurePath(found.clean.name).stem or "clip"
    st.download_button(
        "Export sound and certificate",
        lambda: exported(found, question.chosen),
        file_name=f"{stem}-{found.made.condition}-{question.severity}.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
        help="A ZIP archive: the corrupted clip as WAV with every float kept, its certificate as "
        "JSON, and how it was made.",
    )
