"""A sweep in sentences: what breaks which model, from which severity on, how sure that is."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from xaudio.reports.charts import distinct
from xaudio.reports.html import Html, escape, paragraph
from xaudio.reports.measures import ERRORS, REFITTED, Measure, Row, main_measure, share_text
from xaudio.reports.quantities import quantity_text

# Ours: below two percentage points nobody would speak of hiding.
HIDDEN = 0.02
MOST_NAMED = 6

Place = tuple[str, str, int]


def summary_sentences(
    conditions: Sequence[Row], differences: Mapping[Place, Row] | None = None
) -> dict[str, list[str]]:
    """A few sentences for each model.

    Args:
        conditions: Rows of a sweep's condition table.
        differences: Of conditions from the clean clips, tested, by model, corruption and severity.
            Without them a condition counts as worse where its interval lies above the clean one.
    """
    return {
        model: _about([row for row in conditions if row["model"] == model], differences or {})
        for model in distinct(row["model"] for row in conditions)
    }


def summary_part(sentences: Mapping[str, Sequence[str]]) -> Html:
    """The sentences as a list, model by model."""
    if not sentences:
        return paragraph("Nothing has been scored yet.")
    items = "".join(
        f"<li><strong>{escape(model)}</strong>: {escape(' '.join(said))}</li>"
        for model, said in sentences.items()
    )
    return Html(f'<ul class="summary">{items}</ul>')


def condition_text(row: Row) -> str:
    r"""A condition for people: its name, its severity and the physical parameter that this sets.

    >>> condition_text({"corruption": "opus", "severity": 5, "parameters": '{"bitrate_kbps": 8.0}'})
    'opus at severity 5 (bit rate 8\xa0kbit/s)'
    """
    if row["severity"] == 0:
        return "clean clips"
    first = next(iter(json.loads(row.get("parameters") or "{}").items()), None)
    asked = f" ({quantity_text(*first)})" if first is not None else ""
    return f"{row['corruption']} at severity {row['severity']}{asked}"


def _about(rows: Sequence[Row], differences: Mapping[Place, Row]) -> list[str]:
    measure = main_measure(rows)
    known = [row for row in rows if measure.of(row) is not None]
    clean = next((row for row in known if row["severity"] == 0), None)
    corrupted = [row for row in known if row["severity"] > 0]
    if not corrupted:
        return [_clean_alone(measure, clean), *_missing(rows)]
    worst = max(corrupted, key=lambda row: measure.of(row) or 0.0)
    return [
        _worst(measure, clean, worst),
        *_how_sure(differences.get(_place(worst))),
        *(_hidden(worst) if measure is ERRORS else []),
        *_which(corrupted, clean, measure, differences),
        *_missing(rows),
    ]


def _clean_alone(measure: Measure, clean: Row | None) -> str:
    if clean is None:
        return "no condition could be evaluated."
    return f"{measure.name} {measure.text(clean)} over {clean['clips']:,} clean clips."


def _worst(measure: Measure, clean: Row | None, worst: Row) -> str:
    where = f"under {condition_text(worst)}"
    if clean is None:
        return f"{measure.name} {measure.text(worst)} {where}, the worst of all conditions."
    if (measure.of(worst) or 0.0) <= (measure.of(clean) or 0.0):
        return (
            f"{measure.name} {measure.text(clean)} on clean clips; no condition is worse, the "
            f"nearest is {measure.text(worst)} {where}."
        )
    verb = "rises" if measure is REFITTED else "rise"
    return (
        f"{measure.name} {verb} from {measure.text(clean)} on clean clips to {measure.text(worst)} "
        f"{where}, the worst of all conditions{_kinds(worst)}."
    )


def _kinds(row: Row) -> str:
    """Which of the two errors it is, where both are known."""
    rejected, accepted = row.get("false_rejection"), row.get("false_acceptance")
    if rejected is None or accepted is None:
        return ""
    return f" ({share_text(rejected)} false rejections, {share_text(accepted)} false acceptances)"


def _how_sure(tested: Row | None) -> list[str]:
    """The paired difference from clean, where it was tested."""
    if tested is None:
        return []
    apart, low, high = (100 * tested[name] for name in ("difference", "low", "high"))
    return [
        f"On the same clips this is {apart:+.1f} points [{low:+.1f}, {high:+.1f}], "
        f"p {chance_text(tested['p_holm'])} after Holm's correction."
    ]


def chance_text(p: float) -> str:
    """A p-value for people.

    >>> chance_text(0.00004), chance_text(0.0312)
    ('< 0.001', '= 0.031')
    """
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _hidden(worst: Row) -> list[str]:
    """What a threshold re-fitted under the worst condition would have said."""
    errors, refitted = ERRORS.of(worst), REFITTED.of(worst)
    if errors is None or refitted is None:
        return []
    if errors - refitted >= HIDDEN:
        return [f"An EER re-fitted there hides part of it: {REFITTED.text(worst)}."]
    return [f"Another threshold would not help: the EER re-fitted there is {REFITTED.text(worst)}."]


def _which(
    rows: Sequence[Row], clean: Row | None, measure: Measure, differences: Mapping[Place, Row]
) -> list[str]:
    """From which severity on each corruption is worse than clean; and which are not."""
    breaks: list[str] = []
    holds: list[str] = []
    unknown: list[str] = []
    for name in distinct(row["corruption"] for row in rows):
        there = sorted(
            (row for row in rows if row["corruption"] == name), key=lambda row: row["severity"]
        )
        told = [_is_worse(row, clean, measure, differences) for row in there]
        if True in told:
            breaks.append(f"{name} from severity {there[told.index(True)]['severity']}")
        else:
            (unknown if None in told else holds).append(name)
    how = "beyond chance, after Holm's correction" if differences else "with intervals apart"
    said = []
    if breaks:
        said.append(f"Worse than clean {how}: {_listed(breaks)}.")
        said += [f"Not so at any severity: {_listed(holds)}."] if holds else []
    elif holds:
        said.append(f"No corruption is worse than clean {how}.")
    if unknown:
        said.append(f"Not tested: {_listed(unknown)}.")
    return said


def _is_worse(
    row: Row, clean: Row | None, measure: Measure, differences: Mapping[Place, Row]
) -> bool | None:
    if differences:
        tested = differences.get(_place(row))
        return None if tested is None else bool(tested["significant"] and tested["difference"] > 0)
    if clean is None or row.get(measure.low) is None or clean.get(measure.high) is None:
        return None
    return bool(row[measure.low] > clean[measure.high])


def _place(row: Row) -> Place:
    return row["model"], row["corruption"], row["severity"]


def _missing(rows: Sequence[Row]) -> list[str]:
    failed = sum(row["failed"] for row in rows)
    if not failed:
        return []
    return [f"{failed:,} scores are missing: see the failures below."]


def _listed(names: Sequence[Any]) -> str:
    """The names, the last few left out where there are many.

    >>> _listed(["a", "b"])
    'a, b'
    """
    shown = ", ".join(map(str, names[:MOST_NAMED]))
    left = len(names) - MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown
