"""Charts hold what they were given, and a click names its cell."""

import pytest

from dashboards.charts.drift import drift_figure
from dashboards.charts.heat_map import clicked, heat_map
from dashboards.charts.severity import severity_figure
from xaudio.reports.charts import named_styles
from xaudio.reports.elements import DARK, LIGHT
from xaudio.sweep_views.cells import HeatCell, HeatGrid, Place
from xaudio.sweep_views.curves import SeverityCurve
from xaudio.sweep_views.drifts import drift_points_of


def cell(row, group, column, share):
    severity = 0 if column == "clean" else int(column)
    place = Place(group, row if severity else "clean", severity)
    return HeatCell(place, row, group, column, share, str(share), f"{group}, {row} {column}")


CELLS = tuple(
    cell(row, group, column, share)
    for row, share in (("mp3", 0.2), ("opus", None))
    for group in ("one", "two")
    for column in ("clean", "5")
)
GRID = HeatGrid(CELLS, ("mp3", "opus"), 0.5, "errors")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_points_to_click_lie_in_their_cells(theme):
    figure = heat_map(GRID, None, theme)
    heat, points = figure.data
    assert points.mode == "markers" and len(points.x) == len(CELLS)
    for x, y, said in zip(points.x, points.y, CELLS, strict=True):
        column = next(n for n in range(len(heat.x) - 1) if heat.x[n] <= x < heat.x[n + 1])
        assert heat.z[y][column] == said.share and heat.text[y][column] == said.text
    assert not figure.layout.shapes


def test_a_chosen_cell_is_framed():
    figure = heat_map(GRID, Place("two", "opus", 5), LIGHT)
    (frame,) = figure.layout.shapes
    points = figure.data[1]
    assert frame.x0 < points.x[-1] < frame.x1 and frame.y0 < points.y[-1] < frame.y1


def test_a_click_names_its_cell():
    event = {"selection": {"points": [{"point_index": 1}]}}
    assert clicked(event, CELLS) == Place("one", "mp3", 5)
    for nothing in (None, {}, {"selection": {"points": []}}):
        assert clicked(nothing, CELLS) is None
    assert clicked({"selection": {"points": [{"point_index": 99}]}}, CELLS) is None


CURVES = [
    SeverityCurve(model, corruption, name, (0, 1), (1.0, 2.0), (0.5, None), (1.5, None))
    for model in ("one", "<b>two")
    for corruption in ("mp3", "opus")
    for name in ("errors", "re-fitted EER")
]


def test_lines_have_their_models_colours_and_bands_only_once():
    styles = named_styles(["one", "<b>two"])
    whole = [
        SeverityCurve(c.model, c.corruption, c.name, c.severities, c.values, (0.5, 1.0), (1.5, 3.0))
        for c in CURVES
    ]
    figure = severity_figure(whole, styles, LIGHT, unit=" %", name="Errors (%)")
    lines = [trace for trace in figure.data if trace.mode == "lines+markers" and trace.x[0] == 0]
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert len(lines) == len(CURVES) and len(bands) == len(CURVES) / 2
    assert {line.line.color for line in lines if line.name == "one"} == {styles["one"]["color"]}
    assert {line.line.dash for line in lines} == {"solid", "dash"}
    assert all("<b>two" not in (line.hovertemplate or "") for line in lines)
    keys = [trace.name for trace in figure.data if trace.showlegend]
    assert keys == ["one", "<b>two", "errors", "re-fitted EER"]


def test_an_interval_that_is_missing_leaves_no_band():
    figure = severity_figure(CURVES, named_styles(["one", "<b>two"]), LIGHT, unit="", name="")
    assert not [trace for trace in figure.data if trace.fill == "toself"]


def test_drift_points_with_their_intervals():
    row = {
        "model": "one", "method": "lrp", "corruption": "mp3", "severity": 3, "decision": "flipped",
        "clips": 4, "chance": 1.0, "randomised_model": None,
        "score_drift": 0.5, "score_drift_low": 0.25, "score_drift_high": 1.0,
        "explanation_drift": 0.4, "explanation_drift_low": None, "explanation_drift_high": None,
    }  # fmt: skip
    points = drift_points_of([row, {**row, "severity": 0}, {**row, "score_drift": None}])
    assert len(points) == 1
    figure = drift_figure(points, [row], named_styles(["mp3"]), LIGHT)
    (trace,) = figure.data
    assert (trace.error_x.arrayminus, trace.error_x.array) == ((0.25,), (0.5,))
    assert trace.marker.symbol == "circle-open" and trace.error_y.array == (0.0,)
    assert [shape.y0 for shape in figure.layout.shapes] == [1.0]
