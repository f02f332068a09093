"""The accounts of an explanation: what of the score went where."""

import streamlit as st

from dashboards.markdown import literal
from explainers.explanation import Explanation
from xaudio.reports.ledger_entries import ledger_entries


def show_ledger(explanation: Explanation) -> None:
    """A row for each place that part of the score went to."""
    entries = ledger_entries(explanation)
    if not entries:
        st.caption(
            literal(f"“{explanation.method}” keeps no accounts of where the score went.")
            + " Relevance propagation (lrp) and methods by removal do."
        )
        return
    st.dataframe(
        [vars(entry) for entry in entries],
        hide_index=True,
        column_config={
            "name": st.column_config.TextColumn("What"),
            "amount": st.column_config.NumberColumn("Amount", format="%+.4g"),
        },
    )
    st.caption(
        literal(
            f"All amounts add up to the number that is explained: “{explanation.target}” is "
            f"{explanation.score:+.4g}."
        )
    )
