"""What an explanation was made from, and the ways to make it again."""

import streamlit as st

from xaudio.explained import ExplainedClip
from xaudio.provenance import command_line, python_lines


def show_making(explained: ExplainedClip) -> None:
    """The method, the equivalent command and Python, and all settings and versions."""
    record, settings = explained.provenance, explained.chosen_settings
    st.markdown(f"**{record.method}**: {explained.method_summary}")
    st.code(command_line(record, explained.clip.name, settings), language="bash", wrap_lines=True)
    st.code(python_lines(record, explained.clip.name, settings), language="python", wrap_lines=True)
    st.json(record.as_dict(), expanded=1)
