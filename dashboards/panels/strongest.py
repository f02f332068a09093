"""The stretches that weigh most, as a table whose rows move the viewer's cursor."""

import streamlit as st

from xaudio.explained import ExplainedClip

MOST_ROWS = 8
_PICKED = "strongest.picked"


def show_strongest(explained: ExplainedClip) -> None:
    """The table; picking a row makes `picked_start` give where that stretch begins."""
    rows = explained.strongest(MOST_ROWS)
    st.dataframe(
        [vars(row) for row in rows],
        hide_index=True,
        on_select=_pick,
        selection_mode="single-row",
        key="stretches",
        column_config={
            "start": st.column_config.NumberColumn("From (s)", format="%.2f"),
            "end": st.column_config.NumberColumn("To (s)", format="%.2f"),
            "relevance": st.column_config.NumberColumn("Relevance", format="%.4g"),
            "share": st.column_config.ProgressColumn(
                "Share of all", format="percent", min_value=0.0, max_value=rows[0].share or 1.0
            ),
        },
    )
    st.caption("Pick a row: the cursor above jumps there.")
    st.session_state[_ROWS] = [row.start for row in rows]


def picked_start() -> float | None:
    """Where the stretch that was picked begins, in seconds; None while none is."""
    picked: float | None = st.session_state.get(_PICKED)
    return picked


def _pick() -> None:
    starts = st.session_state.get(_ROWS, [])
    rows = st.session_state["stretches"].selection.rows
    st.session_state[_PICKED] = starts[rows[0]] if rows and rows[0] < len(starts) else None


_ROWS = "strongest.rows"
