"""A page under AppTest, waited for."""

import time

PATIENCE = 90  # seconds: a busy machine may need long to import torch


def settled(page):
    """The page when all that it waits for is there."""
    until = time.monotonic() + PATIENCE
    page.run()
    while any(button.label == "Cancel" for button in page.button):
        assert time.monotonic() < until, "the page waits for ever"
        time.sleep(0.1)
        page.run()
    assert not page.exception
    return page
