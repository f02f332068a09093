"""Rows as a sweep's condition table holds them."""

from typing import Any

import pyarrow as pa


def conditions(
    models: tuple[str, ...] = ("lcnn",), corruptions: tuple[str, ...] = ("mp3", "echo")
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
            "clean_threshold": 0.3,
            "false_rejection": 0.05 + 0.1 * severity,
            "false_acceptance": 0.05,
            "flipped": 0.04 * severity,
            "score_shift": -0.5 * severity,
        }
        for number, model in enumerate(models)
        for corruption, severities in [("clean", [0]), *((name, [1, 3, 5]) for name in corruptions)]
        for severity in severities
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
