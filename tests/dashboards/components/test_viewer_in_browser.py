"""The viewer alone, in a real browser: looked at and drawn on."""

from pathlib import Path

import numpy as np
import pytest

from tests.dashboards.chromium import IN_A_BROWSER
from tests.dashboards.components.browsing import (
    PATIENCE,
    VIEWER,
    ask,
    drag,
    focus,
    picture,
    spectrogram,
    told,
    turn,
    visit,
    wait,
)

PICTURES = Path(__file__).resolve().parents[3] / "artefacts"
pytestmark = IN_A_BROWSER


def test_a_drawn_region_arrives_in_seconds_and_hertz(view, address):
    visit(view, address)
    left, top, width, height = spectrogram(view)
    drag(view, (left + 0.25 * width, top + 0.75 * height), (left + 0.5 * width, top + 0.5 * height))
    region = told(view, "t.region")["region"]
    pixel_s, pixel_hz = 4.0 / width, 8000 / height
    assert region[:2] == pytest.approx([1.0, 2.0], abs=1.5 * pixel_s)
    assert region[2:] == pytest.approx([2000, 4000], abs=1.5 * pixel_hz)
    # An edge can be taken hold of.
    drag(view, (left + 0.5 * width, top + 0.6 * height), (left + 0.625 * width, top + 0.1 * height))
    moved = told(view, "t.region && t.region[1] > 2.2")["region"]
    assert moved[1] == pytest.approx(2.5, abs=1.5 * pixel_s)
    assert moved[2:] == region[2:] and moved[0] == region[0]
    # Numbers can be typed.
    field = view.get_by_label("Region from, in hertz")
    field.fill("500")
    field.press("Tab")
    assert told(view, "t.region[2] === 500")["region"][3] == region[3]
    spoken = view.locator(".viewer [aria-live]").inner_text()
    assert "Region from 1.00 to 2.50 s" in spoken and "Original" in spoken
    focus(view)
    view.keyboard.press("Escape")
    told(view, "t.region === null")


def test_regions_on_other_frequency_scales(view, address):
    visit(view, address)
    left, top, width, height = spectrogram(view)
    top_mel = 2595 * np.log10(1 + 8000 / 700)
    hertz = {
        "log": lambda share: 40 * 200**share,  # from 40 Hz to 8000
        "mel": lambda share: 700 * (10 ** (top_mel * share / 2595) - 1),
    }
    for number, (scale, at) in enumerate(hertz.items()):
        view.get_by_label("Frequency scale").select_option(scale)
        wait(view, f"v.settings.scale === '{scale}'")
        x = left + (0.1 + 0.3 * number) * width
        drag(view, (x, top + 0.5 * height), (x + 0.1 * width, top + 0.25 * height))
        region = told(view, f"t.region && t.region[0] > {number}")["region"]
        assert region[2:] == pytest.approx([at(0.5), at(0.75)], rel=0.02)


def test_zoom_and_pan_by_wheel_keys_and_buttons(view, address):
    visit(view, address)
    left, top, width, height = spectrogram(view)
    view.mouse.move(left + 0.5 * width, top + 0.5 * height)
    turn(view, -400, "Control")
    start, end = told(view, "t.visible[0] > 0.5")["visible"]
    assert (start + end) / 2 == pytest.approx(2.0, abs=0.01)  # what was pointed at stays there
    assert end - start == pytest.approx(4 * np.exp(-400 * 0.0016), rel=0.01)
    turn(view, 200, "Shift")
    moved = told(view, f"t.visible[0] > {start + 0.01}")["visible"]
    assert moved[0] - start == pytest.approx(200 * (end - start) / width, rel=0.02)
    turn(view, -300, "Alt")
    wait(view, "v.view.low > 500 && v.view.high < 7500")
    focus(view)
    view.keyboard.press("0")
    assert told(view, "t.visible[0] === 0")["visible"] == [0, 4]
    view.get_by_role("button", name="Zoom in").click()
    assert told(view, "t.visible[1] < 3.9")["visible"] == pytest.approx([0, 2.4], abs=0.01)
    focus(view)
    view.keyboard.press("d")
    assert told(view, "t.visible[0] > 0")["visible"] == pytest.approx([0.48, 2.88], abs=0.01)
    view.keyboard.press("a")
    view.keyboard.press("w")
    assert told(view, "t.visible[1] < 2")["visible"] == pytest.approx([0, 1.44], abs=0.01)
    scrolled = view.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    ask(view, "v.act.fit()")
    view.mouse.wheel(0, 300)  # a plain wheel is the page's
    view.wait_for_timeout(300)
    assert ask(view, "v.view.end - v.view.start") == 4
    assert view.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") >= scrolled


