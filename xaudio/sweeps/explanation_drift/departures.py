"""Does relevance leave the artefact before the score does?

Asked of clips with annotated synthetic stretches that are taken for spoofed when clean and whose
evidence lies there more than evenly. Both sides are told on one scale, as what is left of the clean
value: of the evidence inside the stretches beyond their share of the time, and of the score's lead
over the threshold. 1 is as clean, 0 is nothing: relevance spread evenly, a score at the threshold.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from xaudio.sweeps.explanation_drift.clustered import SAMPLES, Draws
from xaudio.sweeps.explanation_drift.rows import CORRUPTED

GROUP = ("model", "method", "corruption", "severity")
HALF = 0.5

DEPARTURE_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("method", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("clips", pa.int64()),
        ("kept", pa.float64()),
        ("relevance_left", pa.float64()),
        ("relevance_left_low", pa.float64()),
        ("relevance_left_high", pa.float64()),
        ("score_left", pa.float64()),
        ("score_left_low", pa.float64()),
        ("score_left_high", pa.float64()),
        ("difference", pa.float64()),
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
    ]
)

FIRST_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("method", pa.string()),
        ("corruption", pa.string()),
        ("clips", pa.int64()),
        ("relevance_first", pa.int64()),
        ("score_first", pa.int64()),
        ("together", pa.int64()),
        ("neither", pa.int64()),
    ]
)


def departure_table(rows: pa.Table, *, samples: int = SAMPLES, seed: int = 0) -> pa.Table:
    """What is left of relevance and of the score, one row per model, method and condition.

    Args:
        rows: From `decided_rows`.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.

    Returns:
        The columns of `DEPARTURE_SCHEMA`. What is left is the clips' sum over the sum when clean.
        `difference` is relevance less score: below zero, relevance has gone further. Intervals
        are at 95 %, clustered by speaker; the difference is drawn on the same clips, paired.
    """
    found = []
    for group, members in _groups(asked_rows(rows), GROUP):
        relevance, score = (
            (np.array([row[now] for row in members]), np.array([row[clean] for row in members]))
            for now, clean in (("excess", "excess_clean"), ("lead", "lead_clean"))
        )
        draws = Draws.of([row["cluster"] for row in members], samples, seed)
        row = dict(zip(GROUP, group, strict=True))
        row |= {"clips": len(members), "kept": float(np.mean([one["kept"] for one in members]))}
        row |= _interval("relevance_left", draws.ratio(*relevance))
        row |= _interval("score_left", draws.ratio(*score))
        row |= _interval("difference", draws.difference(relevance, score))
        found.append(row)
    return pa.Table.from_pylist(found, schema=DEPARTURE_SCHEMA)


def first_to_leave(rows: pa.Table) -> pa.Table:
    """Clip by clip up the severities: which falls below half of its clean value first.

    Args:
        rows: From `decided_rows`.

    Returns:
        The columns of `FIRST_SCHEMA`: of how many clips (each repeat counted) relevance halves at a
        lower severity than the score's lead, of how many it is the other way round, of how many
        both halve at the same one, and of how many neither does at any.
    """
    counts: dict[tuple[Any, ...], dict[str, int]] = {}
    paths = _groups(asked_rows(rows), ("model", "method", "corruption", "repeat", "clip"))
    for (model, method, corruption, *_), members in paths:
        members.sort(key=lambda row: row["severity"])
        relevance = _halved([row["excess"] / row["excess_clean"] for row in members])
        score = _halved([row["lead"] / row["lead_clean"] for row in members])
        names = ("relevance_first", "score_first", "together", "neither")
        count = counts.setdefault((model, method, corruption), dict.fromkeys(names, 0))
        count[_first(relevance, score, len(members))] += 1
    return pa.Table.from_pylist(
        [
            {
                **dict(zip(GROUP[:3], group, strict=True)),
                "clips": sum(count.values()),
                **count,
            }
            for group, count in sorted(counts.items())
        ],
        schema=FIRST_SCHEMA,
    )


def asked_rows(rows: pa.Table) -> list[dict[str, Any]]:
    """The rows the question can be put to, with evidence beyond an even share, now and clean."""
    wanted = []
    for row in rows.to_pylist():
        known = (row["inside"], row["inside_clean"], row["lead"], row["lead_clean"])
        if row["comparison"] != CORRUPTED or row["severity"] == 0 or None in known:
            continue
        row["excess"] = row["inside"] - row["inside_chance"]
        row["excess_clean"] = row["inside_clean"] - row["inside_chance"]
        row["cluster"] = row["speaker"] or f"clip {row['clip']}"
        if row["excess_clean"] > 0 and row["lead_clean"] > 0 and _found(row):
            wanted.append(row)
    return wanted


def _found(row: dict[str, Any]) -> bool:
    """Whether the clean clip is taken for what it is, at the threshold where that decides."""
    if row["label"] == "spoof":
        return row["score_clean"] < row["threshold"]
    return row["decided_clean"] == row["label"]


def _groups(
    rows: list[dict[str, Any]], names: tuple[str, ...]
) -> Iterator[tuple[tuple[Any, ...], list[dict[str, Any]]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    yield from sorted(found.items())


def _halved(left: list[float]) -> int:
    """The place of the first value below a half; their number where there is none."""
    return next((place for place, value in enumerate(left) if value < HALF), len(left))


def _first(relevance: int, score: int, never: int) -> str:
    if relevance == score:
        return "neither" if relevance == never else "together"
    return "relevance_first" if relevance < score else "score_first"


def _interval(name: str, found: tuple[float | None, ...]) -> dict[str, float | None]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), found, strict=True))
