"""A batch of explanations that is done: its table, and what lies behind each row."""

from pathlib import Path
from typing import Any

import streamlit as st

from dashboards.markdown import literal
from dashboards.panels.choose.contents import content_id
from xaudio.batches.running import FOLDER
from xaudio.batches.store import BatchStore
from xaudio.reports.charts import Row
from xaudio.reports.sweep_export import csv_text

COLUMNS: dict[str, Any] = {
    "clip": "Clip",
    "method": "Method",
    "decision": "Decided",
    "score": st.column_config.NumberColumn("Score", format="%+.2f"),
    "strongest_start": st.column_config.NumberColumn("Strongest from (s)", format="%.2f"),
    "strongest_end": st.column_config.NumberColumn("to (s)", format="%.2f"),
    "strongest_relevance": st.column_config.NumberColumn("Relevance", format="%+.3g"),
    "strongest_share": st.column_config.NumberColumn("Share of all", format="percent"),
    "error": "Failed",
}


def show_batch(folder: Path) -> None:
    """The table; picking a row shows its picture and sound.

    Raises:
        SweepError: The batch cannot be read.
    """
    with st.expander("What came of it"):
        table = BatchStore(folder).rows()
        rows = table.to_pylist()
        known = [name for name in COLUMNS if any(row[name] is not None for row in rows)]
        event = st.dataframe(
            [{name: row[name] for name in known} for row in rows],
            hide_index=True,
            column_config={name: COLUMNS[name] for name in known},
            on_select="rerun",
            selection_mode="single-row",
            key=f"batch-{folder.name}",
        )
        st.download_button(
            "The table as CSV", csv_text(table), file_name=f"{folder.name}.csv", mime="text/csv",
            on_click="ignore", key=f"csv-{folder.name}",
        )  # fmt: skip
        picked = event.selection.rows
        if picked and picked[0] < len(rows) and rows[picked[0]]["error"] is None:
            _show_explanation(folder / FOLDER / rows[picked[0]]["folder"], rows[picked[0]])
        else:
            st.caption("Pick a row to see and hear its explanation.")


def _show_explanation(place: Path, row: Row) -> None:
    st.markdown(f"**{literal(row['clip'])}**, {literal(row['method'])}: its relevant part")
    st.audio((place / "relevant.wav").read_bytes(), format="audio/wav")
    st.image((place / "picture.png").read_bytes(), width="stretch")
    report, inspect, _ = st.columns([1, 1, 2])
    report.download_button(
        "The report", (place / "report.html").read_bytes(), file_name=f"{row['folder']}.html",
        mime="text/html", on_click="ignore", key=f"report-{row['cell']}", width="stretch",
    )  # fmt: skip
    if inspect.button("Open in Inspect", key=f"inspect-{row['cell']}", width="stretch"):
        asked = {"clip": content_id(row["digest"]), "methods": [row["method"]]}
        st.switch_page("views/inspect.py", query_params=asked)
