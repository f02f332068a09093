"""The viewer alone, in a real browser: looked at, listened to, drawn on."""

import io
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
ROOT = Path(__file__).resolve().parents[3]
PAGE = Path(__file__).with_name("page.py")
PICTURES = ROOT / "artefacts"
PATIENCE = 60_000  # milliseconds
SOUNDS = ["The rest", "Relevant part", "Original"]
VIEWER = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    ".shadowRoot.querySelector('.viewer').viewer"
)

pytestmark = [
    pytest.mark.skipif(
        not CHROMIUM.is_file(), reason="chromium is missing: sudo apt-get install chromium"
    ),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with nothing but the viewer, on a free port."""
    with closing(socket.socket()) as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", str(PAGE), "--server.port", str(port)]
    words += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    place = tmp_path_factory.mktemp("page")
    server = subprocess.Popen(words, env=environment, cwd=place, **quiet)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield f"http://localhost:{port}/"
    finally:
        server.terminate()
        server.wait(20)


def wait_for(health, server):
    for _ in range(PATIENCE // 250):
        assert server.poll() is None, "the page ended by itself"
        try:
            urlopen(health, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.25)
    pytest.fail("the page did not come up")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=QUIET, headless=True)
        yield opened
        opened.close()


@pytest.fixture
def view(browser):
    """A page that fails the test when something goes wrong in its script."""
    page = browser.new_page(viewport={"width": 1280, "height": 1250})
    page.set_default_timeout(PATIENCE)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    yield page
    page.close()
    assert not wrong


def visit(page, address, query=""):
    page.goto(address + query)
    page.locator(".viewer canvas.strips").first.wait_for()
    page.wait_for_function(f"{VIEWER}.stage.last.level && {VIEWER}.buffer")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def ask(page, expression):
    return page.evaluate(f"(() => {{ const v = {VIEWER}; return {expression}; }})()")


def wait(page, expression):
    page.wait_for_function(f"(() => {{ const v = {VIEWER}; return {expression}; }})()")


def told(page, condition):
    """What Python says it was told, once that holds."""
    page.wait_for_function(
        "condition => { const code = document.querySelector('[data-testid=stCode]');"
        " return code && new Function('t', 'return ' + condition)(JSON.parse(code.innerText)); }",
        arg=condition,
    )
    return json.loads(page.get_by_test_id("stCode").inner_text())


def spectrogram(page):
    """The place of the spectrogram on the screen: left, top, width, height."""
    stage = page.locator(".viewer .stage").bounding_box()
    left, width, strip = ask(page, "[v.places.left, v.places.width, v.places.spectrogram]")
    top, height = strip["top"], strip["height"]
    return stage["x"] + left, stage["y"] + top, width, height


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def focus(page):
    page.locator(".viewer .stage").focus()


def turn(page, pixels, key):
    page.keyboard.down(key)
    page.mouse.wheel(0, pixels)
    page.keyboard.up(key)


def picture(page):
    return np.asarray(Image.open(io.BytesIO(page.locator(".viewer .stage").screenshot())), float)


def test_playing_moves_the_position_and_pausing_keeps_it(view, address):
    visit(view, address)
    view.get_by_role("button", name="Play", exact=True).click()
    wait(view, "v.player.position > 0.3")
    first, then = ask(view, "[v.player.position, performance.now()]")
    view.wait_for_timeout(400)
    second, now = ask(view, "[v.player.position, performance.now()]")
    assert second - first == pytest.approx((now - then) / 1000, abs=0.05)
    assert ask(view, "Math.abs(v.cursor - v.player.position)") < 0.1
    view.get_by_role("button", name="Pause").click()
    paused = ask(view, "v.cursor")
    assert paused >= second
    assert told(view, f"Math.abs(t.cursor - {paused}) < 0.001")["sound"] == "Original"
    assert ask(view, "v.player.playing") is False


def test_another_sound_goes_on_from_the_same_position(view, address):
    visit(view, address)
    focus(view)
    view.keyboard.press("Space")
    wait(view, "v.player.position > 0.2")
    for number, name in [("2", "Relevant part"), ("3", "The rest"), ("4", "Noise at 10 dB")]:
        start, then = ask(view, "[v.player.position, performance.now()]")
        view.keyboard.press(number)
        wait(view, f"v.view.sound === '{name}' && v.buffer && v.player.playing")
        view.wait_for_timeout(150)
        end, now = ask(view, "[v.player.position, performance.now()]")
        assert end - start == pytest.approx((now - then) / 1000, abs=0.02)
    assert ask(view, "v.shownRelevance.name") == "lrp"
    pressed = view.locator(".viewer .sounds button[aria-pressed=true]")
    assert pressed.get_attribute("data-sound") == "Noise at 10 dB"
    view.keyboard.press("Space")
    told(view, "t.sound === 'Noise at 10 dB'")


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


def test_a_region_is_played_once_looped_and_in_its_band(view, address):
    visit(view, address)
    left, top, width, height = spectrogram(view)
    drag(
        view, (left + 0.25 * width, top + 0.75 * height), (left + 0.35 * width, top + 0.5 * height)
    )
    told(view, "t.region")
    start, end = ask(view, "[v.view.region.start, v.view.region.end]")
    focus(view)
    view.keyboard.press("Enter")
    wait(view, "v.player.playing")
    assert start <= ask(view, "v.player.position") <= end
    wait(view, "!v.player.playing")
    assert ask(view, "v.cursor") == pytest.approx(start)
    view.keyboard.press("l")
    view.keyboard.press("b")
    view.keyboard.press("Space")
    wait(view, "v.player.playing")
    for _ in range(5):
        view.wait_for_timeout(170)
        assert start <= ask(view, "v.player.position") <= end
    assert view.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "true"
    view.keyboard.press("l")
    ask(view, "v.act.setCursor(3)")
    wait(view, "v.player.position > 3")
    view.keyboard.press("l")  # elsewhere, the loop begins with the region
    wait(view, f"v.player.position < {end}")
    assert ask(view, "v.player.position") >= start
    view.keyboard.press("Space")
    assert not ask(view, "v.player.playing")


def test_the_band_of_the_region_is_what_is_heard(view, address):
    """The filters of the player, on white noise rendered faster than it plays."""
    visit(view, address)
    inside, below, above = view.evaluate(
        f"""async () => {{
        const rate = 16000, length = 2 * rate;
        const context = new OfflineAudioContext(1, length, rate);
        const buffer = context.createBuffer(1, length, rate);
        const noise = buffer.getChannelData(0);
        for (let i = 0; i < length; i++) noise[i] = 2 * Math.random() - 1;
        const source = new AudioBufferSourceNode(context, {{ buffer }});
        const filters = {VIEWER}.player.filters(context, {{ low: 1000, high: 3000 }});
        [source, ...filters, context.destination].reduce((a, b) => a.connect(b));
        source.start();
        const heard = (await context.startRendering()).getChannelData(0);
        const power = (low, high) => {{
          let sum = 0, count = 0;
          for (let hertz = low; hertz < high; hertz += 20) {{
            let re = 0, im = 0;
            for (let i = 4000; i < 20000; i++) {{
              re += heard[i] * Math.cos(2 * Math.PI * hertz * i / rate);
              im += heard[i] * Math.sin(2 * Math.PI * hertz * i / rate);
            }}
            sum += re * re + im * im; count++;
          }}
          return 10 * Math.log10(sum / count);
        }};
        return [power(1200, 2600), power(100, 450), power(5000, 7000)];
        }}"""
    )
    assert inside - below > 35 and inside - above > 30


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


def test_a_word_is_picked_by_a_click_and_played_by_space(view, address):
    visit(view, address)
    stage = view.locator(".viewer .stage").bounding_box()
    x, y = ask(
        view, "[v.places.x(1.3), v.stage.strips.filter((s) => s.kind === 'lane')[1].top + 8]"
    )
    view.mouse.click(stage["x"] + x, stage["y"] + y)
    region = told(view, "t.region")["region"]  # "it", the third word
    assert region == pytest.approx([1.16, 1.56, 0, 8000], abs=0.001)
    view.get_by_role("button", name="The rest").click()
    view.keyboard.press("Space")
    wait(view, "v.player.playing")
    assert ask(view, "v.view.sound") == "The rest"
    assert ask(view, "v.player.position") >= 1.16


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


def test_a_new_scene_of_the_same_clip_keeps_everything(view, address):
    visit(view, address, "?seconds=30")
    left, top, width, height = spectrogram(view)
    drag(view, (left + 0.25 * width, top + 0.7 * height), (left + 0.5 * width, top + 0.5 * height))
    focus(view)
    view.keyboard.press("z")
    view.keyboard.press("2")
    view.keyboard.press("Space")
    wait(view, "v.player.playing && v.view.sound === 'Relevant part'")
    told(view, "t.sound === 'Relevant part' && t.region && t.visible[0] > 0.5")
    before = ask(view, "({region: v.view.region, start: v.view.start, end: v.view.end})")
    view.get_by_text("A second method").click()
    wait(view, "v.scene.relevance.length === 2")
    after = ask(view, "({region: v.view.region, start: v.view.start, end: v.view.end})")
    assert before["region"] == after["region"]
    assert ask(view, "v.player.playing && v.view.sound") == "Relevant part"
    assert ask(view, "v.shownRelevance.name") == "lrp"
    assert [ask(view, f"(v.act.choose('{name}'), v.shownRelevance.name)") for name in SOUNDS] == [
        "The rest, by occlusion",  # called after the sound
        "lrp",
        "lrp",
    ]
    view.get_by_label("Relevance", exact=True).select_option("")
    wait(view, "v.shownRelevance === null")
    assert ask(view, "(v.act.choose('The rest'), v.shownRelevance)") is None


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


def test_of_two_viewers_one_is_heard(view, address):
    visit(view, address, "?two=1&seconds=30")
    plays = view.get_by_role("button", name="Play", exact=True)
    plays.nth(1).wait_for()
    plays.nth(0).click()
    wait(view, "v.player.playing")
    plays.nth(0).click()  # that of the second: the first says "Pause" now
    wait(view, "!v.player.playing")
    assert view.get_by_role("button", name="Pause").count() == 1


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
