"""Relevance as a table for a spreadsheet."""

import csv
import io

from explainers.explanation import Explanation

STEP = 0.01
MOST_ROWS = 100_000


def relevance_csv(explanation: Explanation) -> str:
    """Relevance of every part, where it lies on parts; else of every 10 ms.

    Times are in seconds, frequencies in hertz; the rows sum to the total. A clip of more than a
    quarter of an hour gets longer steps. The relevance as it is lies in the ``.npz`` file.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["start_s", "end_s", "low_hz", "high_hz", "relevance", "name"])
    parts = explanation
    if parts.segments is None:
        parts = explanation.over_time(max(STEP, explanation.seconds / MOST_ROWS))
    assert parts.segments is not None
    names = parts.segment_names or [""] * len(parts.relevance)
    for (start, end, low, high), value, name in zip(
        parts.segments, parts.relevance, names, strict=True
    ):
        table.writerow(
            [f"{start:.6f}", f"{end:.6f}", f"{low:.2f}", f"{high:.2f}", repr(float(value)), name]
        )
    return text.getvalue()
