"""A long recording as a page: its windows over time, the runs, the lowest windows to listen to."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xaudio.audio import Clip, wav_bytes
from xaudio.folders import filled_whole
from xaudio.long_recordings.clock import clock
from xaudio.long_recordings.explaining import ExplainedRecording
from xaudio.long_recordings.window_scores import NO_VERDICT, WindowScores
from xaudio.provenance import plain, versions
from xaudio.reports import html

NOT_SCORED = "not scored"
MOST_RUNS = 200  # rows of a table a person may read
READING = (
    "Each window was scored as a clip of its own. It stands for the time halfway to its "
    "neighbours; with overlapping windows a border is known to about half a window."
)


def recording_page(
    scores: WindowScores,
    relevance: ExplainedRecording | None = None,
    lowest: Sequence[Clip] = (),
) -> html.Html:
    """The whole page, which needs nothing beside itself.

    Args:
        scores: What was said of the windows.
        relevance: What weighed, where it was asked.
        lowest: The windows of `scores.lowest`, to listen to.
    """
    from xaudio.long_recordings.picture import scores_chart
    from xaudio.reports.charts import page_svg

    said = list(scores.sentences())
    chart = page_svg(scores_chart(scores, relevance), "scores")
    shown = html.drawing(chart, f"Score of every window of {scores.name} over time.")
    accounts = [html.section("What weighs", *_relevance(relevance))] if relevance else []
    return html.page(
        scores.name,
        [
            *(html.paragraph(sentence) for sentence in said[:-1]),
            html.note(NO_VERDICT),
            html.section("Over time", shown, html.note(READING)),
            *accounts,
            *([html.section("The lowest windows", _sounds(scores, lowest))] if lowest else []),
            html.section("One side after the other", *_runs(scores)),
            html.section("How it was made", html.facts(_facts(scores))),
        ],
        subtitle="A long recording, window by window.",
    )


def save(
    folder: str | Path,
    scores: WindowScores,
    relevance: ExplainedRecording | None = None,
    lowest: Sequence[Clip] = (),
) -> dict[str, Path]:
    """Write page, tables and summary into `folder`, all of them or none.

    Returns:
        The paths by what they hold: ``report``, ``windows`` (Parquet), ``runs`` (labels as
        Audacity reads them), ``summary`` (JSON) and, where it was asked, ``relevance``.

    Raises:
        ExplanationError: The folder cannot be written to, or the disk is full.
    """
    import pyarrow.parquet as pq

    names = {
        "report": "report.html",
        "windows": "windows.parquet",
        "runs": "runs.txt",
        "summary": "summary.json",
        **({"relevance": "relevance.npz"} if relevance is not None else {}),
    }
    with filled_whole(folder, "The windows") as aside:
        page = recording_page(scores, relevance, lowest)
        (aside / names["report"]).write_text(page, encoding="utf-8")
        pq.write_table(scores.table, aside / names["windows"])
        (aside / names["runs"]).write_text(_label_track(scores), encoding="utf-8")
        text = json.dumps(summary(scores, relevance), indent=2, ensure_ascii=False)
        (aside / names["summary"]).write_text(text + "\n", encoding="utf-8")
        if relevance is not None:
            relevance.explanation.save(aside / names["relevance"])
    return {what: Path(folder) / name for what, name in names.items()}


def summary(scores: WindowScores, relevance: ExplainedRecording | None = None) -> dict[str, Any]:
    """What was found as JSON can hold it."""
    found = {
        "recording": scores.name,
        "sha256": scores.digest,
        "seconds": scores.seconds,
        "decode_chain": scores.decode_chain,
        "model": scores.model,
        "threshold": scores.threshold,
        "window": scores.window,
        "hop": scores.hop,
        "windows": len(scores),
        "labels": scores.counts,
        "labels_in_speech": scores.counts_in_speech,
        "remarks": scores.remarks,
        "lowest": scores.lowest(5),
        "runs": [vars(run) for run in scores.runs()],
        "note": NO_VERDICT,
        "versions": versions(),
    }
    if relevance is not None:
        explanation = relevance.explanation
        found["relevance"] = {
            "method": explanation.method,
            "target": explanation.target,
            "windows": len(relevance.table),
            "total": explanation.total,
            "score": explanation.score,
            "ledger": explanation.ledger,
        }
    document: dict[str, Any] = plain(found)
    return document


def _relevance(relevance: ExplainedRecording) -> list[html.Html]:
    explanation = relevance.explanation
    strongest = [
        (clock(start), clock(end), f"{weight:+.4g}")
        for start, end, weight in explanation.strongest(10, 1.0)
    ]
    rows = [("relevance", explanation.total), *explanation.ledger.items()]
    sums = [(name, f"{amount:+.4g}") for name, amount in rows]
    return [
        html.paragraph(
            f"{explanation.method} for {explanation.target}, {len(relevance.table):,} windows. "
            f"{explanation.provenance['merging']}"
        ),
        html.table(["From", "To", "Relevance"], strongest, "The seconds that weigh most."),
        html.details(
            "Where the windows' scores went",
            html.table(["Part", "Amount"], [*sums, ("in all", f"{explanation.score:+.4g}")]),
        ),
    ]


def _sounds(scores: WindowScores, lowest: Sequence[Clip]) -> html.Html:
    named = zip(scores.lowest(len(lowest)), lowest, strict=True)
    return html.columns(
        *(
            html.audio(
                wav_bytes(clip.samples, clip.sample_rate),
                f"{clock(row['start'])} to {clock(row['end'])}: {row['score']:.2f}, {row['label']}",
            )
            for row, clip in named
        )
    )


def _runs(scores: WindowScores) -> list[html.Html]:
    runs = scores.runs()
    rows = [
        (
            clock(run.start),
            clock(run.end),
            run.label or NOT_SCORED,
            run.windows,
            run.speech,
            "" if run.lowest is None else f"{run.lowest:.2f}",
            "" if run.highest is None else f"{run.highest:.2f}",
        )
        for run in runs[:MOST_RUNS]
    ]
    heads = ["From", "To", "Label", "Windows", "of them like speech", "Lowest", "Highest"]
    left = len(runs) - len(rows)
    more = [html.note(f"{left:,} more are in windows.parquet and runs.txt.")] if left else []
    return [html.table(heads, rows), *more]


def _facts(scores: WindowScores) -> dict[str, object]:
    facts = {
        "Recording": scores.name,
        "SHA-256 of its bytes": scores.digest,
        "Length": clock(scores.seconds),
        "Decoding": " → ".join(scores.decode_chain),
        "Model": scores.model,
        "Threshold": scores.threshold,
        "Windows": f"{scores.window:g} s every {scores.hop:g} s",
        "Versions": ", ".join(f"{name} {found}" for name, found in versions().items()),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _label_track(scores: WindowScores) -> str:
    """Start, end and name in columns, as Audacity and others import them."""
    lines = [
        f"{run.start:.3f}\t{run.end:.3f}\t{run.label or 'not scored'}" for run in scores.runs()
    ]
    return "\n".join(lines) + "\n"
