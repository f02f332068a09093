"""Where the best threshold goes under corruption, while the deployed one stays."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from xaudio.reports.charts import Row
from xaudio.reports.html import Html, table
from xaudio.reports.measures import ABSENT, share_text
from xaudio.reports.severity_curves import Quantity, severity_chart


def threshold_drift_curves(thresholds: Sequence[Row]) -> Figure:
    """The best threshold less the one fixed on clean clips, over severity, with its interval.

    In standard deviations of a model's clean scores within the classes, so that models whose scores
    are of different size share an axis. Above zero the deployed threshold is too low and lets
    synthesis through; below, it is too high and rejects human speech.

    Args:
        thresholds: Rows of a sweep's threshold table.
    """
    shown = Quantity("in_spreads", "in_spreads_low", "in_spreads_high")
    return severity_chart(in_spreads(thresholds), [shown], "Drift (clean SD)", level=0.0)


def threshold_rows(thresholds: Sequence[Row]) -> Html:
    """The thresholds as a table, in units of each model's score, and what staying costs."""
    return table(
        [
            "Model",
            "Corruption",
            "Severity",
            "Deployed",
            "Best",
            "95 % interval",
            "Errors, deployed",
            "Errors, best",
        ],
        [
            [
                row["model"],
                row["corruption"],
                row["severity"],
                f"{row['clean_threshold']:+.3f}",
                f"{row['best_threshold']:+.3f}",
                _between(row.get("best_low"), row.get("best_high")),
                share_text(row.get("error_at_clean_threshold")),
                share_text(row.get("error_at_best_threshold")),
            ]
            for row in thresholds
        ],
    )


def _between(low: float | None, high: float | None) -> str:
    return ABSENT if low is None or high is None else f"{low:+.3f} to {high:+.3f}"


def in_spreads(thresholds: Sequence[Row]) -> list[Row]:
    """The rows with the drift and its interval in standard deviations of the model's clean scores.

    >>> rows = [{"model": "a", "drift": 1.0, "drift_low": 0.5, "drift_high": 2.0,
    ...          "drift_spreads": 0.5}]
    >>> in_spreads(rows)[0]["in_spreads_high"]
    1.0
    """
    spreads = {
        row["model"]: row["drift"] / row["drift_spreads"]
        for row in thresholds
        if row.get("drift_spreads")
    }
    return [
        {
            **row,
            **{
                column.replace("drift", "in_spreads"): _ratio(
                    row.get(column), spreads[row["model"]]
                )
                for column in ("drift", "drift_low", "drift_high")
            },
        }
        for row in thresholds
        if row["model"] in spreads
    ]


def _ratio(drift: float | None, spread: float) -> float | None:
    return None if drift is None else drift / spread
