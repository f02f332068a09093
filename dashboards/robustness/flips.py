"""The clips whose decision flipped in the chosen cell: a table, the sound, and the way on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dashboards.components.audio_viewer import audio_viewer
from dashboards.evaluation import evaluation
from dashboards.markdown import literal
from dashboards.panels.choose.contents import content_id
from dashboards.robustness.cell import choose, chosen_place
from dashboards.robustness.opened import OpenedSweep
from dashboards.told import told
from xaudio.provenance import ModelSpec
from xaudio.reports.charts import Row
from xaudio.sweep_views.cells import Place, place_words
from xaudio.sweep_views.flipped import HeardFlip, flips_in, heard, shown_flips
from xaudio.sweeps.store import SweepStore
from xaudio.viewing import Scene, scene_of

MOST_LISTED = 500
CORRUPTED = "Corrupted"
COLUMNS: dict[str, Any] = {
    "clip": "Clip",
    "is": "Is",
    "attack": "Attack",
    "speaker": "Speaker",
    "clean_score": st.column_config.NumberColumn("Score, clean", format="%+.2f"),
    "score": st.column_config.NumberColumn("Score now", format="%+.2f"),
    "clean_decision": "Called",
    "decision": "Called now",
    "repeat": "Draw",
}


def show_chosen_cell(sweep: OpenedSweep) -> None:
    """The cell's clips; nothing where no cell was chosen."""
    place = chosen_place()
    if place is None:
        return
    with st.container(border=True), told():
        title, close = st.columns([6, 1], vertical_alignment="center")
        title.subheader(literal(place_words(place)), anchor=False)
        close.button("Close", on_click=choose, args=(None,), width="stretch", key="close-cell")
        if place.is_clean:
            st.info("These are the clean clips: decisions are compared with theirs.")
            return
        flips = _flips(sweep.store.folder, sweep.stamp, place)
        if not flips:
            st.info("No decision flipped here.")
            return
        _show_flips(sweep, place, flips)


def model_on_offer(name: str, models: Mapping[str, ModelSpec]) -> str | None:
    """What the dashboard calls a sweep's model; None where it was not given it, or several times.

    >>> model_on_offer("aasist", {"aasist (a.pth)": ModelSpec("aasist", "a.pth")})
    'aasist (a.pth)'
    """
    if name in models:
        return name
    known = [shown for shown, spec in models.items() if spec.name == name]
    return known[0] if len(known) == 1 else None


@st.fragment
def _show_flips(sweep: OpenedSweep, place: Place, flips: list[Row]) -> None:
    """Table and player; picking a row draws only these again."""
    shown = shown_flips(flips[:MOST_LISTED])
    known = [name for name in COLUMNS if any(row[name] for row in shown)]
    event = st.dataframe(
        [{name: row[name] for name in known} for row in shown],
        hide_index=True,
        column_config={name: COLUMNS[name] for name in known},
        on_select="rerun",
        selection_mode="single-row",
        height=min(36 * (len(shown) + 1) + 2, 300),
        key=f"flips-{place}",
    )
    picked = event.selection.rows
    flip = flips[picked[0] if picked and picked[0] < len(shown) else 0]
    st.caption(_said(sweep, place, flips))
    with told():
        _listen(sweep, place, flip)


def _said(sweep: OpenedSweep, place: Place, flips: list[Row]) -> str:
    threshold = next(
        (
            row["clean_threshold"]
            for row in sweep.findings.rows("conditions")
            if row["model"] == place.model and row["clean_threshold"] is not None
        ),
        None,
    )
    fixed = (
        ""
        if threshold is None
        else f" Accepted as bona fide from {threshold:+.2f}, fixed on the clean clips."
    )
    more = f" The first {MOST_LISTED} of {len(flips):,}." if len(flips) > MOST_LISTED else ""
    return literal(f"Whose score moved furthest comes first; pick a row to hear it.{fixed}{more}")


def _listen(sweep: OpenedSweep, place: Place, flip: Row) -> None:
    st.markdown(f"**{literal(flip['clip'])}**, clean and corrupted, from the same position:")
    found, scene = _heard(
        sweep.store.folder, sweep.stamp, place, flip["clip"], flip["repeat"], flip
    )
    audio_viewer(scene, key="flip-viewer", height=200)
    inspect, corrupt, _ = st.columns([2, 3, 3])
    model = model_on_offer(place.model, evaluation().given.models)
    clip = {"clip": content_id(flip["digest"]), **({"model": model} if model else {})}
    if inspect.button("Open in Inspect", icon=":material/graphic_eq:", width="stretch"):
        st.switch_page("views/inspect.py", query_params=clip)
    corruption = found.condition.corruption
    if corruption is not None and corrupt.button(
        "Open in Corrupt, at this severity", icon=":material/tune:", width="stretch"
    ):
        under = {"corruption": corruption.name, "severity": str(place.severity)}
        st.switch_page("views/corrupt.py", query_params=clip | under)


@st.cache_data(max_entries=64, show_spinner="Looking for the clips")
def _flips(folder: Path, stamp: str, place: Place) -> list[Row]:  # noqa: ARG001 - decides it, too
    return flips_in(SweepStore(folder), place)


@st.cache_resource(max_entries=8, scope="session", show_spinner="Making the sound again")
def _heard(
    folder: Path,
    stamp: str,  # noqa: ARG001 - decides it, too
    place: Place,
    clip: str,  # noqa: ARG001 - likewise
    repeat: int,  # noqa: ARG001 - likewise
    _flip: Row,
) -> tuple[HeardFlip, Scene]:
    found = heard(SweepStore(folder), place, _flip)
    return found, scene_of(found.clean, sounds={CORRUPTED: found.corrupted})
