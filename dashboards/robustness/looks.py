"""The ways to look at a sweep, each drawn from its tables."""

from collections.abc import Callable, Mapping

import streamlit as st

from dashboards.charts.drift import drift_figure
from dashboards.charts.frame import CONFIG
from dashboards.charts.severity import severity_figure
from dashboards.markdown import literal
from dashboards.panels.theme import theme
from dashboards.robustness.cell import choose_place, grid_to_click
from dashboards.robustness.opened import OpenedSweep
from dashboards.robustness.tables import show_conditions, show_failures, show_pairs, show_ranks
from xaudio.reports.charts import Row, named_styles
from xaudio.reports.measures import ERRORS, REFITTED, main_measure
from xaudio.reports.sureness import bands
from xaudio.sweep_views.cells import codecs_of, cube_grid, matrix_grid
from xaudio.sweep_views.curves import fixed_and_refitted, measure_curves, threshold_curves
from xaudio.sweep_views.drifts import drift_points_of, panels_of
from xaudio.sweep_views.narrowing import Part

FIXED, RE_FITTED, BOTH = "At the deployed threshold", "Re-fitted", "Both"


def show_matrix(sweep: OpenedSweep, part: Part) -> None:
    """Models under every corruption."""
    everything = sweep.findings.rows("conditions")
    rows = part.of(everything)
    measure = main_measure(everything)
    grid = matrix_grid(rows, measure)
    if not grid.cells:
        st.info("No corrupted condition is among what was chosen.")
        return
    grid_to_click(grid, "matrix")
    st.caption(
        literal(
            f"{measure.name[0].upper()}{measure.name[1:]}, in per cent; severities rise from left "
            "to right, the costliest corruption comes first. The pointer shows the 95 % bootstrap "
            f"intervals, {sweep.findings.drawn} resampled. Click a cell to see and hear the clips "
            "whose decision flipped there."
        )
    )
    choose_place(rows)


