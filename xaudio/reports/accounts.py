"""What an explanation says beside its picture: its parts, its looks, its fills, its accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from explainers.explanation import Explanation
from xaudio.reports import html
from xaudio.reports.elements import WeighedPart

MOST_ROWS = 40
SMALL = 1e-3
NULLS = {"scrambled": "p in scrambled clips", "randomised": "p in shuffled models"}


def accounts(explanation: Explanation) -> list[html.Html]:
    """All sections that this explanation gives rise to, most telling first."""
    made = [
        _looks(explanation),
        _parts(explanation),
        _fills(explanation),
        _ledger(explanation),
    ]
    return [section for section in made if section is not None]


def _looks(explanation: Explanation) -> html.Html | None:
    """The nested stretches of a replay."""
    looks: Sequence[Mapping[str, Any]] = explanation.provenance.get("looks", ())
    if not looks:
        return None
    rows = [
        (
            number,
            f"{look['start']:.3f}",
            f"{look['end']:.3f}",
            f"{look['worth']:+.4g}",
            f"{look['alone']:+.4g}",
            f"{look['without']:+.4g}",
        )
        for number, look in enumerate(looks, start=1)
    ]
    head = ["Look", "From (s)", "To (s)", "Worth", "Score of it alone", "Score without it"]
    caption = f"The score of the whole clip is {explanation.score:+.4g}."
    return html.section("Looking again, from coarse to fine", html.table(head, rows, caption))


def weighed_parts(explanation: Explanation) -> list[WeighedPart]:
    """Every named part, the heaviest first; none where parts have no names."""
    if not explanation.segment_names or explanation.segments is None:
        return []
    chances = explanation.provenance.get("significance", {}).get("p_over_all_parts", {})
    errors = explanation.standard_error
    drawn = errors is not None and bool(errors.any())
    return [
        WeighedPart(
            explanation.segment_names[part],
            float(explanation.segments[part, 0]),
            float(explanation.segments[part, 1]),
            float(explanation.relevance[part]),
            float(errors[part]) if errors is not None and drawn else None,
            chances.get(explanation.segment_names[part]),
        )
        for part in np.argsort(-np.abs(explanation.relevance), kind="stable")
    ]


def _parts(explanation: Explanation) -> html.Html | None:
    """Every named part with its standard error and significance."""
    parts = weighed_parts(explanation)
    if not parts:
        return None
    number = "{:+.4g}" if explanation.signed else "{:.4g}"
    columns = {"Part": [part.name for part in parts]}
    if len({(part.start, part.end) for part in parts}) > 1:
        columns["From (s)"] = [f"{part.start:.2f}" for part in parts]
        columns["To (s)"] = [f"{part.end:.2f}" for part in parts]
    columns["Relevance"] = [number.format(part.relevance) for part in parts]
    if parts[0].standard_error is not None:
        columns["Standard error"] = [f"{part.standard_error:.2g}" for part in parts]
    if parts[0].chance is not None:
        null = explanation.provenance["significance"]["null"]
        columns[NULLS[null]] = [f"{part.chance:.3f}" for part in parts]
    rows = [*zip(*columns.values(), strict=True)][:MOST_ROWS]
    left = len(parts) - len(rows)
    caption = f"The {len(rows)} that weigh most; {left} more are in the file." if left else ""
    return html.section("Part by part", html.table([*columns], rows, caption), *_fit(explanation))


def _fit(explanation: Explanation) -> list[html.Html]:
    fit, settled = (explanation.provenance.get(name) for name in ("fit", "settled"))
    told = []
    if fit is not None:
        told.append(f"The surrogate explains {fit:.0%} of the variance of the scores.")
    if settled is not None:
        told.append(
            "The ranking settled before the evaluations ran out."
            if settled
            else "The ranking had not settled when the evaluations ran out: allow more."
        )
    return [html.note(" ".join(told))] if told else []


def _fills(explanation: Explanation) -> html.Html | None:
    """How far the fills agree."""
    alike = explanation.provenance.get("fills")
    if not alike:
        return None
    least = alike["least_alike"]
    facts = {
        "Rank correlation between fills, mean": f"{alike['rank_correlation']:.2f}",
        f"Least alike: {least['fills']}": f"{least['rank_correlation']:.2f}",
        "Parts to which all fills give the same sign": f"{alike['sign']:.0%}",
        "Share of the variance that is the fill's": f"{alike['share_of_variance']:.0%}",
    }
    return html.section("How far it depends on the fill", html.facts(facts))


def _ledger(explanation: Explanation) -> html.Html | None:
    """Where all of the score went."""
    if not explanation.ledger:
        return None
    entries = {"the clip": explanation.total, **explanation.ledger}
    size = max(map(abs, entries.values())) or 1.0
    small = sum(one for one in entries.values() if abs(one) < SMALL * size)
    rows = [(name, f"{one:+.4g}") for name, one in entries.items() if abs(one) >= SMALL * size]
    rows.sort(key=lambda row: -abs(float(row[1])))
    if small:
        rows.append(("smaller amounts, together", f"{small:+.2g}"))
    rows.append(("in all", f"{sum(entries.values()):+.4g}"))
    note = f"The score that is explained is {explanation.score:+.4g}."
    return html.section(
        "Where all of the score went", html.table(["What", "Amount"], rows), html.note(note)
    )
