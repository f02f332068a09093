import re
import xml.etree.ElementTree as ElementTree

import pytest

from tests.xaudio.reports.sweep_rows import conditions
from xaudio.reports.charts import INK, page_svg, svg_file
from xaudio.reports.severity_curves import eer_curves, fixed_threshold_curves

SVG = "{http://www.w3.org/2000/svg}"


def drawn(rows, draw=eer_curves, name="chart"):
    return page_svg(draw(rows), name)


def texts(svg):
    return [
        "".join(element.itertext()).strip()
        for element in ElementTree.fromstring(svg).iter(f"{SVG}text")
    ]


@pytest.mark.parametrize("draw", [eer_curves, fixed_threshold_curves])
def test_one_panel_per_corruption_and_a_name_per_model(draw):
    rows = conditions(models=("lcnn", "aasist"), corruptions=("mp3", "echo", "opus"))
    said = texts(drawn(rows, draw))
    for word in ("lcnn", "aasist", "mp3", "echo", "opus", "Severity"):
        assert word in said
    assert said.count("clean") == 3, "clean is no panel"


def test_takes_the_colours_of_the_page_and_none_of_its_own_paper():
    svg = drawn(conditions())
    assert INK not in svg
    assert "currentColor" in svg
    assert svg.startswith("<svg")
    assert not re.search(r"fill: (#fff|white)", svg)


def test_the_same_rows_give_the_same_drawing_and_two_drawings_share_no_names():
    rows = conditions()
    assert drawn(rows) == drawn(rows)
    assert svg_file(eer_curves(rows), "a") == svg_file(eer_curves(rows), "a")

    def names(svg):
        return set(re.findall(r' id="([^"]+)"', svg))

    one, other = drawn(rows, name="one"), drawn(rows, fixed_threshold_curves, "other")
    assert names(one)
    assert not names(one) & names(other)
    assert set(re.findall(r'href="#([^"]+)"', one)) <= names(one)


def test_a_curve_passes_through_its_values():
    """The distances between points on paper are those of the numbers."""
    rows = conditions(corruptions=("mp3",), severities=(1, 2, 4, 7))
    root = ElementTree.fromstring(drawn(rows))
    (line,) = [
        element.get("d")
        for element in root.iter(f"{SVG}path")
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


def test_a_band_reaches_from_the_lower_to_the_upper_end():
    rows = conditions(corruptions=("mp3",))
    panel = eer_curves(rows).axes[0]
    (band,) = panel.collections
    corners = band.get_paths()[0].vertices
    for row in rows:
        ends = [y for x, y in corners if x == row["severity"]]
        assert min(ends) == pytest.approx(100 * row["eer_low"])
        assert max(ends) == pytest.approx(100 * row["eer_high"])


def test_what_is_not_known_is_left_out():
    rows = conditions(corruptions=("mp3",))
    rows[1] |= {"eer_refitted": None, "eer_low": None, "eer_high": None}
    rows[2] |= {"eer_low": None}
    panel = eer_curves(rows).axes[0]
    assert panel.lines[0].get_xdata().tolist() == [0, 3, 5]
    assert {x for x, _ in panel.collections[0].get_paths()[0].vertices} == {0, 5}


@pytest.mark.parametrize("draw", [eer_curves, fixed_threshold_curves])
@pytest.mark.parametrize("name", [r"a$\q$b", "_hidden", "one $ two", r"back\$slash", "x" * 300])
def test_names_are_drawn_to_the_letter_or_shortened(draw, name):
    said = texts(drawn(conditions(models=(name, "lcnn"), corruptions=(name, "mp3")), draw))
    shown = name if len(name) < 40 else "x" * 16 + "…" + "x" * 16
    assert said.count(shown) == 2
    assert "lcnn" in said


def test_ten_models_have_ten_looks():
    rows = conditions(models=tuple(map(str, range(10))), corruptions=("mp3",))
    lines = eer_curves(rows).axes[0].lines
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == 10
