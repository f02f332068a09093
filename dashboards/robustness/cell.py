"""The cell that was clicked: it stands in the address, whichever grid it was clicked in."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from dashboards import links
from dashboards.charts.frame import CONFIG
from dashboards.charts.heat_map import clicked, heat_map
from dashboards.panels.theme import theme
from xaudio.reports.charts import Row
from xaudio.sweep_views.cells import HeatCell, HeatGrid, Place, place_from, place_text
from xaudio.sweep_views.narrowing import extent_of

CELL = "cell"


def chosen_place() -> Place | None:
    """The cell that was chosen; None where none was."""
    for said in links.news(CELL):
        st.session_state[CELL] = said
    text: str | None = st.session_state.get(CELL)
    links.write(CELL, *([text] if text else []))
    return place_from(text) if text else None


def choose(place: Place | None) -> None:
    """Choose a cell, or none."""
    st.session_state[CELL] = None if place is None else place_text(place)
    links.write(CELL, *([] if place is None else [place_text(place)]))


def grid_to_click(grid: HeatGrid, key: str) -> None:
    """A grid whose cells can be clicked.

    Args:
        grid: What is shown.
        key: Of the widget.
    """
    st.plotly_chart(
        heat_map(grid, chosen_place(), theme()),
        config=CONFIG,
        theme=None,
        key=key,
        on_select=partial(_choose_clicked, key, grid.cells),
        selection_mode="points",
        alt=f"{grid.name}: a line per corruption, a column per severity",
    )


def choose_place(rows: Sequence[Row]) -> None:
    """The same by names, for who has no pointer.

    Args:
        rows: Of the condition table.
    """
    extent = extent_of(rows)
    with st.expander("Choose a cell by name"):
        model, corruption, severity, button = st.columns([2, 2, 1, 1], vertical_alignment="bottom")
        place = Place(
            model.selectbox("Model", extent.models, key="cell-model"),
            corruption.selectbox("Corruption", extent.corruptions, key="cell-corruption"),
            severity.selectbox("Severity", extent.severities, key="cell-severity"),
        )
        button.button("Show its clips", on_click=choose, args=(place,), width="stretch")


def _choose_clicked(key: str, cells: Sequence[HeatCell]) -> None:
    place = clicked(st.session_state[key], cells)
    if place is not None:
        choose(place)
