"""How well each model does under each condition."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from xaudio.sweeps.tables.outcomes import Outcome, outcomes
from xaudio.sweeps.tables.sources import RowSource

Row = dict[str, Any]


def with_interval(name: str) -> list[tuple[str, pa.DataType]]:
    """Columns of a figure and of its 95 % interval."""
    return [(column, pa.float64()) for column in (name, f"{name}_low", f"{name}_high")]


PLACE = [("model", pa.string()), ("corruption", pa.string()), ("severity", pa.int32())]
INTERVALS = (
    "error",
    "false_rejection",
    "false_acceptance",
    "balanced_accuracy",
    "actual_dcf",
    "flipped",
    "accuracy",
)
VALUES = (
    "auc",
    "min_dcf",
    "clean_threshold",
    "best_threshold",
    "threshold_drift",
    "threshold_drift_spreads",
    "flipped_to_bonafide",
    "flipped_to_spoof",
    "flipped_to_wrong",
    "flipped_to_right",
    "cllr",
    "min_cllr",
    "ece",
    "score_shift",
)

CONDITION_SCHEMA = pa.schema(
    [
        *PLACE,
        ("parameters", pa.string()),
        ("clips", pa.int64()),
        ("failed", pa.int64()),
        ("clusters", pa.int64()),
        ("eer_refitted", pa.float64()),
        ("eer_low", pa.float64()),
        ("eer_high", pa.float64()),
        *(column for name in INTERVALS for column in with_interval(name)),
        *((name, pa.float64()) for name in VALUES),
    ]
)


def condition_table(
    rows: pa.Table | RowSource, *, samples: int = 1000, seed: int = 0, cluster: str = "speaker"
) -> pa.Table:
    """How well each model does under each condition; one row per model, corruption and severity.

    Two views stand beside each other. *Re-fitted*, every condition has a threshold of its own,
    which no deployed detector has: `eer_refitted` with its interval `eer_low` to `eer_high`,
    `auc`, `min_dcf`, `min_cllr`, `best_threshold`. *Fixed on clean clips*, where their error rates
    meet, at `clean_threshold`: a clip is accepted as human when its score reaches it.

    | column | |
    | --- | --- |
    | `clips`, `failed` | scores there are, and are missing, repeats counted |
    | `clusters` | how many speakers the intervals rest on, of two classes the fewer; a clip without
      one counts as one. With one alone they are about other clips of that speaker, not about other
      speakers, and much too narrow for that |
    | `error` | what users meet: mean of the two next; of other classifiers the share of mistakes |
    | `false_rejection`, `false_acceptance` | of bona fide and of spoofed clips |
    | `balanced_accuracy` | 1 - `error` |
    | `actual_dcf` | detection cost of ASVspoof 5 at the Bayes threshold of the logistic map from
      scores to log-likelihood ratios that was fitted on the clean clips |
    | `flipped` | share of clips decided otherwise than when clean; `flipped_to_bonafide` and
      `_spoof` say what they are called now, `flipped_to_wrong` and `_right` whether that is so |
    | `threshold_drift` | `best_threshold` - `clean_threshold`; in standard deviations of clean
      scores within a class: `threshold_drift_spreads` |
    | `cllr` | bits, by the map fitted on clean; `min_cllr` by the best map for this condition |
    | `ece` | calibration error of that map's probabilities over ten bins of equal width |
    | `score_shift` | mean change of a clip's score; below zero it sounds less human |
    | `accuracy` | of classifiers other than detectors |

    Columns that end in `_low` and `_high` are 95 % intervals from a bootstrap (see
    `xaudio.metrics.uncertainty.bootstrap.Bootstrap`): repeats of a clip and clips of a speaker are
    drawn together. What a condition cannot tell, for want of a class or of clean scores, is null.

    Args:
        rows: Score rows, or a store to read them from, one model and condition at a time.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.
        cluster: What clips share that are drawn together: speaker, attack, codec, source, clip.

    Returns:
        The columns of `CONDITION_SCHEMA`, sorted by model, corruption and severity.
    """
    return conditions_from(outcomes(rows, samples=samples, seed=seed, cluster=cluster))


def conditions_from(found: Sequence[Outcome]) -> pa.Table:
    """The condition table of outcomes."""
    rows = [_row(each) for each in sorted(found, key=lambda each: each.place)]
    return pa.Table.from_pylist(rows, schema=CONDITION_SCHEMA)


def _row(found: Outcome) -> Row:
    row: Row = found.place._asdict() | {
        "parameters": found.parameters,
        "clips": found.clips,
        "failed": found.failed,
        "clusters": found.clusters,
        "eer_refitted": found.value("eer_refitted"),
    }
    row["eer_low"], row["eer_high"] = ends(found, "eer_refitted")
    for name in INTERVALS:
        row[name] = found.value(name)
        row[f"{name}_low"], row[f"{name}_high"] = ends(found, name)
    return row | {name: found.value(name) for name in VALUES}


def ends(found: Outcome, name: str) -> tuple[float | None, float | None]:
    """Both ends of a figure's interval."""
    interval = found.interval(name)
    return (None, None) if interval is None else (interval.low, interval.high)
