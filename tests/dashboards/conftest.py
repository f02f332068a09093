"""A browser for the tests of a file."""

import pytest

from tests.dashboards.chromium import CHROMIUM, QUIET


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=QUIET, headless=True)
        yield opened
        opened.close()
