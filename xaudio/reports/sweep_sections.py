"""The sections of a report about a sweep: what each shows, in which units, what its bands are."""

from xaudio.reports.attack_cube import attack_cube
from xaudio.reports.charts import page_svg
from xaudio.reports.condition_rows import condition_rows, failure_rows
from xaudio.reports.departures import departures_part
from xaudio.reports.html import Html, details, drawing, facts, note, section, subsection, table
from xaudio.reports.measures import ERRORS, REFITTED, WRONG, main_measure
from xaudio.reports.model_matrix import model_matrix
from xaudio.reports.paired_models import from_clean
from xaudio.reports.sureness import bands, sureness
from xaudio.reports.sweep_figures import Figures
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.reports.sweep_summary import summary_part, summary_sentences
from xaudio.reports.threshold_drift import threshold_rows

PANELS = "One panel per corruption, clean clips at the left end, one line per model."


def summary(findings: SweepFindings) -> Html:
    """What breaks which model, in sentences."""
    rows = findings.rows("conditions")
    tested = from_clean(findings.rows("pairs"))
    threshold = (
        " The deployed threshold is the one at which both kinds of error are equal on the clean "
        "clips."
    )
    return section(
        "What breaks which model",
        *([note(findings.unfinished)] if findings.unfinished else []),
        summary_part(summary_sentences(rows, tested)),
        note(sureness(findings) + (threshold if main_measure(rows) is ERRORS else "")),
    )


def matrix(findings: SweepFindings) -> Html:
    """Models beside each other."""
    rows = findings.rows("conditions")
    measure = main_measure(rows)
    severities = sorted({row["severity"] for row in rows} - {0})
    steps = ", ".join(map(str, severities))
    return section(
        "Models under every corruption",
        model_matrix(rows, measure),
        note(
            f"{measure.name[0].upper()}{measure.name[1:]}, in per cent; in each cell from left to "
            f"right severity {steps}. Below them in brackets the 95 % interval at the harshest; "
            "the pointer shows all intervals. The costliest corruption comes first."
            if severities
            else f"{measure.name[0].upper()}{measure.name[1:]}, in per cent, on the clean clips."
        ),
    )


def curves(findings: SweepFindings, figures: Figures) -> Html | None:
    """Errors over severity."""
    parts: list[Html] = []
    measure = main_measure(findings.rows("conditions"))
    if "errors" in figures and measure is not REFITTED:
        what = (
            "The mean of false rejections and false acceptances at the threshold that was fixed "
            "once, where both are equal on the clean clips: what users of a detector meet."
            if measure is ERRORS
            else "Share of clips to which the model gives another label than they have."
        )
        title = f"{measure.name[0].upper()}{measure.name[1:]}"
        parts += _figure(figures, "errors", f"{what} {PANELS} {bands(findings)}", title)
    parts += _figure(
        figures,
        "rejections-and-acceptances",
        "The same errors apart, at the threshold fixed on clean clips: bona fide clips that are "
        "rejected, and synthetic ones that are accepted. Their intervals are in the table of all "
        "conditions.",
        "False rejections and false acceptances",
    )
    refitted = "errors" if measure is REFITTED else "eer"
    parts += _figure(
        figures,
        refitted,
        "Equal error rate, re-fitted: each condition gets the threshold that suits it best, which "
        "no detector in use has. This is how well the scores still separate the classes, and it "
        f"hides a threshold that no longer fits. {bands(findings)}",
        "Equal error rate, re-fitted under each condition",
    )
    return section("Errors over severity", *parts) if parts else None


def thresholds(findings: SweepFindings, figures: Figures) -> Html | None:
    """Where the best threshold goes."""
    if "threshold-drift" not in figures:
        return None
    return section(
        "Does the deployed threshold still fit?",
        *_figure(
            figures,
            "threshold-drift",
            "The best threshold under each condition less the deployed one, in standard deviations "
            "of the model's clean scores within a class. Above the dotted line the deployed "
            "threshold is too low and lets synthesis through; below, it is too high and rejects "
            f"human speech. {bands(findings)} They count the deployed threshold's own uncertainty.",
        ),
        details("The thresholds as numbers", threshold_rows(findings.rows("thresholds"))),
    )