def test_keys_move_the_cursor_and_open_the_help(view, address):
    visit(view, address)
    focus(view)
    view.keyboard.press("ArrowRight")
    assert ask(view, "v.cursor") == pytest.approx(0.04)
    view.keyboard.press("Shift+ArrowRight")
    assert told(view, "t.cursor > 0.4")["cursor"] == pytest.approx(0.44)
    view.keyboard.press("[")
    view.keyboard.press("Shift+ArrowRight")
    view.keyboard.press("]")
    region = told(view, "t.region && t.region[1] < 1")["region"]
    assert region == pytest.approx([0.44, 0.84, 0, 8000])
    view.keyboard.press("?")
    sheet = view.get_by_role("dialog", name="Keys and mouse")
    sheet.wait_for()
    view.keyboard.press("Escape")
    sheet.wait_for(state="hidden")
    assert ask(view, "v.view.region !== null")  # Escape closed the sheet and no more
    view.keyboard.press("End")
    assert ask(view, "v.cursor") == 4


def test_relevance_is_painted_where_it_is_and_as_strong_as_wished(view, address):
    visit(view, address)
    before = picture(view)
    # Red, for the target, where the page's relevance is largest; blue where it is against it.
    x, y = map(round, ask(view, "[v.places.x(0.4), v.places.y(2500)]"))
    patch = before[y - 12 : y + 12, x - 20 : x + 20]
    assert (patch[..., 0] - patch[..., 2]).mean() > 25
    x, y = map(round, ask(view, "[v.places.x(0.1), v.places.y(450)]"))
    patch = before[y - 6 : y + 6, x - 15 : x + 15]
    assert (patch[..., 2] - patch[..., 0]).mean() > 10
    view.get_by_label("Opacity of the relevance").fill("0")
    wait(view, "v.settings.opacity === 0")
    view.wait_for_timeout(200)
    without = picture(view)
    assert np.abs(before - without).mean() > 1
    view.get_by_label("Opacity of the relevance").fill("0.85")
    view.get_by_label("Threshold: weaker relevance is not shown").fill("1")
    wait(view, "v.settings.threshold === 1")
    view.wait_for_timeout(200)
    assert np.abs(picture(view) - before).mean() > 0.1


def test_a_viewer_that_was_away_for_a_moment_comes_back_as_it_was(view, address):
    visit(view, address)
    left, top, width, height = spectrogram(view)
    drag(view, (left + 0.25 * width, top + 0.7 * height), (left + 0.5 * width, top + 0.5 * height))
    view.get_by_label("Opacity of the relevance").fill("0.3")
    focus(view)
    view.keyboard.press("z")
    before = told(view, "t.region && t.visible[0] > 0.5")
    view.get_by_text("Hide the viewer").click()
    view.locator(".viewer").wait_for(state="detached")
    view.get_by_text("Hide the viewer").click()
    view.locator(".viewer canvas.strips").wait_for()
    assert told(view, "t.region && t.visible[0] > 0.5") == before
    assert ask(view, "v.settings.opacity") == 0.3


