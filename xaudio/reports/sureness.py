"""What a report's intervals rest on, in sentences."""

from xaudio.reports.sweep_findings import SweepFindings

# Ours: below ten speakers a bootstrap knows its own spread badly.
FEW = 10


def sureness(findings: SweepFindings) -> str:
    """What was redrawn for the intervals, and when that says too little."""
    said = f"In square brackets 95 % bootstrap intervals, {findings.drawn} resampled."
    return " ".join([said, *_doubts(findings)])


def bands(findings: SweepFindings) -> str:
    """What the bands of a figure are."""
    drawn = "speakers are resampled, not clips" if _has_speakers(findings) else "clips resampled"
    return f"Bands are 95 % bootstrap intervals; {drawn}."


def _doubts(findings: SweepFindings) -> list[str]:
    if not _has_speakers(findings):
        return ["No speaker is named: where clips share one, the intervals are too narrow."]
    known = [row["clusters"] for row in findings.rows("conditions") if row.get("clusters")]
    fewest = min(known, default=FEW)
    if fewest == 1:
        return [
            "All clips of a class are of one speaker: the intervals are about other clips of that "
            "speaker, not about other speakers."
        ]
    if fewest < FEW:
        return [
            f"They rest on {fewest} speakers of a class: they are wide, and small differences "
            "cannot be told."
        ]
    return []


def _has_speakers(findings: SweepFindings) -> bool:
    return findings.drawn == "speakers"
