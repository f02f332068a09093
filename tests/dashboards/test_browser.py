"""A person's first minutes with Inspect, in a real browser against a real server."""

from urllib.parse import parse_qs, urlparse

import pytest
import soundfile

from tests.dashboards.chromium import IN_A_BROWSER, PICTURES
from tests.dashboards.recordings import BROKEN, CLIP, LONG_CLIP, MODEL, recordings
from tests.dashboards.serving import served
from tests.dashboards.viewing_page import (
    OURS,
    PATIENCE,
    WIDTHS,
    ask,
    choose_clip,
    chosen,
    done,
    draw,
    explain,
    shown,
    sound,
    visit,
    wait,
)
from tests.xaudio.clips import RATE, hybrid

pytestmark = IN_A_BROWSER


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = recordings(tmp_path_factory.mktemp("corpus"))
    with served(tmp_path_factory.mktemp("server"), folder, [MODEL]) as dashboard:
        yield dashboard.address


@pytest.fixture
def opened(browser):
    """Opens pages that fail the test when they ask anything of another machine, or break."""
    pages, wrong = [], []

    def open_page(**options):
        page = browser.new_page(viewport={"width": 1280, "height": 1800}, **options)
        page.set_default_timeout(PATIENCE)
        page.on(
            "request",
            lambda request: request.url.startswith(OURS) or wrong.append(request.url),
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        pages.append(page)
        return page

    yield open_page
    left = [page.get_by_test_id("stException").count() for page in pages]
    for page in pages:
        page.close()
    assert not wrong and not any(left)


@pytest.fixture
def view(opened):
    return opened()


def test_a_newcomer_clicks_an_example_explains_and_listens(view, address):
    visit(view, address, model=MODEL)
    view.get_by_role("button", name=CLIP).click()
    view.get_by_role("heading", name="hybrid.wav").wait_for()
    shown(view)
    explain(view)
    # The position follows the sound; it goes on from there when another version is chosen (A/B).
    view.get_by_role("button", name="Play", exact=True).click()
    wait(view, "v.player.position > 0.2")
    before = ask(view, "v.player.position")
    sound(view, "Relevant part")
    after = ask(view, "v.player.position")
    assert before <= after < 2.0
    wait(view, f"v.player.position > {after} || !v.player.playing")

    # A row of the table moves the cursor; zooming goes into the address.
    table = view.get_by_test_id("stDataFrame").bounding_box()
    view.mouse.click(table["x"] + 18, table["y"] + 52)
    strongest = ask(view, "v.scene.lanes.at(-1).stretches[0][0]")
    wait(view, f"Math.abs(v.cursor - {strongest}) < 0.01")
    view.get_by_role("button", name="Zoom in").click()
    view.wait_for_url("**view=*")
    seen = ask(view, "[v.view.start, v.view.end]")
    assert 0 < seen[1] - seen[0] < 2.0


def test_an_edit_is_asked_again_and_heard_at_the_same_position(view, address):
    visit(view, address, model=MODEL)
    choose_clip(view, CLIP)
    # Nothing can be edited before something is drawn.
    assert view.get_by_role("button", name="Mute").is_disabled()
    draw(view, 0.2, 0.55, 0.05, 0.99)
    view.get_by_text("Edit and ask again").wait_for()
    view.wait_for_url("**region=*")
    done(view)
    view.get_by_role("button", name="Mute").click()
    view.get_by_text("at 19 places of the same size").or_(
        view.get_by_text("places of the same size")
    ).or_(view.get_by_text("no room for a region")).wait_for()
    # The tests' detector listens to the tone, which is now gone: its score rises.
    target = view.get_by_test_id("stMetric").nth(5).inner_text()
    assert "spoof - bonafide" in target and "-" in target.splitlines()[-1]
    wait(view, "v.scene.sounds.some(sound => sound.name === 'Edited')")
    view.get_by_role("button", name="Play", exact=True).click()
    wait(view, "v.player.position > 0.1")
    before = ask(view, "v.player.position")
    sound(view, "Edited")
    assert ask(view, "v.player.position") >= before
    # Two edits pile up, and are undone one by one.
    view.get_by_role("button", name="Noise").click()
    view.get_by_role("button", name="Undo all").wait_for()
    view.get_by_role("button", name="Undo", exact=True).click()
    view.get_by_role("button", name="Undo all").wait_for(state="detached")
    done(view)
    assert len(parse_qs(urlparse(view.url).query)["edit"]) == 1


def test_another_model_keeps_clip_and_place(view, address):
    visit(view, address, model=MODEL)
    choose_clip(view, CLIP)
    view.get_by_role("button", name="Zoom in").click()
    view.wait_for_url("**view=*")
    seen = ask(view, "[v.view.start, v.view.end]")
    score = view.get_by_test_id("stMetric").nth(1).inner_text()
    view.get_by_role("combobox", name="Model").click()
    view.get_by_role("option", name="lcnn").click()
    view.wait_for_url("**model=lcnn*")
    view.wait_for_function(
        "score => { const metrics = document.querySelectorAll('[data-testid=stMetric]');"
        " return metrics.length === 3 && metrics[1].innerText !== score; }",
        arg=score,
    )
    shown(view)
    assert ask(view, "[v.view.start, v.view.end]") == pytest.approx(seen)


def test_an_upload_is_explained(view, address, tmp_path):
    visit(view, address, model=MODEL)
    file = tmp_path / "voice message.flac"
    soundfile.write(file, hybrid(), RATE)
    view.get_by_text("Upload", exact=True).first.click()
    view.locator("input[type=file]").set_input_files(file)
    view.get_by_role("heading", name="voice message.flac").wait_for()
    shown(view)
    explain(view)
    # On another page and back, the recording is still there.
    view.get_by_role("link", name="Corrupt").click()
    view.get_by_text("Still here").wait_for()
    view.get_by_role("link", name="Inspect").click()
    view.get_by_role("heading", name="voice message.flac").wait_for()


def test_a_broken_file_is_a_sentence_and_the_page_lives_on(view, address, tmp_path):
    visit(view, address, model=MODEL)
    broken = tmp_path / "my recording.wav"
    broken.write_text("This is no recording.\n" * 50)
    view.get_by_text("Upload", exact=True).first.click()
    view.locator("input[type=file]").set_input_files(broken)
    alert = view.get_by_test_id("stAlert")
    alert.wait_for()
    assert "my recording.wav" in alert.inner_text()
    assert "Traceback" not in view.content()
    view.get_by_text("Folder", exact=True).first.click()
    view.get_by_role("combobox", name="Clip of the folder").click()
    view.get_by_role("option", name=BROKEN).click()
    view.get_by_text("broken.wav", exact=False).last.wait_for()
    choose_clip(view, CLIP)


def test_a_link_makes_the_page_again(opened, address):
    first = opened()
    visit(first, address, model=MODEL, methods="input-x-gradient", target="log-odds:spoof")
    choose_clip(first, CLIP)
    draw(first, 0.25, 0.5, 0.2, 0.8)
    first.wait_for_url("**region=*")
    done(first)
    first.get_by_role("button", name="Zoom in").click()
    first.wait_for_url("**view=*")
    explain(first)
    link = first.url
    second = opened()
    second.goto(link)
    second.get_by_role("tab", name="How it was made").wait_for()
    shown(second)
    assert chosen(second, "Clip of the folder") == CLIP
    assert chosen(second, "Target") == "log-odds:spoof"
    for what in ("[v.view.start, v.view.end]", "[v.view.region.start, v.view.region.high]"):
        assert ask(second, what) == pytest.approx(ask(first, what), abs=0.01)
    assert ask(second, "v.scene.relevance[0].name") == "input-x-gradient"
    assert parse_qs(urlparse(second.url).query) == parse_qs(urlparse(link).query)


def test_two_people_at_once_do_not_mix_their_clips(opened, address):
    one, other = opened(), opened()
    visit(one, address, model=MODEL)
    visit(other, address, model=MODEL)
    choose_clip(one, CLIP)
    choose_clip(other, LONG_CLIP)
    one.get_by_role("button", name="Explain").click()
    other.get_by_role("button", name="Explain").click()
    for page, seconds in ((one, 2), (other, 10)):
        page.get_by_role("tab", name="How it was made").wait_for()
        wait(page, "v && v.scene.relevance.length > 0")
        assert ask(page, "v.scene.seconds") == pytest.approx(seconds)
    assert one.get_by_role("heading", name="hybrid.wav").count() == 1
    assert other.get_by_role("heading", name="ten-seconds.wav").count() == 1


def test_a_page_with_ten_seconds_is_at_most_a_megabyte(view, address):
    """All that travels from the choice of the clip to its map: messages and files."""
    received = []
    view.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    view.on(
        "response",
        lambda answer: "/media/" in answer.url and received.append(len(answer.body())),
    )
    visit(view, address, model=MODEL, methods="input-x-gradient")
    received.clear()
    choose_clip(view, LONG_CLIP)
    explain(view)
    assert 0 < sum(received) < 1_000_000


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_either_width(browser, address, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.set_default_timeout(PATIENCE)
    visit(page, address, model=MODEL)
    choose_clip(page, CLIP)
    explain(page)
    draw(page, 0.25, 0.5, 0.3, 0.8)
    page.wait_for_url("**region=*")
    done(page)
    page.get_by_role("button", name="Mute").click()
    wait(page, "v.scene.sounds.some(sound => sound.name === 'Edited')")
    done(page)
    PICTURES.mkdir(exist_ok=True)
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        main = page.get_by_test_id("stMain")
        page.set_viewport_size({"width": width, "height": main.evaluate("e => e.scrollHeight")})
        page.wait_for_timeout(700)
        assert main.evaluate("e => e.scrollWidth - e.clientWidth") == 0
        viewer = page.locator(".viewer").bounding_box()
        assert viewer["x"] + viewer["width"] <= width
        assert not overlapping(page)
        page.screenshot(path=PICTURES / f"inspect-{width}-{scheme}.png")
    page.close()


def overlapping(page):
    """Texts and buttons of the page that lie over one another."""
    return page.evaluate(
        """() => {
        const kinds = ['Metric', 'Button', 'CaptionContainer', 'DataFrame', 'BidiComponentIsolated']
            .map(kind => `[data-testid=st${kind}]`).join(', ') + ', [role=tablist]';
        const main = document.querySelector('[data-testid=stMain]');
        const boxes = [...main.querySelectorAll(kinds)].map(e => [e, e.getBoundingClientRect()])
            .filter(([, b]) => b.width > 0 && b.height > 0);
        const found = [];
        boxes.forEach(([one, a], place) => boxes.slice(place + 1).forEach(([other, b]) => {
            if (one.contains(other) || other.contains(one)) return;
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 1 && high > 1) found.push([one.innerText, other.innerText]);
        }));
        return found;
    }"""
    )
