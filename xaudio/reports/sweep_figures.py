"""All figures of a report about a sweep, by name: what pages show and exports write."""

from collections.abc import Callable, Iterator, Sequence

from matplotlib.figure import Figure

from xaudio.reports.calibration_figures import cllr_curves, reliability_curves
from xaudio.reports.charts import Row
from xaudio.reports.drift_figures import drift_scatter
from xaudio.reports.measures import main_measure
from xaudio.reports.model_matrix import matrix_figure
from xaudio.reports.quality_axis import quality_curves
from xaudio.reports.severity_curves import eer_curves, fixed_threshold_curves, measure_curves
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.reports.threshold_drift import threshold_drift_curves

Figures = dict[str, Figure]
Draw = Callable[[], Figure]


def sweep_figures(findings: SweepFindings) -> Figures:
    """Every figure for which there is something to show."""
    return {name: draw() for name, draw in _drawable(findings)}


def exported_figures(findings: SweepFindings) -> Figures:
    """The same, and as a figure what a page shows as a table: the matrix."""
    conditions = findings.rows("conditions")
    if not conditions:
        return {}
    measure = main_measure(conditions)
    return {"matrix": matrix_figure(conditions, measure), **sweep_figures(findings)}


def _drawable(findings: SweepFindings) -> Iterator[tuple[str, Draw]]:
    conditions = findings.rows("conditions")
    measure = main_measure(conditions)
    if not any(measure.of(row) is not None and row["severity"] > 0 for row in conditions):
        return
    yield "errors", lambda: measure_curves(conditions, measure, "Errors (%)")
    if _corrupted(conditions, "false_rejection") or _corrupted(conditions, "false_acceptance"):
        yield "rejections-and-acceptances", lambda: fixed_threshold_curves(conditions)
    if _corrupted(conditions, "eer_refitted") and measure.column != "eer_refitted":
        yield "eer", lambda: eer_curves(conditions)
    if _corrupted(findings.rows("thresholds"), "drift_spreads"):
        yield "threshold-drift", lambda: threshold_drift_curves(findings.rows("thresholds"))
    if _corrupted(conditions, "cllr"):
        yield "cllr", lambda: cllr_curves(conditions)
    if _corrupted(findings.rows("calibration"), "share"):
        yield "reliability", lambda: reliability_curves(findings.rows("calibration"))
    if _corrupted(findings.rows("drift"), "explanation_drift"):
        yield "explanation-drift", lambda: drift_scatter(findings.rows("drift"))
    if findings.quality is not None:
        yield from quality_curves(findings.rows("quality"))


def _corrupted(rows: Sequence[Row], column: str) -> bool:
    """Whether anything is known of a column beyond the clean clips."""
    return any(row.get(column) is not None and row["severity"] > 0 for row in rows)
