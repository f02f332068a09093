"""Walk the tour on a finished demonstration and keep its pictures: `make pictures`."""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.dashboards.chromium import CHROMIUM, QUIET
from tests.dashboards.serving import served
from tests.dashboards.tour import Tour, walk

PICTURES = Path(__file__).parent / "pictures"
CLIP = "en_vm-rec-busy.hybrid0-griffin-lim.flac"
REGION = (0.505, 0.783, 0.02, 0.98)  # around its synthetic stretch, 2.04 to 3.11 s
WIDTH, HEIGHT = 1280, 900
PATIENCE = 300_000  # milliseconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", type=Path, nargs="?", default=Path("demo"))
    demo = parser.parse_args().demo
    PICTURES.mkdir(exist_ok=True)
    more = ["--sweep", str((demo / "sweep").resolve())]
    folder = (demo / "corpus").resolve()
    with (
        tempfile.TemporaryDirectory() as place,
        served(Path(place), folder, (), more) as dashboard,
        sync_playwright() as running,
    ):
        browser = running.chromium.launch(executable_path=CHROMIUM, args=QUIET, headless=True)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PATIENCE)
        tour = Tour(dashboard.address, f"corpus/audio/{CLIP}", REGION)
        walk(page, tour, lambda name: keep(page, name))
        browser.close()


def keep(page, name: str) -> None:
    """The whole page as a picture, once the pointer is out of the way."""
    page.mouse.move(WIDTH - 2, 2)
    main = page.get_by_test_id("stMain")
    height = max(HEIGHT, main.evaluate("element => element.scrollHeight"))
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_timeout(1000)  # what moves has come to rest
    file = PICTURES / f"dashboard-{name}.png"
    page.screenshot(path=file)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    print(file)


if __name__ == "__main__":
    main()
