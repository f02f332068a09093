"""What an explanation says beside its picture: its parts, its looks, its fills, its accounts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from explainers.explanation import Explanation
from xaudio.reports import html

MOST_ROWS = 40
SMALL = 1e-3


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


def _parts(explanation: Explanation) -> html.Html | None:
    """Every named part with its standard error and significance, the heaviest first."""
    if not explanation.segment_names or explanation.segments is None:
        return None
    chance = explanation.provenance.get("significance", {})
    values, errors = explanation.relevance, explanation.standard_error
    number = "{:+.4g}" if explanation.signed else "{:.4g}"
    rows = []
    for part in np.argsort(-np.abs(values), kind="stable")[:MOST_ROWS]:
        name = explanation.segment_names[part]
        start, end = explanation.segments[part, :2]
        row = [name, f"{start:.2f}", f"{end:.2f}", number.format(values[part])]
        if errors is not None and errors.any():
            row.append(f"{errors[part]:.2g}")
        if chance:
            row.append(f"{chance['p_over_all_parts'][name]:.3f}")
        rows.append(row)
    head = ["Part", "From (s)", "To (s)", "Relevance"]
    head += ["Standard error"] if errors is not None and errors.any() else []
    head += [f"p against {chance['null']}"] if chance else []
    left = len(values) - len(rows)
    caption = f"The {len(rows)} that weigh most; {left} more are in the file." if left else ""
    return html.section("Part by part", html.table(head, rows, caption), *_fit(explanation))


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
