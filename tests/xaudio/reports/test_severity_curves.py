import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.xaudio.reports.sweep_rows import conditions
from xaudio.reports.severity_curves import INK, eer_curves, fixed_threshold_curves


def texts(svg):
    return [
        "".join(element.itertext()).strip()
        for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


@pytest.mark.parametrize("draw", [eer_curves, fixed_threshold_curves])
def test_one_panel_per_corruption_and_a_name_per_model(draw):
    svg = draw(conditions(models=("lcnn", "aasist"), corruptions=("mp3", "echo", "opus")))
    said = texts(svg)
    for word in ("lcnn", "aasist", "mp3", "echo", "opus", "Severity", "clean"):
        assert word in said
    assert "clean" not in [word for word in said if word == "clean"][3:], "clean is no panel"


def test_takes_the_colours_of_the_page():
    svg = eer_curves(conditions())
    assert INK not in svg
    assert "currentColor" in svg
    assert svg.startswith("<svg")


def test_the_same_rows_give_the_same_drawing_and_two_drawings_share_no_names():
    rows = conditions()
    assert eer_curves(rows) == eer_curves(rows)

    def clips(svg):
        return set(re.findall(r'<clipPath id="(\w+)"', svg))

    assert clips(eer_curves(rows))
    assert not clips(eer_curves(rows)) & clips(fixed_threshold_curves(rows))


def test_a_curve_passes_through_its_values():
    """The distances between points on paper are those of the numbers."""
    rows = conditions(corruptions=("mp3",))
    svg = eer_curves(rows)
    root = ElementTree.fromstring(svg)
    (line,) = [
        element.get("d")
        for element in root.iter("{http://www.w3.org/2000/svg}path")
        if "#0072b2" in (element.get("style") or "")
        and "fill: none" in element.get("style")
        and element.get("clip-path")
    ]
    points = [tuple(map(float, xy)) for xy in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", line)]
    severities = [row["severity"] for row in rows]
    rates = [row["eer_refitted"] for row in rows]
    assert len(points) == len(rows)
    across = [(x - points[0][0]) / (points[-1][0] - points[0][0]) for x, _ in points]
    up = [(y - points[0][1]) / (points[-1][1] - points[0][1]) for _, y in points]
    assert across == pytest.approx([s / severities[-1] for s in severities], abs=1e-4)
    assert up == pytest.approx(
        [(rate - rates[0]) / (rates[-1] - rates[0]) for rate in rates], abs=1e-4
    )


def test_what_is_not_known_is_left_out():
    rows = conditions(corruptions=("mp3",))
    rows[1] |= {"eer_refitted": None, "eer_low": None, "eer_high": None, "false_rejection": None}
    assert eer_curves(rows).startswith("<svg")
    assert fixed_threshold_curves(rows).startswith("<svg")


@pytest.mark.parametrize("draw", [eer_curves, fixed_threshold_curves])
@pytest.mark.parametrize("name", [r"a$\q$b", "_hidden", "one $ two", r"back\$slash"])
def test_names_are_drawn_to_the_letter(draw, name):
    said = texts(draw(conditions(models=(name, "lcnn"), corruptions=(name, "mp3"))))
    assert said.count(name) == 2
    assert "lcnn" in said
