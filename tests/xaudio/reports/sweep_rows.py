"""Rows as a sweep's tables hold them."""

from typing import Any

import pyarrow as pa

from xaudio.reports.attack_cube import FlippedClip
from xaudio.reports.sweep_findings import SweepFindings


def conditions(
    models: tuple[str, ...] = ("lcnn",),
    corruptions: tuple[str, ...] = ("mp3", "echo"),
    severities: tuple[int, ...] = (1, 3, 5),
) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "corruption": corruption,
            "severity": severity,
            "parameters": f'{{"bitrate_kbps": {64.0 - severity}}}' if severity else "{}",
            "clips": 60,
            "failed": 0,
            "eer_refitted": 0.05 + 0.01 * severity**2 + 0.02 * number,
            "eer_low": 0.04 + 0.01 * severity**2 + 0.02 * number,
            "eer_high": 0.07 + 0.01 * severity**2 + 0.02 * number,
            "error": 0.05 + 0.05 * severity + 0.01 * number,
            "error_low": 0.04 + 0.05 * severity + 0.01 * number,
            "error_high": 0.08 + 0.05 * severity + 0.01 * number,
            "clean_threshold": 0.3,
            "false_rejection": 0.05 + 0.1 * severity,
            "false_acceptance": 0.05,
            "flipped": 0.04 * severity,
            "score_shift": -0.5 * severity,
            "cllr": 0.3 + 0.2 * severity,
            "min_cllr": 0.2 + 0.05 * severity,
        }
        for number, model in enumerate(models)
        for corruption, steps in [("clean", (0,)), *((name, severities) for name in corruptions)]
        for severity in steps
    ]


def failures(count: int, clip: str = "clip", error: str = "'x.wav' is empty.") -> pa.Table:
    return pa.table(
        {
            "clip": [f"{clip}{number}" for number in range(count)],
            "model": ["lcnn"] * count,
            "corruption": ["clean"] * count,
            "severity": [0] * count,
            "error": [error] * count,
        }
    )


def _place(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("model", "corruption", "severity")}


