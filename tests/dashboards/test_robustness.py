"""The wiring of Robustness: which sweep, which part, which cell, and what is shown of it."""

import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards.panels import waiting
from dashboards.robustness.flips import model_on_offer
from dashboards.robustness.looks import LOOKS
from tests.dashboards.recordings import MODEL
from tests.dashboards.settling import settled
from tests.dashboards.sweeps import NAME, corpus, small_sweep
from xaudio.provenance import ModelSpec
from xaudio.sweep_views.cells import Place, place_text

PATIENCE = 60
APP = str(Path(dashboards.__file__).parent / "app.py")
NOISY = Place(NAME, "white-noise", 5)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two sweeps in a folder, one of them not finished."""
    place = tmp_path_factory.mktemp("robustness")
    manifest = corpus(place / "corpus")
    for name in ("finished", "partial"):
        store = small_sweep(place / "sweeps" / name, manifest)
    for file in sorted((store.folder / "cells").glob("*.parquet"))[:1]:
        file.unlink()
    return place


@pytest.fixture
def page(place, monkeypatch):
    words = ["app.py", "--folder", str(place / "corpus"), "--sweep", str(place / "sweeps")]
    monkeypatch.setattr(sys, "argv", [*words, "--model", MODEL])
    monkeypatch.setattr(waiting, "AT_ONCE", float(PATIENCE))
    st.cache_resource.clear()
    started = AppTest.from_file(APP, default_timeout=PATIENCE)
    started.query_params["sweep"] = "sweeps/finished"
    return started


def opened(page, **said):
    """Robustness with an address that says so."""
    page.run()
    for name, value in said.items():
        page.query_params[name] = value
    page.switch_page("views/robustness.py")
    return settled(page)


def markdown(page):
    return " ".join(element.value for element in [*page.markdown, *page.caption]).replace("\\", "")


def test_a_sweep_is_told_drawn_and_listed(page):
    opened(page)
    assert page.selectbox(key="sweep").value == "sweeps/finished"
    assert f"{NAME} under white-noise, low-pass at severity 1, 5, 8 clips" in markdown(page)
    assert "errors at the deployed threshold rise from 0.0" in markdown(page)
    assert len(page.get("plotly_chart")) == 1 and not page.warning and not page.error


def test_every_look_has_something_to_show_or_says_why_not(page):
    opened(page, look="Curves")
    assert page.segmented_control(key="look").value == "Curves"
    for look in LOOKS:
        page.segmented_control(key="look").set_value(look)
        settled(page)
        assert not page.error and page.query_params["look"] == look
        drawn = page.get("plotly_chart") or page.get("image") or page.get("imgs")
        assert drawn or page.dataframe or page.info, look


def test_a_cell_leads_to_its_flipped_clips(page):
    opened(page, cell=place_text(NOISY))
    assert f"{NAME}, white-noise at severity 5" in [
        each.value.replace("\\", "") for each in page.subheader
    ]
    table = page.dataframe[0].value
    assert set(table["clip"]) == {"clip0", "clip2", "clip4", "clip6"}
    assert set(table["clean_decision"]) == {"bona fide"} and set(table["decision"]) == {"spoof"}
    labels = [button.label for button in page.button]
    assert "Open in Inspect" in labels and "Open in Corrupt, at this severity" in labels
    page.button(key="close-cell").click()
    settled(page)
    assert not page.subheader and "cell" not in page.query_params


def test_a_cell_can_be_chosen_without_a_pointer(page):
    opened(page)
    page.selectbox(key="cell-corruption").set_value("low-pass")
    page.selectbox(key="cell-severity").set_value(5)
    settled(page)
    next(each for each in page.button if each.label == "Show its clips").click()
    settled(page)
    assert len(page.dataframe[0].value) == 4
    assert page.query_params["cell"] == place_text(Place(NAME, "low-pass", 5))


@pytest.mark.parametrize(
    "cell", ["nonsense", place_text(Place("nobody", "mp3", 3)), place_text(Place(NAME, "clean", 0))]
)
def test_a_cell_that_is_none_is_a_sentence(page, cell):
    opened(page, cell=cell)
    assert not page.dataframe
    assert page.error or page.info or cell == "nonsense"


def test_the_filters_stand_in_the_address(page):
    opened(page, look="Numbers", under="low-pass", at="5")
    assert page.multiselect(key="under").value == ["low-pass"]
    table = page.dataframe[0].value
    assert list(zip(table["corruption"], table["severity"], strict=True)) == [
        ("clean", 0), ("low-pass", 5),
    ]  # fmt: skip
    page.multiselect(key="under").set_value([])
    settled(page)
    assert len(page.dataframe[0].value) == 3 and "under" not in page.query_params


def test_one_that_is_not_finished_says_so(page):
    page.query_params["sweep"] = "sweeps/partial"
    opened(page)
    assert "is not finished: 1 of 5 cells" in page.warning[0].value.replace("\\", "")


def test_a_sweep_that_is_not_here_is_a_sentence(page):
    page.query_params["sweep"] = "gone"
    opened(page)
    assert "'gone', which is not here" in page.warning[0].value.replace("\\", "")
    assert not page.error


def test_files_can_be_made(page):
    opened(page)
    page.button(key="make-files").click()
    settled(page)
    assert page.get("download_button")[0].label.startswith("Download, ")


def test_without_a_sweep_the_page_says_how(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py"])
    st.cache_resource.clear()
    page = opened(AppTest.from_file(APP, default_timeout=PATIENCE))
    assert "--sweep FOLDER" in markdown(page) and not page.error


def test_a_sweeps_model_is_one_of_ours_where_only_one_can_be_meant():
    one, two = ModelSpec("aasist", "a.pth"), ModelSpec("aasist", "b.pth")
    assert model_on_offer("aasist", {"aasist (a.pth)": one}) == "aasist (a.pth)"
    assert model_on_offer("aasist", {"a": one, "b": two}) is None
    assert model_on_offer("lcnn", {"lcnn": ModelSpec("lcnn"), "a": one}) == "lcnn"
