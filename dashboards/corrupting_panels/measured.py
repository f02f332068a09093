"""What the corruption measurably did."""

import streamlit as st

from dashboards.corrupting_panels.asking import TriedQuestion, ask_certificate
from xaudio.trying import Tried, certificate_figures


def show_certificate(question: TriedQuestion, found: Tried, primary: str) -> None:
    """The certificate as a table, the corruption's own figure first.

    Args:
        question: Which certificate.
        found: The clip before and after.
        primary: Name of that figure.
    """
    st.subheader("Certificate", anchor=False)
    certificate = ask_certificate(question, found)
    if certificate is None:
        return
    figures = certificate_figures(certificate, primary)
    st.dataframe(
        [{"what": each.name, "value": each.value} for each in figures],
        hide_index=True,
        height="content",
        column_config={
            "what": st.column_config.TextColumn("Measured", width=150),
            "value": st.column_config.TextColumn("Value", width=110),
        },
    )
