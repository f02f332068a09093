"""A newcomer's first five minutes, as docs/tour.md tells them."""

import re
from pathlib import Path

import pytest

from tests.dashboards.chromium import CHROMIUM, IN_A_BROWSER, PICTURES, QUIET
from tests.dashboards.recordings import CLIP, MODEL, recordings
from tests.dashboards.serving import served
from tests.dashboards.sweeps import corpus, small_sweep
from tests.dashboards.tour import Tour, walk
from tests.dashboards.viewing_page import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"

pytestmark = IN_A_BROWSER


def test_the_tour_can_be_walked(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    folder = recordings(tmp_path)
    small_sweep(tmp_path / "sweep", corpus(tmp_path / "swept"))
    words = ["--sweep", str(tmp_path / "sweep")]
    PICTURES.mkdir(exist_ok=True)
    with served(tmp_path, folder, [MODEL], words) as dashboard, playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=CHROMIUM, args=QUIET, headless=True)
        page = browser.new_page(viewport={"width": 1280, "height": 1800})
        page.set_default_timeout(PATIENCE)
        tour = Tour(dashboard.address, CLIP, (0.2, 0.55, 0.05, 0.99), "low-pass", MODEL)
        walk(page, tour, lambda name: page.screenshot(path=PICTURES / f"tour-{name}.png"))
        assert page.get_by_test_id("stException").count() == 0
        browser.close()


def test_the_pictures_of_the_tour_are_there():
    named = re.findall(r"\]\((pictures/[^)]+)\)", (DOCS / "tour.md").read_text(encoding="utf-8"))
    assert len(named) >= 3
    assert all((DOCS / name).is_file() for name in named)
