"""What tests do with the viewer in a browser."""

import io
import json

import numpy as np
from PIL import Image

PATIENCE = 60_000  # milliseconds
VIEWER = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    ".shadowRoot.querySelector('.viewer').viewer"
)


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