def pairs(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    clean = {row["model"]: row for row in rows if row["severity"] == 0}
    first = rows[0]["model"]
    against_clean = [
        {**_difference(row, clean[row["model"]]), "comparison": "clean"}
        for row in rows
        if row["severity"]
    ]
    models = [
        {**_difference(one, other), "comparison": "models"}
        for one in rows
        for other in rows
        if one["model"] == first != other["model"]
        and (one["corruption"], one["severity"]) == (other["corruption"], other["severity"])
    ]
    return models + against_clean


def _difference(row: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    apart = row["error"] - other["error"]
    p = 0.001 if abs(apart) > 0.1 else 0.4
    return _place(row) | {
        "other_model": other["model"],
        "error": "error",
        "value": row["error"],
        "other_value": other["error"],
        "difference": apart,
        "low": apart - 0.02,
        "high": apart + 0.02,
        "p": p,
        "p_holm": min(3 * p, 1.0),
        "significant": p < 0.01,
    }


def ranks(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    models = list(dict.fromkeys(row["model"] for row in rows))
    return [
        _place(row)
        | {
            "error": "error",
            "value": row["error"],
            "rank": 1.0 + models.index(row["model"]),
            "rank_low": 1.0,
            "rank_high": 2.0,
            "first": 0.75,
            "order_kept": 0.8,
            "tau_with_clean": 1.0,
        }
        for row in rows
    ]


def corruption_errors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "corruption": "all",
            "reference": rows[0]["model"],
            "error": "error",
            "severities": 6,
            "mean_error": 0.2,
            "corruption_error": 1.25,
            "relative_corruption_error": None,
            "mean_change": 0.15,
            "warning": "1 of 2 ratios rest on little",
        }
        for model in dict.fromkeys(row["model"] for row in rows)
    ]


def attacks(
    rows: list[dict[str, Any]], kinds: tuple[str | None, ...] = (None, "A07", "A08")
) -> list[dict[str, Any]]:
    return [
        _place(row)
        | {
            "label": "spoof" if attack else "bonafide",
            "attack": attack,
            "codec": codec,
            "clips": 20,
            "failed": 0,
            "error": min(row["error"] + 0.1 * number, 1.0),
            "error_low": row["error_low"],
            "error_high": min(row["error_high"] + 0.1 * number, 1.0),
            "eer_refitted": None,
            "flipped": 0.1,
            "score_shift": 0.0,
        }
        for row in rows
        for number, attack in enumerate(kinds)
        for codec in ("alaw", "none")
    ]


def thresholds(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _place(row)
        | {
            "clean_threshold": 0.3,
            "best_threshold": 0.3 + 0.2 * row["severity"],
            "best_low": 0.2 + 0.2 * row["severity"],
            "best_high": 0.4 + 0.2 * row["severity"],
            "drift": 0.2 * row["severity"],
            "drift_low": 0.2 * row["severity"] - 0.1,
            "drift_high": 0.2 * row["severity"] + 0.1,
            "drift_spreads": 0.1 * row["severity"],
            "error_at_clean_threshold": row["error"],
            "error_at_best_threshold": row["eer_refitted"],
        }
        for row in rows
    ]


def calibration(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _place(row)
        | {"bin": n, "clips": 9, "probability": p, "share": s, "low": s / 2, "high": (1 + s) / 2}
        for row in rows
        for n, (p, s) in enumerate([(0.1, 0.2), (0.5, 0.4), (0.9, 0.8)])
    ]


def drift(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _place(row)
        | {
            "method": "lrp",
            "parameters": "{}",
            "decision": decision,
            "clips": 16,
            "kept": 0.8,
            "score_drift": 0.2 * row["severity"],
            "score_drift_low": 0.1 * row["severity"],
            "score_drift_high": 0.3 * row["severity"],
            "explanation_drift": 0.1 * row["severity"],
            "explanation_drift_low": 0.05 * row["severity"],
            "explanation_drift_high": None if row["severity"] == 3 else 0.2 * row["severity"],
            "chance": 1.0,
            "randomised_model": 0.9,
            "repeated": None,
        }
        for row in rows
        for decision in ("kept", "flipped")
    ]


def departures(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        _place(row)
        | {
            "method": "lrp",
            "clips": 12,
            "kept": 0.9,
            **_ends("relevance_left", 0.4),
            **_ends("score_left", 0.8),
            **_ends("difference", -0.4 if row["severity"] == 5 else 0.0),
        }
        for row in rows
        if row["severity"]
    ]


def _ends(name: str, value: float) -> dict[str, float]:
    return {name: value, f"{name}_low": value - 0.1, f"{name}_high": value + 0.1}


def quality(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        row
        | {
            "snr_db": 40.0 - 5 * row["severity"] if row["severity"] else None,
            "pesq": None,
            "highest_hz": 8000.0 - 500 * row["severity"],
        }
        for row in rows
    ]


def flips(model: str = "lcnn", corruption: str = "mp3", **more: Any) -> FlippedClip:
    given = {
        "model": model,
        "corruption": corruption,
        "severity": 5,
        "clip": "clip-7",
        "label": "spoof",
        "attack": "A07",
        "codec": "alaw",
        "clean_score": -1.25,
        "score": 0.75,
        "threshold": 0.3,
        "clean_decision": "spoof",
        "decision": "bonafide",
    }
    return FlippedClip(**(given | more))


def findings(rows: list[dict[str, Any]], **more: Any) -> SweepFindings:
    """Everything there is to tell about the rows of a condition table."""
    tables = {
        "pairs": pairs,
        "ranks": ranks,
        "corruption_errors": corruption_errors,
        "attacks": attacks,
        "thresholds": thresholds,
        "calibration": calibration,
        "drift": drift,
        "departures": departures,
        "quality": quality,
    }
    given = {
        "conditions": pa.Table.from_pylist(rows),
        "failures": failures(0),
        **{name: pa.Table.from_pylist(make(rows)) for name, make in tables.items()},
        "flips": [flips(model=rows[0]["model"])],
        "models": {rows[0]["model"]: {"Weights, SHA-256": "0123456789abcdef"}},
        "facts": {"Clips": "60"},
    }
    return SweepFindings(**(given | more))
