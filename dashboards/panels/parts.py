"""Named parts of a clip and what each weighs: words, windows, properties of the voice."""

from collections.abc import Sequence

import streamlit as st

from xaudio.reports.elements import WeighedPart


def show_parts(parts: Sequence[WeighedPart], seconds: float) -> None:
    """Every named part of a clip of so many seconds, the heaviest first, and how sure that is."""
    st.dataframe(
        [vars(part) for part in parts],
        hide_index=True,
        column_order=telling_columns(parts, seconds),
        column_config={
            "name": st.column_config.TextColumn("Part"),
            "start": st.column_config.NumberColumn("From (s)", format="%.2f"),
            "end": st.column_config.NumberColumn("To (s)", format="%.2f"),
            "relevance": st.column_config.NumberColumn("Relevance", format="%.4g"),
            "standard_error": st.column_config.NumberColumn("Standard error", format="%.2g"),
            "chance": st.column_config.NumberColumn("p", format="%.3f"),
        },
    )


def telling_columns(parts: Sequence[WeighedPart], seconds: float) -> list[str]:
    """The columns that say something about these parts of a clip of so many seconds."""
    whole = all(part.end - part.start >= seconds for part in parts)
    times = [] if whole else ["start", "end"]
    known = [
        column
        for column in ("standard_error", "chance")
        if any(getattr(part, column) is not None for part in parts)
    ]
    return ["name", *times, "relevance", *known]