def test_a_link_opens_a_part_with_its_region_and_python_moves_the_cursor(view, address):
    visit(view, address, "?opened=1")
    assert ask(view, "[v.view.start, v.view.end]") == [1, 3]
    assert ask(view, "Object.values(v.view.region)") == [1.5, 2, 500, 8000]
    assert told(view, "t.region")["visible"] == [1, 3]
    view.get_by_role("combobox", name="Jump to").click()
    view.get_by_role("option", name="2.0").click()
    wait(view, "v.cursor === 2")
    assert told(view, "t.cursor === 2")["region"] == [1.5, 2, 500, 8000]


def test_a_finer_tile_comes_when_zoomed_in(view, address):
    visit(view, address, "?seconds=60")
    coarse = ask(view, "v.shownSound.spectrogram.columns")
    assert coarse <= 2048
    left, top, width, height = spectrogram(view)
    view.mouse.move(left + 0.5 * width, top + 0.5 * height)
    for _ in range(6):
        turn(view, -400, "Control")
    wait(view, "v.telling.tile && v.telling.tile.start <= v.view.start")
    wait(view, "v.telling.tile.end >= v.view.end")
    tile = ask(view, "v.telling.tile")
    seen = ask(view, "v.view.end - v.view.start")
    assert (tile["end"] - tile["start"]) / tile["columns"] < 0.002
    assert tile["columns"] * seen / (tile["end"] - tile["start"]) > 0.5 * width


def test_the_payload_of_ten_seconds_is_below_a_megabyte(view, address):
    amounts = []
    view.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: amounts.append(len(frame))),
    )
    files = []
    ours = f"{address}media/"  # Streamlit's own fonts are elsewhere
    view.on("response", lambda got: files.append(got) if got.url.startswith(ours) else None)
    visit(view, address, "?seconds=10")
    media = [len(answer.body()) for answer in files]
    print(f"10 s, one relevance layer: {sum(amounts)} bytes of messages, {sum(media)} of files")
    assert sum(amounts) + sum(media) < 1_000_000


def test_how_fast_it_draws(view, address):
    """Frames per second while zooming and while opacity changes; printed, for machines differ."""
    visit(view, address, "?seconds=10")
    moves = {
        "zoom": "v.act.zoomTime(i % 40 < 20 ? 0.9 : 1 / 0.9, 5)",
        "opacity": "v.set({ opacity: (i % 50) / 50 })",
        "pan": "v.act.panPixels(i % 40 < 20 ? 9 : -9)",
    }
    for name, move in moves.items():
        rate = view.evaluate(
            f"""async () => {{
            const v = {VIEWER}, first = v.stage.frames.strips, start = performance.now();
            await new Promise((done) => {{
              let i = 0;
              const next = () => {{
                if (performance.now() - start > 1500) return done();
                i += 1; {move}; requestAnimationFrame(next);
              }};
              next();
            }});
            return (v.stage.frames.strips - first) / ((performance.now() - start) / 1000);
            }}"""
        )
        print(f"{name}: {rate:.0f} frames a second")
        assert rate > 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps_from_600_to_1920(browser, address, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    visit(page, address)
    PICTURES.mkdir(exist_ok=True)
    left, top, width, height = spectrogram(page)
    drag(page, (left + 0.3 * width, top + 0.7 * height), (left + 0.4 * width, top + 0.4 * height))
    for wide in (600, 1280, 1920):
        page.set_viewport_size({"width": wide, "height": 1250})
        page.wait_for_timeout(400)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0
        boxes = page.evaluate(
            f"[...{VIEWER}.controls.root.querySelectorAll("
            "'button, select, input, output, canvas.legend, .readout')]"
            ".filter(e => e.offsetParent && e.getClientRects().length)"
            ".map(e => [e.ariaLabel || e.className, e.getBoundingClientRect().toJSON()])"
        )
        for place, (name, box) in enumerate(boxes):
            assert box["right"] <= wide, name
            for other, beside in boxes[place + 1 :]:
                across = min(box["right"], beside["right"]) - max(box["left"], beside["left"])
                along = min(box["bottom"], beside["bottom"]) - max(box["top"], beside["top"])
                assert across <= 1.5 or along <= 1.5, (name, other)
        page.screenshot(path=PICTURES / f"viewer-{wide}-{scheme}.png")
    page.close()
