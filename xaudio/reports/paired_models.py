"""Which differences are beyond chance: model against model, corrupted against clean."""

from collections.abc import Sequence

from xaudio.reports.charts import Row, distinct
from xaudio.reports.html import Html, details, note, section, table
from xaudio.reports.measures import ABSENT, NO_BREAK, share_text
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.reports.sweep_summary import Place

MOST_PAIRS = 100
# The errors users meet where they are known, else what re-fitting leaves.
ERRORS = ("error", "eer_refitted")
NAMES = {
    "error": "errors at the deployed threshold",
    "eer_refitted": "re-fitted EER",
}


def from_clean(pairs: Sequence[Row]) -> dict[Place, Row]:
    """Differences of conditions from the clean clips, by model, corruption and severity.

    Args:
        pairs: Rows of a sweep's table of pairs.
    """
    tested = _asked(pairs, "clean")
    return {(row["model"], row["corruption"], row["severity"]): row for row in tested}


def comparisons(findings: SweepFindings) -> Html | None:
    """Differences with their intervals, and how sure the order of the models is."""
    pairs = findings.rows("pairs")
    parts = [
        *_models_apart(_asked(pairs, "models")),
        *_apart_from_clean(_asked(pairs, "clean")),
        *_ranks(findings.rows("ranks")),
        *_corruption_errors(findings.rows("corruption_errors")),
    ]
    return section("Which differences are beyond chance?", *parts) if parts else None


def _asked(pairs: Sequence[Row], comparison: str) -> list[Row]:
    """The rows of one comparison, by the error that users meet as far as there is one."""
    rows = [row for row in pairs if row["comparison"] == comparison]
    error = next((name for name in ERRORS if any(row["error"] == name for row in rows)), "")
    return [row for row in rows if row["error"] == error]


def _models_apart(rows: Sequence[Row]) -> list[Html]:
    if not rows:
        return []
    lines = []
    for model, other in distinct((row["model"], row["other_model"]) for row in rows):
        there = [row for row in rows if (row["model"], row["other_model"]) == (model, other)]
        better = sum(row["significant"] and row["difference"] < 0 for row in there)
        worse = sum(row["significant"] and row["difference"] > 0 for row in there)
        lines.append([model, other, len(there), better, worse, len(there) - better - worse])
    heads = ["Model", "against", "Conditions", "Fewer errors", "More errors", "Not told apart"]
    return [
        table(heads, lines),
        note(
            f"Compared are {NAMES[rows[0]['error']]} of two models on the same clips, drawn "
            "together, clean and corrupted. Counted is what holds after Holm's correction over "
            f"all {len(rows)} comparisons: that any of it is chance has a probability of 5 % at "
            "most. What is not told apart may still differ; the intervals say by how much."
        ),
        details("The differences one by one, the surest first", _differences(rows, "other_model")),
    ]


def _apart_from_clean(rows: Sequence[Row]) -> list[Html]:
    if not rows:
        return []
    worse = sum(row["significant"] and row["difference"] > 0 for row in rows)
    better = sum(row["significant"] and row["difference"] < 0 for row in rows)
    title = (
        f"Against clean: {worse} of {len(rows)} corrupted conditions have more errors, "
        f"{better} fewer"
    )
    return [details(title, _differences(rows, None))]


def _differences(rows: Sequence[Row], against: str | None) -> Html:
    surest = sorted(rows, key=lambda row: (row["p"], -abs(row["difference"])))
    shown = surest[:MOST_PAIRS]
    heads = ["Model", *(["against"] if against else []), "Corruption", "Severity"]
    left = len(rows) - len(shown)
    return table(
        [*heads, "Difference, points", "95 % interval", "p after Holm"],
        [
            [
                row["model"],
                *([row[against]] if against else []),
                row["corruption"],
                row["severity"],
                f"{100 * row['difference']:+.1f}",
                f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}",
                f"{row['p_holm']:.3g}",
            ]
            for row in shown
        ],
        f"In percentage points.{f' {left:,} more are in the tables.' if left else ''}",
    )


def _ranks(rows: Sequence[Row]) -> list[Html]:
    """Which model comes first under each condition, and in how many replicates."""
    error = next((name for name in ERRORS if any(row["error"] == name for row in rows)), "")
    asked = [row for row in rows if row["error"] == error]
    models = distinct(row["model"] for row in asked)
    if len(models) < 2:
        return []
    cells = {(row["corruption"], row["severity"], row["model"]): row for row in asked}
    lines = []
    for corruption, severity in distinct((row["corruption"], row["severity"]) for row in asked):
        there = [cells.get((corruption, severity, model)) for model in models]
        kept = next(row["order_kept"] for row in there if row is not None)
        lines.append([corruption, severity, *map(_rank, there), share_text(kept)])
    caption = (
        f"Ranks by {NAMES[error]}, 1 for the fewest; in brackets where 95 % of bootstrap "
        "replicates put the model, then in how many it comes first. Order kept: pairs of models "
        "that a replicate orders alike; 50 % is an order by chance."
    )
    listed = table(["Corruption", "Severity", *models, "Order kept"], lines, caption)
    return [details("How sure the order of the models is", listed)]


def _rank(row: Row | None) -> str:
    if row is None:
        return ABSENT
    middle = f"[{row['rank_low']:g}, {row['rank_high']:g}]"
    return NO_BREAK.join((f"{row['rank']:g}", middle + ",", f"{100 * row['first']:.0f} %"))


def _corruption_errors(rows: Sequence[Row]) -> list[Html]:
    """The mCE and its companions, over all corruptions."""
    overall = [row for row in rows if row["corruption"] == "all"]
    if len(distinct(row["model"] for row in overall)) < 2:
        return []  # a model counts 1 against itself
    lines = [
        [
            row["model"],
            NAMES[row["error"]],
            share_text(row["mean_error"]),
            _points(row["mean_change"]),
            _ratio(row["corruption_error"]),
            _ratio(row["relative_corruption_error"]),
            row["warning"] or "",
        ]
        for row in overall
    ]
    heads = ["Model", "Of", "Mean", "Mean change", "mCE", "Relative mCE", ""]
    caption = (
        f"Means over corruptions. mCE counts {overall[0]['reference']} as 1 (Hendrycks and "
        "Dietterich 2019); relative mCE compares what corruption adds to the clean errors. A ratio "
        "explodes where the reference hardly errs; the mean change, in points, does not."
    )
    return [table(heads, lines, caption)]


def _points(change: float | None) -> str:
    return ABSENT if change is None else f"{100 * change:+.1f}{NO_BREAK}points"


def _ratio(value: float | None) -> str:
    return ABSENT if value is None else f"{value:.2f}"
