"""The viewer alone, in a real browser: listened to."""

import pytest

from tests.dashboards.chromium import IN_A_BROWSER
from tests.dashboards.components.browsing import (
    VIEWER,
    ask,
    drag,
    focus,
    spectrogram,
    told,
    visit,
    wait,
)

SOUNDS = ["The rest", "Relevant part", "Original"]
pytestmark = IN_A_BROWSER


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


def test_of_two_viewers_one_is_heard(view, address):
    visit(view, address, "?two=1&seconds=30")
    plays = view.get_by_role("button", name="Play", exact=True)
    plays.nth(1).wait_for()
    plays.nth(0).click()
    wait(view, "v.player.playing")
    plays.nth(0).click()  # that of the second: the first says "Pause" now
    wait(view, "!v.player.playing")
    assert view.get_by_role("button", name="Pause").count() == 1


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
