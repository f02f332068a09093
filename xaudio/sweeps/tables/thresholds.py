"""Where the best threshold goes under each condition, and what staying costs."""

from collections.abc import Sequence

import pyarrow as pa

from xaudio.sweeps.tables.conditions import PLACE, Row, ends
from xaudio.sweeps.tables.figures import difference
from xaudio.sweeps.tables.outcomes import Outcome, outcomes
from xaudio.sweeps.tables.sources import RowSource

THRESHOLD_SCHEMA = pa.schema(
    [
        *PLACE,
        *(
            (name, pa.float64())
            for name in (
                "clean_threshold",
                "best_threshold",
                "best_low",
                "best_high",
                "drift",
                "drift_low",
                "drift_high",
                "drift_spreads",
                "error_at_clean_threshold",
                "error_at_best_threshold",
            )
        ),
    ]
)


def threshold_table(
    rows: pa.Table | RowSource, *, samples: int = 1000, seed: int = 0, cluster: str = "speaker"
) -> pa.Table:
    """The threshold at which the error rates meet under each condition, beside the clean one.

    `drift` is the best threshold here minus the clean one, in units of the score, and
    `drift_spreads` in standard deviations of clean scores within a class. The interval of the drift
    counts the clean threshold's own uncertainty, with the same speakers in both. The two errors
    are the means of false rejections and false acceptances: their difference is what it costs to
    keep the threshold.

    Args:
        rows: Score rows of a detector, or a store to read them from.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together.

    Returns:
        The columns of `THRESHOLD_SCHEMA`, for the conditions with scores of both classes.
    """
    return thresholds_from(outcomes(rows, samples=samples, seed=seed, cluster=cluster))


def thresholds_from(found: Sequence[Outcome]) -> pa.Table:
    """The threshold table of outcomes."""
    clean = {each.place.model: each for each in found if each.place == each.place.clean}
    rows = [
        _row(each, clean[each.place.model])
        for each in sorted(found, key=lambda each: each.place)
        if each.value("threshold_drift") is not None
    ]
    return pa.Table.from_pylist(rows, schema=THRESHOLD_SCHEMA)


def _row(here: Outcome, clean: Outcome) -> Row:
    best, was = (each.figures["best_threshold"] for each in (here, clean))
    apart = difference(best, was)
    drift = None if apart is None else apart.interval()
    row: Row = here.place._asdict() | {
        "clean_threshold": here.value("clean_threshold"),
        "best_threshold": here.value("best_threshold"),
        "drift": here.value("threshold_drift"),
        "drift_low": None if drift is None else drift.low,
        "drift_high": None if drift is None else drift.high,
        "drift_spreads": here.value("threshold_drift_spreads"),
        "error_at_clean_threshold": here.value("error"),
        "error_at_best_threshold": here.value("eer_refitted"),
    }
    row["best_low"], row["best_high"] = ends(here, "best_threshold")
    return row