def calibration(figures: Figures) -> Html | None:
    """What scores are worth as probabilities."""
    parts = [
        *_figure(
            figures,
            "cllr",
            "Cllr, in bits, of log-likelihood ratios by a map fitted on the clean clips, and min "
            "Cllr, by the best map for each condition. The gap between the two is lost "
            "calibration, min Cllr is lost separation; at the dotted line scores say no more than "
            "the prior.",
            "Cllr against min Cllr",
        ),
        *_figure(
            figures,
            "reliability",
            "Of the clips that are said to be synthetic with a probability (across), how many are "
            "(up), at each corruption's harshest severity; dotted, the same model on clean clips. "
            "On the diagonal what is said is true; below it, too many are called synthetic. Bands "
            "are exact 95 % intervals that count every clip as independent.",
            "Reliability, clean and corrupted",
        ),
    ]
    return section("Are the probabilities still true?", *parts) if parts else None


def attacks(findings: SweepFindings) -> Html | None:
    """Which kinds of clips go wrong, down to the clips."""
    rows = findings.rows("attacks")
    if not rows:
        return None
    heard = sum(1 for flip in findings.flips if flip.corrupted)
    hear = f" {heard} of them can be heard below their grid, clean and corrupted." if heard else ""
    lead = (
        " A number that is underlined leads to clips whose decision flipped, with their scores "
        f"before and after.{hear}"
        if findings.flips
        else ""
    )
    title, what = (
        ("Class by class", "Share of the clips of each class that are given another label.")
        if main_measure(findings.rows("conditions")) is WRONG
        else (
            "Attack by attack",
            "Share of clips that are decided wrongly at the threshold fixed on clean clips, in "
            "per cent: rejections of bona fide clips, acceptances of each attack.",
        )
    )
    return section(
        title,
        note(
            f"{what} In each cell severities rise from left to right; the pointer shows 95 % "
            f"intervals.{lead}"
        ),
        *attack_cube(rows, findings.flips),
    )


def explanations(findings: SweepFindings, figures: Figures) -> Html | None:
    """How far relevance moves."""
    if "explanation-drift" not in figures:
        return None
    clips = max(row["clips"] for row in findings.rows("drift"))
    return section(
        "Does the explanation survive?",
        *_figure(
            figures,
            "explanation-drift",
            "Each point is one condition; a larger one is harsher. Across: how far scores moved, "
            "in standard deviations of clean scores. Up: one less the rank correlation between the "
            "relevance of the clean clip and that of the corrupted one, carried back to the clean "
            "clip's time; 0 is unchanged. Full points are clips whose decision was kept, open ones "
            "those whose decision flipped. Dashed: relevance that knows nothing; dotted: the same "
            "method on the model with random weights. Lines through points are 95 % bootstrap "
            f"intervals, {findings.drawn} resampled, over at most {clips} clips; some run past the "
            "edge.",
        ),
        *departures_part(findings),
    )


def quality(findings: SweepFindings, figures: Figures) -> Html | None:
    """Errors against what was measured rather than asked."""
    names = [name for name in figures if name.startswith("quality-")]
    if not names:
        return None
    drawings = [
        _drawn(figures, name, f"Errors against measured {name.removeprefix('quality-')}")
        for name in names
    ]
    return section(
        "Errors against measured quality",
        *drawings,
        note(
            "A severity is what was asked for; here is what came out of it: the median over a "
            "sample of clips. One panel per model, one line per corruption, its points the "
            f"severities. Up: errors as above, over all clips. {bands(findings)}"
        ),
    )


def every_condition(findings: SweepFindings) -> Html:
    """All numbers."""
    rows = findings.rows("conditions")
    listed = condition_rows(rows, findings.drawn)
    return section(
        "Every condition",
        details(f"{len(rows)} rows: every model under every condition", listed),
    )


def failures(findings: SweepFindings) -> Html | None:
    """What has no score, and why."""
    if not findings.failures.num_rows:
        return None
    return section("Failed", failure_rows(findings.failures))


def provenance(findings: SweepFindings) -> Html | None:
    """What all of it was made from."""
    if not (findings.models or findings.facts):
        return None
    columns = list(dict.fromkeys(name for known in findings.models.values() for name in known))
    models = table(
        ["Model", *columns],
        [
            [name, *(known.get(column, "") for column in columns)]
            for name, known in findings.models.items()
        ],
    )
    return section(
        "What this was made from",
        *([models] if findings.models else []),
        facts(findings.facts),
    )


def _figure(figures: Figures, name: str, said: str, title: str = "") -> list[Html]:
    """A figure with what it shows below it, under a title where there are several."""
    if name not in figures:
        return []
    parts = [_drawn(figures, name, said), note(said)]
    return [subsection(title, *parts)] if title else parts


def _drawn(figures: Figures, name: str, said: str) -> Html:
    return drawing(page_svg(figures[name], name), said)
