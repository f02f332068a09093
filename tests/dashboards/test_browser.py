"""A person's first minute, in a real browser against a real server."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

import dashboards
from tests.dashboards.recordings import CLIP, LONG_CLIP, MODEL, recordings

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "artefacts"
PATIENCE = 60_000  # milliseconds: a busy machine may need long to import torch
WIDTHS = {1280: 900, 1920: 1080}

pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.is_file(), reason="chromium is missing: sudo apt-get install chromium"
    ),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A dashboard of its own, on a free port."""
    folder = recordings(tmp_path_factory.mktemp("corpus"))
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    app = Path(dashboards.__file__).parent / "app.py"
    words = [sys.executable, "-m", "streamlit", "run", str(app), "--server.port", str(port)]
    words += ["--", "--folder", str(folder), "--model", MODEL]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(words, env=environment, cwd=folder, **quiet)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}/"
    finally:
        server.terminate()
        server.wait(20)


def wait_for(health, server):
    for _ in range(PATIENCE // 250):
        assert server.poll() is None, "the dashboard ended by itself"
        try:
            urlopen(health, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.25)
    pytest.fail("the dashboard did not come up")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=QUIET, headless=True)
        yield opened
        opened.close()


@pytest.fixture
def view(browser):
    """A page that fails the test when it asks anything of another machine."""
    page = browser.new_page(viewport={"width": 1280, "height": 1800})
    page.set_default_timeout(PATIENCE)
    strangers = []
    page.on("request", lambda request: strangers.append(request.url))
    yield page
    page.close()
    ours = ("http://localhost:", "ws://localhost:", "data:", "blob:")
    assert not [url for url in strangers if not url.startswith(ours)]


def visit(page, address, clip, **more):
    page.goto(f"{address}?{urlencode({'model': MODEL, 'clip': clip, **more})}")
    page.get_by_role("button", name="Explain").wait_for()


def explain(page):
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("Strongest stretches").wait_for()
    page.locator(".slider-rail-touch-rect").wait_for()
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot image').length == 2")
    # The page is drawn piece by piece, and anew when it learns the browser's theme.
    page.wait_for_function("document.querySelectorAll('[data-testid=stMetric]').length == 3")
    page.get_by_test_id("stDataFrame").wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def chosen(page, label):
    return page.get_by_role("combobox", name=label).input_value()


def layout(page, what):
    return page.evaluate(f"document.querySelector('.js-plotly-plot')._fullLayout.{what}")


def test_explain_look_listen(view, address):
    visit(view, address, CLIP, method="input-x-gradient")
    explain(view)
    assert view.get_by_test_id("stException").count() == 0

    # The opacity of the relevance follows the slider at once, in the browser.
    rail = view.locator(".slider-rail-touch-rect").bounding_box()
    view.mouse.click(rail["x"] + 0.5 * rail["width"], rail["y"] + rail["height"] / 2)
    view.wait_for_function(
        "document.querySelector('.js-plotly-plot')._fullLayout.images[1].opacity < 0.7"
    )

    # Zooming one lane zooms all: there is one axis of time.
    lane = view.locator(".js-plotly-plot .nsewdrag").nth(1).bounding_box()
    middle = lane["y"] + lane["height"] / 2
    view.mouse.move(lane["x"] + 0.25 * lane["width"], middle)
    view.mouse.down()
    view.mouse.move(lane["x"] + 0.5 * lane["width"], middle, steps=4)
    view.mouse.up()
    view.wait_for_function(
        "document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range[0] > 0.1"
    )
    zoomed = layout(view, "xaxis.range")
    assert zoomed == pytest.approx([0.5, 1.0], abs=0.05)

    # A row of the table is a sound of its own; the figure stays as it was.
    table = view.get_by_test_id("stDataFrame").bounding_box()
    view.mouse.click(table["x"] + 18, table["y"] + 52)
    view.wait_for_function(
        "[...document.querySelectorAll('audio')].some(a => a.duration > 0 && a.duration < 0.6)"
    )
    assert layout(view, "xaxis.range") == zoomed
    assert layout(view, "images[1].opacity") < 0.7


def test_a_broken_upload_is_a_sentence_and_the_page_lives_on(view, address, tmp_path):
    visit(view, address, CLIP)
    broken = tmp_path / "my recording.wav"
    broken.write_text("This is no recording.\n" * 50)
    view.get_by_text("Upload", exact=True).first.click()
    view.locator("input[type=file]").set_input_files(broken)
    alert = view.get_by_test_id("stAlert")
    alert.wait_for()
    assert "my recording.wav" in alert.inner_text()
    assert "Traceback" not in view.content()
    assert view.get_by_test_id("stException").count() == 0
    view.get_by_text("Folder", exact=True).first.click()
    view.locator(".js-plotly-plot").wait_for()


def test_the_address_keeps_what_was_chosen(view, address):
    visit(view, address, LONG_CLIP, method="occlusion", target="log-odds:spoof")
    assert chosen(view, "Method") == "occlusion"
    assert chosen(view, "Target") == "log-odds:spoof"
    view.get_by_role("combobox", name="Clip").click()
    view.get_by_role("option", name=CLIP).click()
    view.wait_for_url(f"**clip={CLIP.replace('/', '%2F')}*")
    view.reload()
    view.get_by_role("heading", name=Path(CLIP).name).wait_for()


def test_a_target_the_model_lacks_is_a_sentence(view, address):
    visit(view, address, CLIP, target="robot")
    view.get_by_role("button", name="Explain").click()
    view.get_by_text("names no label of this model").wait_for()
    assert view.get_by_test_id("stException").count() == 0


def test_a_page_with_ten_seconds_is_at_most_a_megabyte(view, address):
    received = []
    view.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    visit(view, address, LONG_CLIP, method="input-x-gradient")
    view.locator(".js-plotly-plot").wait_for()
    received.clear()
    explain(view)
    sound = view.evaluate(
        "Promise.all([...document.querySelectorAll('audio')].map(async a =>"
        " (await (await fetch(a.src)).arrayBuffer()).byteLength))"
    )
    assert len(sound) == 1
    assert sum(received) + sum(sound) < 1_000_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_either_width(browser, address, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    visit(page, address, CLIP, method="input-x-gradient")
    explain(page)
    PICTURES.mkdir(exist_ok=True)
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        main = page.get_by_test_id("stMain")
        page.set_viewport_size({"width": width, "height": main.evaluate("e => e.scrollHeight")})
        page.wait_for_timeout(500)
        assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0
        figure = page.locator(".js-plotly-plot").bounding_box()
        assert figure["x"] + figure["width"] <= width
        page.screenshot(path=PICTURES / f"inspect-{width}-{scheme}.png")
    ink = page.evaluate(
        "getComputedStyle(document.querySelector('.js-plotly-plot .xtick text')).fill"
    )
    light_ink = sum(int(part) for part in ink[ink.index("(") + 1 : -1].split(",")[:3]) > 3 * 128
    assert light_ink == (scheme == "dark")
    page.close()
