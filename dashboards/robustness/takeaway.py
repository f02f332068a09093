"""The sweep's tables, figures and report as files."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import streamlit as st

from dashboards.evaluation import Progress
from dashboards.panels.waiting import answer_or_progress
from dashboards.robustness.opened import OpenedSweep
from dashboards.told import told
from xaudio.sweeps.store import SweepStore

PRESSED = "robustness.take"


@dataclass(frozen=True)
class FilesQuestion:
    """Of which sweep the files are wanted, and what is in it."""

    folder: Path
    stamp: str

    off_device: ClassVar[bool] = True

    def work(self, progress: Progress) -> bytes:
        """The files; how far they are is not known."""
        from xaudio.sweep_views.takeaway import export_zip

        progress(0.0)
        return export_zip(SweepStore(self.folder))


def show_takeaway(sweep: OpenedSweep) -> None:
    """The button that makes the files, then the one that downloads them."""
    with st.expander("Take it away"), told():
        st.markdown(
            "All tables as Parquet, CSV and LaTeX, all figures as PNG and SVG, and the report as "
            "one page: what `xaudio sweep export` and `xaudio sweep report` write."
        )
        question = FilesQuestion(sweep.store.folder, sweep.stamp)
        if st.button("Make the files", key="make-files"):
            st.session_state[PRESSED] = question
        if st.session_state.get(PRESSED) != question:
            return
        files = answer_or_progress(question, "Making the files", question.work)
        if files is not None:
            st.download_button(
                f"Download, {len(files) / 1e6:.1f} MB",
                files,
                file_name=f"{sweep.store.folder.name}.zip",
                mime="application/zip",
                type="primary",
                on_click="ignore",
            )
