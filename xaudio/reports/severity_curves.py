"""Error rates over severity, one panel per corruption, as SVG that takes on the page's colours."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

# Okabe and Ito's palette: told apart by everyone, on light and dark paper.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MARKERS = "osD^vP"
# Drawn in a colour nothing else has, which then becomes the colour of the page's own text.
INK = "#010203"
COLUMNS = 4

Row = Mapping[str, Any]


def eer_curves(conditions: Sequence[Row]) -> str:
    """The re-fitted equal error rate with its interval, as an SVG element.

    Args:
        conditions: Rows of a sweep's condition table. The clean row begins every curve.
    """

    def draw(panel: Axes, rows: Sequence[Row], style: Mapping[str, Any]) -> None:
        _line(panel, rows, "eer_refitted", **style)
        there = [row for row in rows if row["eer_refitted"] is not None]
        panel.fill_between(
            [row["severity"] for row in there],
            [100 * row["eer_low"] for row in there],
            [100 * row["eer_high"] for row in there],
            color=style["color"],
            alpha=0.2,
            linewidth=0,
        )

    return _small_multiples(conditions, draw, "EER, re-fitted (%)", extra=[])


def fixed_threshold_curves(conditions: Sequence[Row]) -> str:
    """False rejections and false acceptances at the threshold fixed on clean clips, as SVG."""

    def draw(panel: Axes, rows: Sequence[Row], style: Mapping[str, Any]) -> None:
        _line(panel, rows, "false_rejection", **style)
        _line(
            panel, rows, "false_acceptance", **style, linestyle=(0, (3, 2)), markerfacecolor="none"
        )

    extra = [
        Line2D([], [], color=INK, label="false rejections"),
        Line2D([], [], color=INK, linestyle=(0, (3, 2)), label="false acceptances"),
    ]
    return _small_multiples(conditions, draw, "Errors (%)", extra)


def _line(panel: Axes, rows: Sequence[Row], column: str, **style: Any) -> None:
    there = [row for row in rows if row[column] is not None]
    panel.plot(
        [row["severity"] for row in there],
        [100 * row[column] for row in there],
        **{"linewidth": 1.6, "markersize": 4.5, **style},
    )


def _small_multiples(
    conditions: Sequence[Row],
    draw: Callable[[Axes, Sequence[Row], Mapping[str, Any]], None],
    unit: str,
    extra: Sequence[Line2D],
) -> str:
    models = _distinct(row["model"] for row in conditions)
    corruptions = _distinct(row["corruption"] for row in conditions if row["severity"] > 0)
    styles: dict[str, dict[str, Any]] = {
        model: {"color": COLOURS[n % len(COLOURS)], "marker": MARKERS[n % len(MARKERS)]}
        for n, model in enumerate(models)
    }
    lines = max(1, -(-len(corruptions) // COLUMNS))
    with rc_context(_page_style(unit)):
        figure = Figure(figsize=(2.6 * COLUMNS + 0.4, 1.9 * lines + 0.7), layout="constrained")
        canvas = FigureCanvasSVG(figure)
        grid = figure.subplots(lines, COLUMNS, sharex=True, sharey=True, squeeze=False)
        panels = list(grid.ravel())
        for panel, corruption in zip(panels, corruptions, strict=False):
            panel.set_title(corruption, parse_math=False)
            for model, style in styles.items():
                rows = [
                    row
                    for row in conditions
                    if row["model"] == model and row["corruption"] in ("clean", corruption)
                ]
                draw(panel, sorted(rows, key=lambda row: row["severity"]), style)
        _dress(panels, len(corruptions), unit)
        _legend(figure, styles, extra)
        file = io.StringIO()
        canvas.figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    return svg[svg.index("<svg") :].replace(INK, "currentColor")


def _legend(
    figure: Figure, styles: Mapping[str, Mapping[str, Any]], extra: Sequence[Line2D]
) -> None:
    """Every model by its name to the letter: a leading _ hides nothing, a $ begins no formula."""
    numbered = [Line2D([], [], label=f"{n}", **style) for n, style in enumerate(styles.values())]
    legend = figure.legend(
        handles=[*numbered, *extra], loc="outside upper left", ncols=4, frameon=False
    )
    for text, name in zip(legend.get_texts(), styles, strict=False):
        text.set_parse_math(False)
        text.set_text(name)


def _dress(panels: Sequence[Axes], used: int, unit: str) -> None:
    for number, panel in enumerate(panels):
        if number >= used:
            panel.set_visible(False)
            continue
        panel.spines[["top", "right"]].set_visible(False)
        panel.grid(axis="y", alpha=0.15)
        panel.set_xticks(range(6), ["clean", "1", "2", "3", "4", "5"])
        if number + COLUMNS >= used:
            panel.tick_params(labelbottom=True)
            panel.set_xlabel("Severity")
        if number % COLUMNS == 0:
            panel.set_ylabel(unit)
    panels[0].set_ylim(bottom=0)


def _page_style(salt: str) -> dict[Any, Any]:
    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(inks, INK),
        "grid.color": INK,
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "svg.fonttype": "none",
        # Names inside the drawing: the same each time, and others in each drawing of a page.
        "svg.hashsalt": salt,
    }


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
