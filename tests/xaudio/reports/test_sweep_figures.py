"""What stands in the panels is what stands in the tables."""

import pytest

from tests.xaudio.reports import sweep_rows
from tests.xaudio.reports.sweep_rows import conditions
from xaudio.reports.calibration_figures import cllr_curves, reliability_curves
from xaudio.reports.drift_figures import drift_scatter
from xaudio.reports.quality_axis import quality_curves
from xaudio.reports.threshold_drift import threshold_drift_curves

ROWS = conditions(("lcnn", "aasist"), severities=(2, 7))


def panel(figure, title):
    (found,) = [each for each in figure.axes if each.get_title(loc="left") == title]
    return found


def points(line):
    return [tuple(point) for point in line.get_xydata().tolist()]


def test_threshold_drift_is_told_in_standard_deviations_of_clean_scores():
    shown = panel(threshold_drift_curves(sweep_rows.thresholds(ROWS)), "echo")
    level, lcnn, _ = shown.lines
    assert level.get_ydata() == [0.0, 0.0]
    assert points(lcnn) == [(0, 0), (2, pytest.approx(0.2)), (7, pytest.approx(0.7))]
    ends = {round(y, 6) for x, y in shown.collections[0].get_paths()[0].vertices if x == 7}
    assert ends == {0.65, 0.75}, "the interval shrinks with the unit"


def test_cllr_stands_above_min_cllr():
    shown = panel(cllr_curves(ROWS), "mp3")
    _, cllr, least, *_ = shown.lines
    assert points(cllr)[1] == (2, pytest.approx(0.7))
    assert points(least)[1] == (2, pytest.approx(0.3))
    assert cllr.get_linestyle() == "-"
    assert least.get_linestyle() == "--"


def test_reliability_is_that_of_the_harshest_severity_beside_the_clean_one():
    rows = sweep_rows.calibration(ROWS)
    for row in rows:
        row["share"] = {0: 0.1, 2: 0.2, 7: 0.3}[row["severity"]]
    shown = panel(reliability_curves(rows), "mp3 7")
    diagonal, clean, harsh, *_ = shown.lines
    assert points(diagonal) == [(0, 0), (1, 1)]
    assert points(clean) == [(0.1, 0.1), (0.5, 0.1), (0.9, 0.1)]
    assert points(harsh) == [(0.1, 0.3), (0.5, 0.3), (0.9, 0.3)]


def test_a_point_of_drift_is_full_where_the_decision_was_kept():
    rows = [row for row in sweep_rows.drift(ROWS) if row["corruption"] == "mp3"]
    kept, flipped = (
        [row for row in rows if row["decision"] == name] for name in ("kept", "flipped")
    )
    for given, is_full in ((kept, True), (flipped, False)):
        shown = panel(drift_scatter(given), "lcnn: lrp")
        levels, marks = (
            shown.lines[:2],
            [line for line in shown.lines if line.get_marker() != "None"],
        )
        assert [line.get_ydata()[0] for line in levels] == pytest.approx([1.0, 0.9])
        assert [points(mark)[0] for mark in marks] == [
            pytest.approx((0.4, 0.2)),
            pytest.approx((1.4, 0.7)),
        ]
        assert all((mark.get_markerfacecolor() != "none") == is_full for mark in marks)
        assert marks[0].get_markersize() < marks[1].get_markersize()


def test_errors_stand_over_what_was_measured_in_its_own_unit():
    figures = {name: draw() for name, draw in quality_curves(sweep_rows.quality(ROWS))}
    assert list(figures) == ["quality-snr_db", "quality-highest_hz"]
    shown = panel(figures["quality-highest_hz"], "aasist")
    assert points(shown.lines[0]) == [(4.5, pytest.approx(41)), (7.0, pytest.approx(16))]


def test_a_corruption_that_leaves_the_quantity_alone_is_no_line_and_others_keep_their_looks():
    rows = sweep_rows.quality(ROWS)
    for row in rows:
        if row["corruption"] == "mp3":
            row["highest_hz"] = 8000.0
        if row["corruption"] == "echo" and row["severity"] == 7:
            row["snr_db"] = -80.0
    figures = {name: draw() for name, draw in quality_curves(rows)}
    (echo,) = panel(figures["quality-highest_hz"], "lcnn").lines
    (mp3,) = panel(figures["quality-snr_db"], "lcnn").lines
    assert (mp3.get_marker(), echo.get_marker()) == ("o", "s")


def test_a_single_severity_draws_no_curve_against_quality():
    rows = sweep_rows.quality(conditions(("lcnn",), severities=(3,)))
    assert list(quality_curves(rows)) == []
