"""Robustness and Run in a real browser: hear a flipped clip; start, cancel and resume a run."""

import re
import time

import pytest

from tests.dashboards.chromium import IN_A_BROWSER, PICTURES
from tests.dashboards.recordings import MODEL
from tests.dashboards.serving import served
from tests.dashboards.sweeps import NAME, corpus, small_sweep
from tests.dashboards.viewing_page import OURS
from xaudio.jobs.job import jobs_in
from xaudio.jobs.running import kill
from xaudio.jobs.state import state_of

PATIENCE = 180_000  # milliseconds: a busy machine may need long to import torch
WIDTHS = {1280: 900, 1920: 1080}
SUITE = "rooms"

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("sweeps")
    small_sweep(place / "a sweep", corpus(place / "corpus"))
    (place / "runs").mkdir()
    yield place
    for job in jobs_in(place / "runs"):
        kill(job.folder)


@pytest.fixture(scope="module")
def address(place):
    words = ["--sweep", str(place / "a sweep"), "--runs", str(place / "runs")]
    with served(place, place / "corpus", [MODEL], words) as dashboard:
        yield dashboard.address


def wait_until(is_so):
    until = time.monotonic() + PATIENCE / 1000
    while not is_so():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)


@pytest.fixture
def view(browser, address):
    """A page of the dashboard, which asks nothing of another machine."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.set_default_timeout(PATIENCE)
    strangers = []
    page.on("request", lambda request: strangers.append(request.url))
    page.goto(address)
    yield page
    page.close()
    assert not [url for url in strangers if not url.startswith(OURS)]


def turn_to(page, name):
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("heading", name=name, exact=True).wait_for()


def at_rest(page):
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    assert page.get_by_test_id("stException").count() == 0


def click_cell(page, column, line, columns, lines=2):
    """Click a cell of the grid of one model."""
    grid = page.locator(".js-plotly-plot .nsewdrag").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    x = box["x"] + box["width"] * (column + 0.5) / columns
    y = box["y"] + box["height"] * (line + 0.5) / lines
    page.mouse.move(x, y)
    page.mouse.click(x, y)


def test_a_cell_is_opened_and_a_flipped_clip_heard(view, address):
    turn_to(view, "Robustness")
    view.locator(".js-plotly-plot .nsewdrag").first.wait_for()
    at_rest(view)
    # Clean, 1, 5; low-pass and white noise cost the same.
    click_cell(view, column=2, line=1, columns=3)
    view.get_by_role("heading", name=f"{NAME}, white-noise at severity 5").wait_for()
    view.get_by_role("button", name="Play", exact=True).first.wait_for()
    at_rest(view)
    assert "cell=" in view.url
    view.get_by_role("button", name="Corrupted").click()
    cursor = view.get_by_label("Cursor", exact=True)
    before = cursor.inner_text()
    view.get_by_role("button", name="Play", exact=True).click()
    wait_until(lambda: cursor.inner_text() != before)

    link = view.url
    view.goto("about:blank")
    view.goto(link)
    view.get_by_role("heading", name=f"{NAME}, white-noise at severity 5").wait_for()

    at_rest(view)
    view.get_by_role("button", name="Open in Inspect").click()
    view.get_by_role("heading", name=re.compile("^clip[0246].wav$")).wait_for()


def test_a_run_is_started_watched_cancelled_and_resumed(view, place):
    turn_to(view, "Run")
    view.get_by_role("combobox", name="Suite").click()
    view.get_by_role("option", name=SUITE, exact=True).click()
    at_rest(view)
    view.get_by_role("button", name="Estimate").click()
    view.get_by_role("button", name="Start").click()
    folder = place / "runs" / "sweep-1"
    wait_until(lambda: list((folder / "cells").glob("[!.]*.parquet")))
    view.get_by_text("scores:").wait_for()
    view.get_by_role("button", name="Cancel").click()
    view.get_by_text("cancelled; what was finished is kept").wait_for()
    assert state_of(folder).name == "cancelled" and not state_of(folder).phases[0].is_finished
    view.reload()
    view.get_by_role("button", name="Go on").click()
    # That it comes to its end is tested in tests/xaudio/jobs.
    wait_until(lambda: state_of(folder).name == "running")
    view.get_by_text("sweep-1 · running").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_either_width(browser, address, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    PICTURES.mkdir(exist_ok=True)
    for name, there in (("Robustness", ".js-plotly-plot .nsewdrag"), ("Run", "text=Estimate")):
        turn_to(page, name)
        page.locator(there).first.wait_for()
        at_rest(page)
        for width, height in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(500)
            main = page.get_by_test_id("stMain")
            assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0
            if name == "Robustness":
                figure = page.locator(".js-plotly-plot").first.bounding_box()
                assert figure["x"] + figure["width"] <= width
            page.set_viewport_size({"width": width, "height": main.evaluate("e => e.scrollHeight")})
            page.screenshot(path=PICTURES / f"{name.lower()}-{width}-{scheme}.png")
    page.close()
