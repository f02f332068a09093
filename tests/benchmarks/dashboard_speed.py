"""How long people wait for the dashboard: `python -m tests.benchmarks.dashboard_speed`.

In headless chromium, from the command to the first page, from the click on Explain to the map on
the screen, and from a question about a region to its answer; clips of 4 s, the bundled detector.
About 3 minutes on 2 cores.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from dashboards.panels.choose.contents import content_id
from tests.dashboards.chromium import CHROMIUM, QUIET
from tests.dashboards.serving import served
from tests.dashboards.viewing_page import PATIENCE, VIEWER, done, draw, shown
from tests.xaudio.datasets.voices import voice
from xaudio.audio import read_clip, write_audio

METHODS = ("input-x-gradient", "lrp")
ASKED = ("Mute", "Noise", "Keep only this", "Replace")  # of a region
STARTS = 5

# Both click and look at every frame, so that no time passes between browser and script.
UNTIL_MAP = f"""() => new Promise(done => {{
    const button = [...document.querySelectorAll('button')].find(b => b.innerText === 'Explain');
    const began = performance.now();
    const look = () => {{
        const v = {VIEWER};
        const there = v && v.scene.relevance.length > 0 && v.stage.last.level;
        there ? done(performance.now() - began) : requestAnimationFrame(look);
    }};
    button.click();
    look();
}})"""
UNTIL_ANSWER = """how => new Promise(done => {
    const said = () => [...document.querySelectorAll('[data-testid=stMetric]')]
        .map(each => each.innerText).join();
    const button = [...document.querySelectorAll('button')].find(b => b.innerText.endsWith(how));
    const before = said(), began = performance.now();
    const look = () => said() === before
        ? requestAnimationFrame(look) : done(performance.now() - began);
    button.click();
    look();
})"""


@contextmanager
def pages() -> Iterator:
    """Opens pages of a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)

        def page() -> Page:
            opened = browser.new_page(viewport={"width": 1280, "height": 1800})
            opened.set_default_timeout(PATIENCE)
            return opened

        yield page
        browser.close()


def first_page(new_page, place: Path, folder: Path) -> tuple[float, float]:
    """Seconds from the command to the heading, and until the page can be asked."""
    page = new_page()
    began = time.perf_counter()
    with served(place, folder) as running:
        page.goto(running.address)
        page.get_by_role("heading").first.wait_for()
        heading = time.perf_counter() - began
        page.get_by_role("button", name="Explain").wait_for()
        askable = time.perf_counter() - began
    page.close()
    return heading, askable


def open_clip(new_page, address: str, clip: Path, method: str) -> Page:
    page = new_page()
    page.goto(f"{address}?clip={content_id(read_clip(clip).digest)}&methods={method}&model=lcnn")
    page.get_by_role("button", name="Explain").wait_for()
    shown(page)
    page.get_by_test_id("stMetric").nth(2).wait_for()
    return page


def until_map(new_page, address: str, clips: list[Path], method: str) -> np.ndarray:
    """Milliseconds per clip; the first is left out, with which libraries get ready."""
    taken = []
    for clip in clips:
        page = open_clip(new_page, address, clip, method)
        taken.append(page.evaluate(UNTIL_MAP))
        page.close()
    return np.array(taken[1:])


def until_answer(new_page, address: str, clip: Path) -> np.ndarray:
    """Milliseconds per question about a region."""
    page = open_clip(new_page, address, clip, METHODS[0])
    draw(page, 0.2, 0.4, 0.2, 0.6)
    page.get_by_role("button", name=ASKED[0], disabled=False).wait_for()  # with a region
    done(page)
    taken = []
    for how in ASKED * 2:
        taken.append(page.evaluate(UNTIL_ANSWER, how))
        page.wait_for_timeout(1500)
        done(page)
    page.close()
    return np.array(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=21)
    clips = parser.parse_args().clips
    with tempfile.TemporaryDirectory() as home, pages() as new_page:
        place, folder = Path(home), Path(home) / "audio"
        folder.mkdir()
        paths = [folder / f"{number}.wav" for number in range(clips + 1)]
        for number, path in enumerate(paths):
            write_audio(path, voice(4.0, pitch=100.0 + 5 * number), 16000)
        starts = [first_page(new_page, place, folder) for _ in range(STARTS)]
        for name, seconds in zip(("heading", "askable"), zip(*starts, strict=True), strict=True):
            print(f"{name:24} {min(seconds):.1f} to {max(seconds):.1f} s, {STARTS} starts")
        with served(place, folder) as running:
            for method in METHODS:
                taken = until_map(new_page, running.address, paths, method)
                median, most = np.median(taken), np.quantile(taken, 0.95)
                print(f"{method:24} median {median:.0f} ms, p95 {most:.0f} ms, {clips} clips")
            taken = until_answer(new_page, running.address, paths[0])
        print(f"{'region':24} {min(taken):.0f} to {max(taken):.0f} ms, {len(taken)} questions")


if __name__ == "__main__":
    main()
