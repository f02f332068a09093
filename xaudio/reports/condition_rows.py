"""Every number of every condition, and every score that is missing, as tables of a page."""

import json
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from xaudio.reports.charts import Row
from xaudio.reports.html import Html, details, table
from xaudio.reports.measures import ABSENT, WRONG, main_measure, share_text, with_interval

MOST_FAILURES = 200
PLACE = ("Model", "Corruption", "Severity", "Parameters", "Clips")


def parameter_text(parameters: str) -> str:
    """A condition's physical parameters, as stored in a row, for people.

    >>> parameter_text('{"snr_db": 20.0, "noise": "babble"}')
    'snr_db 20, noise babble'
    """
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in json.loads(parameters).items()
    )


def condition_rows(conditions: Sequence[Row], drawn: str = "speakers") -> Html:
    """A table with a line per condition; columns of which nothing is known are left out.

    Args:
        conditions: Rows of a sweep's condition table.
        drawn: What the bootstrap redraws.
    """
    columns = {
        name: text
        for name, (column, text) in _columns().items()
        if any(row.get(column) is not None for row in conditions)
    }
    if drawn != "speakers":
        columns.pop("Speakers", None)
    if any(row["failed"] for row in conditions):
        columns = {"Failed": lambda row: row["failed"], **columns}
    return table(
        [*PLACE, *columns],
        [
            [
                row["model"],
                row["corruption"],
                row["severity"],
                parameter_text(row["parameters"]),
                row["clips"],
                *(text(row) for text in columns.values()),
            ]
            for row in conditions
        ],
        f"In brackets 95 % bootstrap intervals, {drawn} resampled.{_counted(conditions)}",
    )


def _counted(conditions: Sequence[Row]) -> str:
    if main_measure(conditions) is WRONG:
        return ""
    return (
        " Errors, false rejections, false acceptances and flips are counted at the threshold fixed "
        "on clean clips. A score shift below zero sounds less human than the clean clip."
    )


def failure_rows(failures: pa.Table) -> Html:
    """The scores that are missing, unfolded on request, 200 at most."""
    shown = failures.slice(0, MOST_FAILURES).to_pylist()
    left_out = failures.num_rows - len(shown)
    listed = table(
        ["Clip", "Model", "Corruption", "Severity", "Why"],
        [
            [row[name] for name in ("clip", "model", "corruption", "severity", "error")]
            for row in shown
        ],
        f"{left_out:,} more are in the sweep's files." if left_out else "",
    )
    clips = len(set(failures["clip"].to_pylist()))
    return details(f"{failures.num_rows:,} scores of {clips:,} clips are missing", listed)


Text = Callable[[Row], object]


def _columns() -> Mapping[str, tuple[str, Text]]:
    """By heading: the column that must be known, and what is written."""
    return {
        "Speakers": ("clusters", lambda row: row["clusters"]),
        "Errors": ("error", _interval("error", "error")),
        "False rejections": ("false_rejection", _interval("false_rejection", "false_rejection")),
        "False acceptances": (
            "false_acceptance",
            _interval("false_acceptance", "false_acceptance"),
        ),
        "EER, re-fitted": ("eer_refitted", _interval("eer_refitted", "eer")),
        "Decisions flipped": ("flipped", _interval("flipped", "flipped")),
        "Score shift": ("score_shift", lambda row: _signed(row.get("score_shift"))),
        "minDCF": ("min_dcf", lambda row: _plain(row.get("min_dcf"))),
        "actDCF": ("actual_dcf", lambda row: _plain(row.get("actual_dcf"))),
        "Cllr": ("cllr", lambda row: _plain(row.get("cllr"))),
        "min Cllr": ("min_cllr", lambda row: _plain(row.get("min_cllr"))),
        "ECE": ("ece", lambda row: share_text(row.get("ece"))),
    }


def _interval(column: str, ends: str) -> Text:
    return lambda row: with_interval(
        row.get(column), row.get(f"{ends}_low"), row.get(f"{ends}_high")
    )


def _signed(value: float | None) -> str:
    return ABSENT if value is None else f"{value:+.3g}"


def _plain(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.3f}"
