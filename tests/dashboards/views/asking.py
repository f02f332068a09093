"""A page of the dashboard under AppTest: how it is opened, and waited for."""

import sys
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards.panels.choose.contents import content_id
from tests.dashboards.recordings import CLIP, MODEL, recordings
from tests.dashboards.settling import settled
from xaudio.audio import read_clip

APP = str(Path(dashboards.__file__).parent / "app.py")
PATIENCE = 90


def opened(page_file, tmp_path, monkeypatch, **address):
    """The page of a dashboard that was given the tests' recordings and detector.

    What an address says is given as keywords; lists for several values.
    """
    folder = recordings(tmp_path)
    monkeypatch.setattr(sys, "argv", ["app.py", "--folder", str(folder), "--model", MODEL])
    monkeypatch.setattr("dashboards.panels.waiting.AT_ONCE", 30.0)
    st.cache_resource.clear()  # all pages of a test run count as one session
    page = AppTest.from_file(APP, default_timeout=PATIENCE)
    page.run()
    page.switch_page(f"views/{page_file}")
    page.query_params["model"] = MODEL
    page.query_params["clip"] = content_id(read_clip(folder / Path(CLIP).name).digest)
    for name, said in address.items():
        page.query_params[name] = said
    return settled(page)


def press(page, label):
    (found,) = [each for each in page.button if each.label == label]
    found.click()
    return settled(page)


def said(page):
    """Everything on the page that is prose."""
    prose = [*page.markdown, *page.caption, *page.warning, *page.info, *page.error]
    return " ".join(str(each.value) for each in prose).replace("\\", "")


def metrics(page):
    return {each.label: each.value for each in page.metric}


def viewers(page):
    return page.get("bidi_component")


def address(page, name):
    """What the address says for a name, as a list."""
    said = page.query_params.get(name, [])
    return [said] if isinstance(said, str) else list(said)
