"""The wiring of Compare: looks, the matrix, the pair that is laid over each other."""

import json

import numpy as np
import pytest
import soundfile

from dashboards.comparing_panels.agreement_chart import (
    agreement_figure,
    cell_text,
    clicked_pair,
)
from dashboards.panels.choose.contents import content_id
from tests.dashboards.recordings import MODEL
from tests.dashboards.views.asking import address, metrics, opened, press, said, settled, viewers
from tests.xaudio.clips import RATE, hybrid
from xaudio.audio import read_clip
from xaudio.comparing import Agreement, Comparison, Look
from xaudio.reports.elements import DARK, LIGHT

LOOKS = ["input-x-gradient", "occlusion", "saliency"]


@pytest.fixture
def page(tmp_path, monkeypatch):
    def open_page(**said):
        return opened("compare.py", tmp_path, monkeypatch, **{"models": [MODEL], **said})

    return open_page


def matrix(page):
    """What the heat map shows, row by row."""
    figure = json.loads(page.get("plotly_chart")[0].proto.spec)
    return [each["text"] for each in figure["layout"]["annotations"]]


def test_methods_are_asked_drawn_and_compared(page):
    shown = page(looks=LOOKS)
    assert "press **Compare**" in said(shown) and not shown.get("plotly_chart")
    press(shown, "Compare")
    assert not shown.error and len(viewers(shown)) == 1
    (grid,) = shown.get("html")
    for method in LOOKS:
        assert f">{method}</th>" in grid.proto.body
    assert grid.proto.body.count("<img src='data:image/png;base64,") == len(LOOKS)
    assert "spoof, score" in grid.proto.body
    texts = matrix(shown)
    assert len(texts) == 9 and texts[0] == texts[4] == texts[8] == "1.00"
    assert "agree most" in said(shown) and "Over time." in said(shown)
    assert address(shown, "show") == ["comparison"]


def test_a_link_opens_the_comparison_and_its_pair(page):
    shown = page(looks=LOOKS, show="comparison", pair=["saliency", "occlusion"], over="time")
    assert not shown.error and len(viewers(shown)) == 1
    assert shown.selectbox(key="pair.one").value == "saliency"
    assert shown.selectbox(key="pair.other").value == "occlusion"
    shown.selectbox(key="pair.other").set_value("input-x-gradient")
    settled(shown)
    assert address(shown, "pair") == ["saliency", "input-x-gradient"]


def test_over_what_and_in_which_order(page):
    shown = page(looks=LOOKS, show="comparison")
    shown.segmented_control(key="over.methods").set_value("time and frequency")
    settled(shown)
    assert "knows no frequencies" in said(shown) and "–" in matrix(shown)
    shown.segmented_control(key="over.methods").set_value("time")
    shown.segmented_control(key="order").set_value("Like the first")
    settled(shown)
    first = shown.selectbox(key="pair.one").value
    figure = json.loads(shown.get("plotly_chart")[0].proto.spec)
    assert figure["layout"]["yaxis"]["ticktext"][0] == first


def test_what_cannot_be_explained_says_why_and_the_rest_is_there(page):
    shown = page(looks=["occlusion", "saliency", "voice", "words"], show="comparison")
    assert not shown.error and not shown.exception
    (grid,) = shown.get("html")
    assert "No burst" in grid.proto.body and "Explains the whole voice" in grid.proto.body
    assert len(viewers(shown)) == 1


def test_another_choice_waits_for_the_button(page):
    shown = page(looks=LOOKS, show="comparison")
    shown.multiselect(key="looks").set_value(LOOKS[:2])
    settled(shown)
    assert not shown.get("plotly_chart") and "show" not in shown.query_params
    press(shown, "Compare")
    assert len(matrix(shown)) == 4


def test_clips_are_compared_over_frequency(page, tmp_path):
    shown = page()
    longer = tmp_path / "audio" / "longer.wav"
    soundfile.write(longer, hybrid(3.0) + 0.01, RATE)
    shown.segmented_control(key="compared").set_value("Clips")
    settled(shown)
    names = [name for name in shown.multiselect(key="clips").options if "broken" not in name]
    shown.multiselect(key="clips").set_value(names)
    shown.selectbox(key="method").set_value("input-x-gradient")
    settled(shown)
    press(shown, "Compare")
    assert not shown.error and "Over frequency." in said(shown)
    assert len(viewers(shown)) == len(names) == 2
    wanted = [content_id(read_clip(tmp_path / name).digest) for name in names]
    assert address(shown, "clips") == wanted
    shown.segmented_control(key="over.clips").set_value("time")
    settled(shown)
    assert "so their instants do not belong together" in said(shown)


def test_a_broken_clip_is_a_sentence(page):
    shown = page()
    shown.segmented_control(key="compared").set_value("Clips")
    settled(shown)
    broken = [name for name in shown.multiselect(key="clips").options if "broken" in name]
    shown.multiselect(key="clips").set_value(broken)
    settled(shown)
    assert "broken.wav" in shown.error[0].value and not metrics(shown)


def comparison(*names, value=0.5):
    rows = [
        [Agreement(1.0) if one == other else Agreement(value, chance=0.2) for other in names]
        for one in names
    ]
    looks = tuple(Look(name, None, "not here") for name in names)
    return Comparison(looks, "time", tuple(map(tuple, rows)))


def test_a_click_is_the_cells_pair_and_the_diagonal_is_none():
    shown = comparison("a", "b", "c")

    def click(*points):
        return {"selection": {"points": [{"point_index": point} for point in points]}}

    assert clicked_pair(click(5), shown) == ("b", "c")
    assert clicked_pair(click(1, 6), shown) == ("c", "a")
    for nothing in (None, {}, click(), click(4), click(9), click(-1), click("x")):
        assert clicked_pair(nothing, shown) is None


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_name_writes_nothing_on_the_figure_and_numbers_are_legible(theme):
    figure = agreement_figure(comparison("<b>x</b>", "b", value=0.9), ("b", "<b>x</b>"), theme)
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;x&lt;/b&gt;"
    assert {note.font.color for note in figure.layout.annotations} == {theme.paper}
    pale = agreement_figure(comparison("a", "b", value=0.1), None, theme)
    assert pale.layout.annotations[1].font.color == theme.ink
    assert pale.layout.annotations[1].text == cell_text(Agreement(0.1, chance=0.2)) == "(0.10)"
    (points,) = [trace for trace in figure.data if trace.type == "scatter"]
    assert len(points.x) == 4 and np.array_equal(points.y, [0, 0, 1, 1])