def show_curves(sweep: OpenedSweep, part: Part) -> None:
    """Errors over severity."""
    everything = sweep.findings.rows("conditions")
    rows, measure = part.of(everything), main_measure(everything)
    shown = BOTH
    if measure is ERRORS:
        shown = st.segmented_control(
            "Threshold", [FIXED, RE_FITTED, BOTH], default=FIXED, required=True,
            key="thresholds", persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
    curves = {
        FIXED: lambda: measure_curves(rows, measure),
        RE_FITTED: lambda: measure_curves(rows, REFITTED),
        BOTH: lambda: fixed_and_refitted(rows, measure),
    }[shown]()
    if not curves:
        st.info("No corrupted condition is among what was chosen.")
        return
    figure = severity_figure(curves, _styles(everything), theme(), unit=" %", name="Errors (%)")
    st.plotly_chart(figure, config=CONFIG, theme=None, key="curves", alt="Errors over severity")
    said = {
        FIXED: f"{measure.name[0].upper()}{measure.name[1:]}, in per cent.",
        RE_FITTED: "Each condition gets the threshold that suits it best, which no detector in use "
        "has: how well the scores still separate the classes.",
        BOTH: "Full lines: errors at the threshold fixed on the clean clips, what users meet, with "
        "their bands. Dashed: the EER re-fitted under each condition; where it lies lower, it "
        "hides a threshold that no longer fits.",
    }[shown]
    st.caption(literal(f"{said} {bands(sweep.findings)}"))


def show_thresholds(sweep: OpenedSweep, part: Part) -> None:
    """Where the best threshold goes."""
    everything = sweep.findings.rows("thresholds")
    curves = threshold_curves(part.of(everything))
    if not curves:
        st.info("No threshold can be compared: this takes clean scores of both classes.")
        return
    figure = severity_figure(
        curves, _styles(sweep.findings.rows("conditions")), theme(),
        unit=" SD", name="Drift (clean SD)", level=0.0,
    )  # fmt: skip
    st.plotly_chart(
        figure, config=CONFIG, theme=None, key="drift", alt="Threshold drift over severity"
    )
    st.caption(
        literal(
            "The best threshold under each condition less the deployed one, in standard deviations "
            "of the model's clean scores within a class. Above the dotted line the deployed "
            "threshold is too low and lets synthesis through; below, it is too high and rejects "
            f"human speech. {bands(sweep.findings)} They count the deployed threshold's own "
            "uncertainty."
        )
    )


def show_attacks(sweep: OpenedSweep, part: Part) -> None:
    """The cube: which kinds of clips go wrong."""
    everything = sweep.findings.rows("attacks")
    rows = part.of(everything)
    models = list(dict.fromkeys(row["model"] for row in rows))
    codecs = codecs_of(rows)
    left, right = st.columns(2)
    model = left.segmented_control(
        "Model", models, default=models[0], required=True, key="cube-model"
    )
    codec = codecs[0]
    if len(codecs) > 1:
        codec = right.selectbox(
            "Clips that had been through", codecs, format_func=lambda name: name or "unknown",
            key="cube-codec",
        )  # fmt: skip
    grid = cube_grid(rows, model, codec)
    if not grid.cells:
        st.info("No corrupted condition is among what was chosen.")
        return
    grid_to_click(grid, "cube")
    st.caption(
        "Share of clips of each kind that are decided wrongly at the threshold fixed on the clean "
        "clips: rejections of bona fide clips, acceptances of each attack. 0 is clean; severities "
        "rise to the right. The pointer shows 95 % bootstrap intervals. Click a cell to see and "
        "hear the clips whose decision flipped there."
    )


def show_quality(sweep: OpenedSweep, part: Part) -> None:  # noqa: ARG001 - drawn for all of it
    """Errors against what was measured of the sound."""
    from xaudio.reports.quality_axis import quality_curves

    figures = list(quality_curves(sweep.findings.rows("quality")))
    if not figures:
        st.info("The sound of this sweep's clips was not measured (`--quality-clips`).")
        return
    for name, draw in figures:
        _report_figure(name, draw)
    st.caption(
        literal(
            "A severity is what was asked for; here is what came out of it: the median over a "
            "sample of clips. One panel per model, one line per corruption, its points the "
            f"severities. Up: errors over all clips. {bands(sweep.findings)}"
        )
    )


def show_probabilities(sweep: OpenedSweep, part: Part) -> None:
    """Whether probabilities are still true."""
    from xaudio.reports.calibration_figures import cllr_curves, reliability_curves

    rows, points = (part.of(sweep.findings.rows(name)) for name in ("conditions", "calibration"))
    if any(row["cllr"] is not None and row["severity"] > 0 for row in rows):
        st.subheader("Cllr against min Cllr", anchor=False)
        _report_figure("cllr", lambda: cllr_curves(rows))
        st.caption(
            "Cllr, in bits, of log-likelihood ratios by a map fitted on the clean clips, and min "
            "Cllr, by the best map for each condition. The gap between the two is lost "
            "calibration, min Cllr is lost separation; at the dotted line scores say no more than "
            "the prior."
        )
    if any(row["severity"] > 0 for row in points):
        st.subheader("Reliability, clean and corrupted", anchor=False)
        _report_figure("reliability", lambda: reliability_curves(points))
        st.caption(
            "Of the clips that are said to be synthetic with a probability (across), how many are "
            "(up), at each corruption's harshest severity; dotted, the same model on clean clips. "
            "Bands are exact 95 % intervals that count every clip as independent."
        )
    if not points:
        st.info("No probabilities can be told: this takes clean scores of both classes.")


def show_explanations(sweep: OpenedSweep, part: Part) -> None:
    """Whether explanations survive."""
    everything = sweep.findings.rows("drift")
    rows = part.of(everything)
    points = drift_points_of(rows)
    if not points:
        st.info("Explanations were not compared in this sweep (`--explain default`).")
        return
    styles = named_styles(row["corruption"] for row in everything if row["severity"] > 0)
    for model, method in panels_of(points):
        st.subheader(literal(f"{model}: {method}"), anchor=False)
        own = [point for point in points if (point.model, point.method) == (model, method)]
        of_panel = [row for row in rows if (row["model"], row["method"]) == (model, method)]
        figure = drift_figure(own, of_panel, styles, theme())
        alt = f"Explanation drift over score drift of {model}"
        key = f"drift-{model}-{method}"
        st.plotly_chart(figure, config=CONFIG, theme=None, key=key, alt=alt)
    st.caption(
        literal(
            "Each point is one condition; a larger one is harsher. Across: how far scores moved, "
            "in standard deviations of clean scores. Up: one less the rank correlation between the "
            "relevance of the clean clip and that of the corrupted one; 0 is unchanged. Full "
            "points are clips whose decision was kept, open ones those whose decision flipped. "
            "Dashed: relevance that knows nothing; dotted: the same method on the model with "
            "random weights. Lines through points are 95 % bootstrap intervals, "
            f"{sweep.findings.drawn} resampled."
        )
    )


def show_ranks_and_pairs(sweep: OpenedSweep, part: Part) -> None:
    """Which differences are beyond chance."""
    show_pairs(sweep.findings, part)
    show_ranks(sweep.findings, part)


def show_numbers(sweep: OpenedSweep, part: Part) -> None:
    """Every condition, and what failed."""
    show_conditions(sweep.findings, part)
    show_failures(sweep.findings)


LOOKS: Mapping[str, Callable[[OpenedSweep, Part], None]] = {
    "Matrix": show_matrix,
    "Curves": show_curves,
    "Thresholds": show_thresholds,
    "Attacks": show_attacks,
    "Probabilities": show_probabilities,
    "Quality": show_quality,
    "Explanations": show_explanations,
    "Ranks": show_ranks_and_pairs,
    "Numbers": show_numbers,
}


def _styles(rows: list[Row]) -> Mapping[str, Mapping[str, str]]:
    """Of all models, so that one keeps its colour when others are left out."""
    return named_styles(row["model"] for row in rows)


def _report_figure(name: str, draw: Callable) -> None:
    """A figure of the report, in the ink of the page."""
    from xaudio.reports.charts import INK, svg_file

    svg = svg_file(draw(), name).decode().replace(INK, theme().ink)
    st.image(svg[svg.index("<svg") :], width="stretch")
