"""Whether relevance leaves a synthetic stretch before the score does, as a table of a page."""

from xaudio.reports.charts import Row
from xaudio.reports.html import Html, details, paragraph, subsection, table
from xaudio.reports.measures import ABSENT, with_interval
from xaudio.reports.sweep_findings import SweepFindings


def departures_part(findings: SweepFindings) -> list[Html]:
    """A sentence and the numbers behind it; nothing where no clip has annotated stretches."""
    known = [row for row in findings.rows("departures") if row["difference"] is not None]
    if not known:
        return []
    first = sum(row["difference_high"] is not None and row["difference_high"] < 0 for row in known)
    last = sum(row["difference_low"] is not None and row["difference_low"] > 0 for row in known)
    said = (
        f"In {first} of {len(known)} conditions relevance had left the annotated stretches further "
        f"than the score had fallen, in {last} it was the other way round, and in "
        f"{len(known) - first - last} the 95 % interval of the difference holds zero. No "
        "correction was made for how many conditions there are."
    )
    rows = [
        [
            row["model"],
            row["method"],
            row["corruption"],
            row["severity"],
            row["clips"],
            _left(row, "relevance_left"),
            _left(row, "score_left"),
            _left(row, "difference"),
        ]
        for row in known
    ]
    heads = ["Model", "Method", "Corruption", "Severity", "Clips"]
    listed = table(
        [*heads, "Relevance left", "Score left", "Difference"],
        rows,
        "What is left of the clean value: of the evidence in annotated synthetic stretches beyond "
        "their share of the time, and of the score's lead over the threshold; 100 % is as clean, "
        f"0 is nothing. In brackets 95 % bootstrap intervals, {findings.drawn} resampled, the "
        "difference paired.",
    )
    title = "Does relevance leave the synthetic stretch before the score does?"
    return [subsection(title, paragraph(said), details("The numbers", listed))]


def _left(row: Row, name: str) -> str:
    if row[name] is None:
        return ABSENT
    return with_interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
