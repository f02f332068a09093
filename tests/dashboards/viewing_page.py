"""A page with the viewer on it, in a real browser: what tests do there and ask of it."""

from urllib.parse import urlencode

PATIENCE = 60_000  # milliseconds: a busy machine may need long to import torch
WIDTHS = {1280: 900, 1920: 1080}
VIEWER = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    "?.shadowRoot?.querySelector('.viewer')?.viewer"
)
OURS = ("http://localhost:", "ws://localhost:", "data:", "blob:")


def visit(page, address, **query):
    page.goto(f"{address}?{urlencode(query, doseq=True)}")
    page.get_by_role("button", name="Explain").wait_for()
    done(page)


def done(page):
    """The page has nothing more to do."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.wait_for_function(
        "![...document.querySelectorAll('button')].some(b => b.innerText === 'Cancel')"
    )


def choose_clip(page, name):
    page.get_by_role("combobox", name="Clip of the folder").click()
    page.get_by_role("option", name=name).click()
    shown(page)


def shown(page):
    """The viewer has drawn, and can be heard."""
    wait(page, "v && v.stage.last.level && v.buffer")
    done(page)


def explain(page):
    page.get_by_role("button", name="Explain").click()
    page.get_by_role("tab", name="How it was made").wait_for()
    wait(page, "v && v.scene.relevance.length > 0")
    shown(page)


def ask(page, expression):
    """What the viewer `v` says."""
    return page.evaluate(f"(() => {{ const v = {VIEWER}; return {expression}; }})()")


def wait(page, expression):
    page.wait_for_function(f"(() => {{ const v = {VIEWER}; return {expression}; }})()")


def spectrogram(page):
    """Its place on the screen: left, top, width, height."""
    page.locator(".viewer .stage").scroll_into_view_if_needed()
    stage = page.locator(".viewer .stage").bounding_box()
    left, width, top, height = ask(
        page,
        "[v.places.left, v.places.width, v.places.spectrogram.top, v.places.spectrogram.height]",
    )
    return stage["x"] + left, stage["y"] + top, width, height


def draw(page, start, end, low, high):
    """A region, by shares of the spectrogram's width and height."""
    left, top, width, height = spectrogram(page)
    page.mouse.move(left + start * width, top + (1 - low) * height)
    page.mouse.down()
    page.mouse.move(left + (start + end) / 2 * width, top + (1 - (low + high) / 2) * height)
    page.mouse.move(left + end * width, top + (1 - high) * height, steps=3)
    page.mouse.up()


def sound(page, name):
    """Listen to another version of the clip."""
    page.locator(f".viewer .sounds button[data-sound='{name}']").click()
    wait(page, f"v.view.sound === '{name}' && v.buffer")


def chosen(page, label):
    return page.get_by_role("combobox", name=label).input_value()
