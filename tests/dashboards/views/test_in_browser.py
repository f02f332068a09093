"""Corrupt and Compare in a real browser: the slider moves the score, a cell opens its pair."""

from urllib.parse import urlencode

import pytest

from dashboards.panels.choose.contents import content_id
from tests.dashboards.chromium import IN_A_BROWSER, PICTURES
from tests.dashboards.recordings import MODEL, recordings
from tests.dashboards.serving import served
from tests.dashboards.viewing_page import (
    OURS,
    PATIENCE,
    WIDTHS,
    ask,
    done,
    shown,
    sound,
    wait,
)
from xaudio.audio import read_clip

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory):
    folder = recordings(tmp_path_factory.mktemp("corpus"))
    with served(tmp_path_factory.mktemp("server"), folder, [MODEL]) as running:
        yield running, content_id(read_clip(folder / "hybrid.wav").digest)


@pytest.fixture
def visit(browser, dashboard):
    """Opens a page, which may ask nothing of another machine and may not break."""
    pages, wrong = [], []
    running, clip = dashboard

    def open_page(name, scheme="light", **said):
        page = browser.new_page(viewport={"width": 1280, "height": 1800}, color_scheme=scheme)
        page.set_default_timeout(PATIENCE)
        page.on(
            "request",
            lambda request: request.url.startswith(OURS) or wrong.append(request.url),
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        pages.append(page)
        query = urlencode({"clip": clip, "model": MODEL, **said}, doseq=True)
        page.goto(f"{running.address}{name}?{query}")
        page.locator(".js-plotly-plot").first.wait_for()
        shown(page)
        return page

    yield open_page
    left = [page.get_by_test_id("stException").count() for page in pages]
    for page in pages:
        page.close()
    assert not wrong and not any(left), running.log.read_text()


def corrupted(page):
    """The label of the metric that tells the corrupted clip's score."""
    return page.get_by_test_id("stMetricLabel").nth(1).inner_text()


def test_the_slider_moves_the_score_and_both_are_heard_from_one_place(visit):
    page = visit("corrupt", corruption="low-pass", severity="0", method="input-x-gradient")
    clean = corrupted(page)
    page.get_by_role("slider", name="Severity").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("The decision flips: spoof becomes bonafide").wait_for()
    page.wait_for_url("**severity=1*")
    shown(page)
    assert corrupted(page) != clean
    assert page.get_by_role("heading", name="Certificate").is_visible()
    page.get_by_text("the explanations agree by").wait_for()
    wait(page, "v.scene.relevance.length === 3 && v.scene.sounds.length === 2")

    # A and B, from the same position.
    page.locator(".viewer").get_by_role("button", name="Play", exact=True).click()
    wait(page, "v.player.position > 0.2")
    before = ask(page, "v.player.position")
    sound(page, "Corrupted")
    assert before <= ask(page, "v.player.position") < 2.0


def test_a_cell_opens_both_maps_over_each_other(visit):
    page = visit(
        "compare",
        models=[MODEL],
        looks=["input-x-gradient", "occlusion", "saliency"],
        show="comparison",
        pair=["occlusion", "saliency"],
    )
    assert page.locator("table.looks img").count() == 3
    wait(page, "v.scene.relevance.map(r => r.name).join() === 'occlusion,saliency'")
    ask(page, "v.mark = 'kept'")
    matrix = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    third = matrix["width"] / 3, matrix["height"] / 3
    page.mouse.click(matrix["x"] + 1.5 * third[0], matrix["y"] + 0.5 * third[1])
    wait(page, "v && v.scene.relevance.map(r => r.name).join() === 'input-x-gradient,occlusion'")
    assert ask(page, "v.mark") == "kept"  # the same viewer, with its zoom and its cursor
    page.wait_for_url("**pair=input-x-gradient&pair=occlusion*")
    done(page)


@pytest.mark.parametrize(("name", "scheme"), [("corrupt", "dark"), ("compare", "light")])
def test_nothing_is_cut_off_at_either_width(visit, name, scheme):
    said = {
        "corrupt": {"corruption": "mp3", "severity": "5", "method": "input-x-gradient"},
        "compare": {
            "models": [MODEL],
            "looks": ["input-x-gradient", "occlusion", "saliency", "lrp"],
            "show": "comparison",
        },
    }[name]
    page = visit(name, scheme, **said)
    PICTURES.mkdir(exist_ok=True)
    main = page.get_by_test_id("stMain")
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        page.set_viewport_size({"width": width, "height": main.evaluate("e => e.scrollHeight")})
        page.wait_for_timeout(500)
        assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0
        figure = page.locator(".js-plotly-plot").first.bounding_box()
        assert figure["x"] + figure["width"] <= width
        page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png")
