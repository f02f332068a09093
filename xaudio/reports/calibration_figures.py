"""What scores are worth as probabilities once sound is corrupted."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from xaudio.reports.charts import (
    DASHES,
    INK,
    Row,
    chart_style,
    curve,
    legend,
    model_handles,
    named_styles,
    small_multiples,
    spread,
)
from xaudio.reports.severity_curves import Quantity, severity_chart

DOTS = (0, (1, 2))


def cllr_curves(conditions: Sequence[Row]) -> Figure:
    """Cllr by the map fitted on clean clips, and min Cllr, over severity, in bits.

    The gap between the two is what calibration lost; min Cllr itself is what separation lost. At 1,
    the dotted line, scores say no more than the prior.

    Args:
        conditions: Rows of a sweep's condition table.
    """
    open_marks = {"linestyle": DASHES, "markerfacecolor": "none"}
    shown = [
        Quantity("cllr", "cllr_low", "cllr_high", name="Cllr"),
        Quantity("min_cllr", name="min Cllr", dress=open_marks),
    ]
    return severity_chart(conditions, shown, "Cllr (bits)", bottom=0.0, level=1.0)


def reliability_curves(calibration: Sequence[Row]) -> Figure:
    """How often clips are synthetic that are said to be so with a probability.

    A panel per corruption at its harshest severity, with the clean curve of each model dotted. What
    is said is true on the diagonal; below it, the model is too sure that clips are synthetic.

    Args:
        calibration: Rows of a sweep's calibration table.
    """
    styles = named_styles(row["model"] for row in calibration)
    harshest: dict[str, int] = {}
    for row in calibration:
        name = row["corruption"]
        harshest[name] = max(harshest.get(name, 0), row["severity"])
    names = [name for name, severity in harshest.items() if severity > 0]

    def draw(panel: Axes, corruption: str) -> None:
        panel.plot([0, 1], [0, 1], color=INK, linewidth=0.8, alpha=0.5)
        for model, style in styles.items():
            own = [row for row in calibration if row["model"] == model]
            _reliability(
                panel,
                [row for row in own if row["severity"] == 0],
                {"color": style["color"], "linestyle": DOTS, "linewidth": 1.2, "alpha": 0.9},
                banded=False,
            )
            there = [row for row in own if row["corruption"] == corruption]
            worst = [row for row in there if row["severity"] == harshest[corruption]]
            _reliability(panel, worst, style, banded=True)

    clean = {"clean": Line2D([], [], color=INK, linestyle=DOTS, linewidth=1.2)}
    with chart_style():
        titles = {f"{name} {harshest[name]}": name for name in names}
        figure, panels = small_multiples(
            list(titles),
            lambda panel, title: draw(panel, titles[title]),
            "Said to be synthetic",
            "Is synthetic",
        )
        for panel in panels:
            panel.set(
                xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1]
            )
            panel.set_xticklabels(["0", ".5", "1"])
        spread(figure, legend(figure, {**model_handles(styles), **clean}))
    return figure


def _reliability(panel: Axes, rows: Sequence[Row], style: dict, *, banded: bool) -> None:
    points = sorted(rows, key=lambda row: row["bin"])
    band = ([row["low"] for row in points], [row["high"] for row in points]) if banded else None
    curve(
        panel,
        [row["probability"] for row in points],
        [row["share"] for row in points],
        band,
        **style,
    )
