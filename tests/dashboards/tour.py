"""The tour of docs/tour.md as it is walked: every step does what a sentence there says."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.dashboards.viewing_page import (
    ask,
    done,
    draw,
    explain,
    shown,
    sound,
    visit,
    wait,
)

Picture = Callable[[str], object]


@dataclass(frozen=True)
class Tour:
    """Where it leads.

    Attributes:
        address: Of the dashboard.
        clip: A clip with a synthetic stretch, by the name in the box.
        region: What is drawn around that stretch: start, end, low and high, as shares of the
            spectrogram.
        corruption: What is done to the clip.
        model: Which of the models; the bundled one where empty.
    """

    address: str
    clip: str
    region: tuple[float, float, float, float]
    corruption: str = "mp3"
    model: str = "lcnn"


def walk(page, tour: Tour, picture: Picture) -> None:
    """From the first page to the last.

    Args:
        page: Of a browser, at least 1280 wide.
        tour: Where it leads.
        picture: Takes a picture of the page and gives it this name.
    """
    decide(page, tour)
    see_why(page)
    picture("inspect")
    listen(page)
    edit(page, tour)
    picture("edit")
    corrupt(page, tour)
    picture("corrupt")
    compare(page)
    picture("compare")
    robustness(page)
    picture("robustness")
    come_back(page)


def choose(page, label: str, option: str) -> None:
    """Type what is looked for: of a long list only the first entries are there."""
    box = page.get_by_role("combobox", name=label, exact=True)
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def decide(page, tour: Tour) -> None:
    visit(page, tour.address, model=tour.model)
    page.get_by_role("heading", name="Inspect").wait_for()
    choose(page, "Clip of the folder", tour.clip)
    shown(page)
    page.get_by_text("Decision", exact=True).wait_for()


def see_why(page) -> None:
    explain(page)
    page.get_by_role("tab", name="Strongest stretches").wait_for()
    assert ask(page, "v.scene.lanes.some(lane => lane.name === 'Strongest')")


def listen(page) -> None:
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "v.player.position > 0.1")
    before = ask(page, "v.player.position")
    sound(page, "Relevant part")
    assert ask(page, "v.player.position") >= before
    sound(page, "Original")
    page.locator(".viewer .stage").focus()
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_url("**view=*")
    page.get_by_role("button", name="Zoom out").click()


def edit(page, tour: Tour) -> None:
    assert page.get_by_role("button", name="Mute").is_disabled()
    draw(page, *tour.region)
    page.wait_for_url("**region=*")
    done(page)
    page.get_by_role("button", name="Mute").click()
    page.get_by_text("Before", exact=True).wait_for()
    wait(page, "v.scene.sounds.some(sound => sound.name === 'Edited')")
    shown(page)


def corrupt(page, tour: Tour) -> None:
    page.get_by_role("link", name="Corrupt").click()
    choose(page, "Corruption", tour.corruption)
    page.get_by_text("Where it flips").wait_for()
    done(page)
    slider = page.get_by_role("slider", name="Severity")
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_url("**severity=5*")
    page.get_by_text("Does the explanation survive?").wait_for()
    shown(page)
    sound(page, "Corrupted")


def compare(page) -> None:
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_role("heading", name="Agreement").wait_for()
    done(page)


def robustness(page) -> None:
    page.get_by_role("link", name="Robustness").click()
    page.get_by_text("Click a cell").wait_for()
    done(page)


def come_back(page) -> None:
    """What was chosen is still there, and the address says it."""
    page.get_by_role("link", name="Inspect").click()
    page.get_by_role("button", name="Explain").wait_for()
    shown(page)
    assert "clip=" in page.url and "model=" in page.url
