"""The tables of a sweep as they are, with what their columns mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboards.markdown import literal
from xaudio.reports.charts import Row
from xaudio.reports.condition_rows import parameter_text
from xaudio.reports.paired_models import NAMES
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.sweep_views.narrowing import Part

MOST_FAILURES = 2000
SHARE = "percent"


def show_conditions(findings: SweepFindings, part: Part) -> None:
    """Every model under every condition."""
    rows = [
        {**row, "parameters": parameter_text(row["parameters"])}
        for row in part.of(findings.rows("conditions"))
    ]
    st.subheader("Every condition", anchor=False)
    shares = {
        "error": "Errors",
        "error_low": "from",
        "error_high": "to",
        "false_rejection": "False rejections",
        "false_acceptance": "False acceptances",
        "accuracy": "Accuracy",
        "eer_refitted": "EER, re-fitted",
        "eer_low": "from ",
        "eer_high": "to ",
        "flipped": "Flipped",
        "ece": "ECE",
    }
    numbers = {
        "score_shift": "Score shift",
        "min_dcf": "minDCF",
        "actual_dcf": "actDCF",
        "cllr": "Cllr",
        "min_cllr": "min Cllr",
    }
    counts = {"clips": "Clips", "failed": "Failed", "clusters": "Speakers"}
    _table(rows, {"parameters": "Parameters", **counts}, shares, numbers, key="conditions")
    st.caption(
        literal(
            "Errors, false rejections, false acceptances and flips are counted at the threshold "
            "fixed on the clean clips. From and to: 95 % bootstrap intervals, "
            f"{findings.drawn} resampled. A score shift below zero sounds less human."
        )
    )


def show_pairs(findings: SweepFindings, part: Part) -> None:
    """Differences between models, and from clean, tested."""
    st.subheader("Which differences are beyond chance?", anchor=False)
    rows = [row for row in part.of(findings.rows("pairs")) if row["error"] in NAMES]
    if not rows:
        st.info("There is nothing to compare yet.")
        return
    shown = [{**row, "error": NAMES[row["error"]], "against": _against(row)} for row in rows]
    shown.sort(key=lambda row: row["p_holm"])
    words = {"against": "Against", "error": "Compared"}
    shares = {"difference": "Difference", "low": "from", "high": "to"}
    _table(
        shown, words, shares, {"p_holm": "p after Holm"}, {"significant": "Beyond chance"},
        key="pairs",
    )  # fmt: skip
    st.caption(
        literal(
            "Differences of errors on the same clips, drawn together: of two models, or of one "
            "between corrupted and clean. From and to: 95 % bootstrap intervals, "
            f"{findings.drawn} resampled. Beyond chance is what holds after Holm's correction over "
            "all comparisons of a kind."
        )
    )


def _against(row: Row) -> str:
    return row["other_model"] if row["comparison"] == "models" else "clean clips"


def show_ranks(findings: SweepFindings, part: Part) -> None:
    """How sure the order of the models is."""
    rows = [row for row in part.of(findings.rows("ranks")) if row["error"] in NAMES]
    if len({row["model"] for row in rows}) < 2:
        return
    st.subheader("How sure is the order of the models?", anchor=False)
    shown = [{**row, "error": NAMES[row["error"]]} for row in rows]
    _table(
        shown,
        {"error": "Ranked by"},
        {"value": "Errors", "first": "Comes first", "order_kept": "Order kept"},
        {"rank": "Rank", "rank_low": "from", "rank_high": "to", "tau_with_clean": "tau with clean"},
        key="ranks",
    )
    st.caption(
        "Rank 1 has the fewest errors. From and to: where 95 % of the bootstrap replicates put the "
        "model; comes first: in how many it does. Order kept: pairs of models that a replicate "
        "orders alike; 50 % is an order by chance. tau: Kendall's, with the order on clean clips."
    )


def show_failures(findings: SweepFindings) -> None:
    """Scores that are missing, and why."""
    missing = findings.failures.num_rows
    if not missing:
        return
    st.subheader("Failed", anchor=False)
    names = ["clip", "model", "corruption", "severity", "error"]
    st.dataframe(
        findings.failures.select(names).slice(0, MOST_FAILURES).to_pylist(),
        hide_index=True,
        column_config={name: name.capitalize() for name in names} | {"error": "Why"},
        key="failures",
    )
    left = missing - MOST_FAILURES
    if left > 0:
        st.caption(f"{left:,} more are in the sweep's files.")


def _table(
    rows: Sequence[Row],
    words: Mapping[str, str],
    shares: Mapping[str, str],
    numbers: Mapping[str, str],
    flags: Mapping[str, str] | None = None,
    *,
    key: str,
) -> None:
    """Rows with the columns of which anything is known, under headings for people."""
    place = {"model": "Model", "corruption": "Corruption", "severity": "Severity"}
    headings = {**place, **words, **shares, **numbers, **(flags or {})}
    known = [name for name in headings if any(row.get(name) is not None for row in rows)]
    st.dataframe(
        [{name: row.get(name) for name in known} for row in rows],
        hide_index=True,
        column_config={name: _column(name, headings[name], shares, numbers) for name in known},
        key=key,
    )


def _column(name: str, heading: str, shares: Mapping[str, str], numbers: Mapping[str, str]) -> Any:
    if name in shares:
        return st.column_config.NumberColumn(heading, format=SHARE)
    if name in numbers:
        return st.column_config.NumberColumn(heading, format="%.3g")
    return heading
