"""A sweep as a page: severity curves, a row per condition, the clips that failed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from xaudio.reports.html import Html, details, drawing, facts, note, page, section, table
from xaudio.reports.severity_curves import eer_curves, fixed_threshold_curves

MOST_FAILURES = 200
ABSENT = "–"
NO_BREAK = "\N{NO-BREAK SPACE}"


def sweep_report(conditions: pa.Table, failures: pa.Table, title: str = "Robustness") -> Html:
    """A self-contained page about a sweep.

    Args:
        conditions: A sweep's condition table (`xaudio.sweeps.condition_table`).
        failures: Its score rows without a score.
        title: Heading of the page.
    """
    return page(title, sweep_sections(conditions, failures))


def sweep_sections(conditions: pa.Table, failures: pa.Table) -> list[Html]:
    """The sections of `sweep_report`, to stand in a page of one's own."""
    rows = conditions.to_pylist()
    parts = [section("Clean", _clean_facts(rows))]
    if any(row["severity"] > 0 for row in rows):
        parts += [_refitted_section(rows), _fixed_section(rows)]
    parts.append(section("Every condition", _condition_table(rows)))
    if failures.num_rows:
        parts.append(_failure_section(failures))
    return parts


def parameter_text(parameters: str) -> str:
    """A condition's physical parameters, as stored in a row, for people.

    >>> parameter_text('{"snr_db": 20.0, "noise": "babble"}')
    'snr_db 20, noise babble'
    """
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in json.loads(parameters).items()
    )


def interval_text(row: Mapping[str, Any]) -> str:
    """The re-fitted equal error rate with its interval, in per cent.

    >>> interval_text({"eer_refitted": 0.042, "eer_low": 0.03, "eer_high": 0.0561})
    '4.2 % [3.0, 5.6]'
    """
    if row["eer_refitted"] is None:
        return ABSENT
    value, low, high = (100 * row[name] for name in ("eer_refitted", "eer_low", "eer_high"))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def share_text(share: float | None) -> str:
    r"""A share in per cent, not to be broken at the end of a line.

    >>> share_text(0.125), share_text(None)
    ('12.5\xa0%', '–')
    """
    return ABSENT if share is None else f"{100 * share:.1f}{NO_BREAK}%"


def _range_text(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ABSENT
    return NO_BREAK.join((f"{100 * low:.1f}", "to", f"{100 * high:.1f}"))


def _clean_facts(rows: Sequence[Mapping[str, Any]]) -> Html:
    clean = [row for row in rows if row["severity"] == 0]
    return facts(
        {row["model"]: f"EER {interval_text(row)} over {row['clips']} clips" for row in clean}
    )


def _refitted_section(rows: Sequence[Mapping[str, Any]]) -> Html:
    return section(
        "Equal error rate, re-fitted under each condition",
        drawing(
            eer_curves(rows),
            "Equal error rate over severity, one panel per corruption; the table has the numbers.",
        ),
        note(
            "Each condition gets the threshold that suits it best, which no detector in use has: "
            "this is how well the scores still separate the classes. Bands: 95 % bootstrap "
            "intervals, resampling speakers."
        ),
    )


def _fixed_section(rows: Sequence[Mapping[str, Any]]) -> Html:
    return section(
        "Errors at the threshold fixed on clean clips",
        drawing(
            fixed_threshold_curves(rows),
            "False rejections and false acceptances over severity, one panel per corruption.",
        ),
        note(
            "The threshold is set once, where both errors are equal on the clean clips, and kept: "
            "this is what users of the detector meet."
        ),
    )


def _condition_table(rows: Sequence[Mapping[str, Any]]) -> Html:
    return table(
        [
            "Model",
            "Corruption",
            "Severity",
            "Parameters",
            "Clips",
            "Failed",
            "EER, re-fitted",
            "95 % interval",
            "False rejections",
            "False acceptances",
            "Decisions flipped",
            "Score shift",
        ],
        [
            [
                row["model"],
                row["corruption"],
                row["severity"],
                parameter_text(row["parameters"]),
                row["clips"],
                row["failed"],
                share_text(row["eer_refitted"]),
                _range_text(row["eer_low"], row["eer_high"]),
                share_text(row["false_rejection"]),
                share_text(row["false_acceptance"]),
                share_text(row["flipped"]),
                ABSENT if row["score_shift"] is None else f"{row['score_shift']:+.3g}",
            ]
            for row in rows
        ],
        "False rejections, false acceptances and flips are counted at the threshold fixed on clean "
        "clips. A score shift below zero sounds less human than the clean clip.",
    )


def _failure_section(failures: pa.Table) -> Html:
    shown = failures.slice(0, MOST_FAILURES).to_pylist()
    left_out = failures.num_rows - len(shown)
    listed = table(
        ["Clip", "Model", "Corruption", "Severity", "Why"],
        [
            [row[name] for name in ("clip", "model", "corruption", "severity", "error")]
            for row in shown
        ],
        f"{left_out} more are in the sweep's files." if left_out else "",
    )
    clips = len(set(failures["clip"].to_pylist()))
    return section(
        "Failed",
        details(f"{failures.num_rows} scores of {clips} clips are missing", listed),
    )
