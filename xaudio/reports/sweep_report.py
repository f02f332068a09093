"""A sweep as a page, in the order in which its reader asks.

What breaks which model, first in sentences; the matrix, the curves, the thresholds, calibration,
who is better than whom, which attacks, the explanations, measured quality; then every number, what
failed and what all of it was made from.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from xaudio.reports import sweep_sections as sections
from xaudio.reports.attack_cube import STYLE as CUBE_STYLE
from xaudio.reports.condition_rows import parameter_text
from xaudio.reports.heat import heat_style
from xaudio.reports.html import Html, page, paragraph
from xaudio.reports.measures import NO_BREAK, REFITTED, share_text
from xaudio.reports.paired_models import comparisons
from xaudio.reports.sweep_figures import Figures, sweep_figures
from xaudio.reports.sweep_findings import SweepFindings

__all__ = [
    "findings_report",
    "findings_sections",
    "interval_text",
    "parameter_text",
    "share_text",
    "sweep_report",
    "sweep_sections",
]


def findings_report(findings: SweepFindings, title: str = "Robustness") -> Html:
    """A self-contained page about a sweep.

    Args:
        findings: All that is to be told.
        title: Heading of the page.
    """
    style, *parts = findings_sections(findings)
    about = [paragraph(findings.about)] if findings.about else []
    return page(title, [style, *about, *_with_contents(parts)])


def findings_sections(findings: SweepFindings, figures: Figures | None = None) -> list[Html]:
    """The sections of `findings_report`, to stand in a page of one's own.

    Args:
        findings: All that is to be told.
        figures: Those of `sweep_figures`; drawn here if not given.
    """
    drawn = sweep_figures(findings) if figures is None else figures
    made = [
        sections.summary(findings),
        sections.matrix(findings),
        sections.curves(findings, drawn),
        sections.thresholds(findings, drawn),
        sections.calibration(drawn),
        comparisons(findings),
        sections.attacks(findings),
        sections.explanations(findings, drawn),
        sections.quality(findings, drawn),
        sections.every_condition(findings),
        sections.failures(findings),
        sections.provenance(findings),
    ]
    style = Html(f"{heat_style()}<style>{CUBE_STYLE}{STYLE}</style>")
    return [style, *(part for part in made if part is not None)]


def _with_contents(parts: Sequence[Html]) -> list[Html]:
    """The sections, after a line of links to them."""
    titles = [part[part.index("<h2>") + 4 : part.index("</h2>")] for part in parts]
    links = "".join(f'<a href="#part-{n}">{title}</a>' for n, title in enumerate(titles))
    named = [
        Html(part.replace("<section>", f'<section id="part-{n}">', 1))
        for n, part in enumerate(parts)
    ]
    return [Html(f'<nav class="contents" aria-label="Contents">{links}</nav>'), *named]


def sweep_report(conditions: pa.Table, failures: pa.Table, title: str = "Robustness") -> Html:
    """A self-contained page about a sweep of which only the condition table is known.

    Args:
        conditions: A sweep's condition table (`xaudio.sweeps.condition_table`).
        failures: Its score rows without a score.
        title: Heading of the page.
    """
    return findings_report(SweepFindings(conditions, failures), title)


def sweep_sections(conditions: pa.Table, failures: pa.Table) -> list[Html]:
    """The sections of `sweep_report`, to stand in a page of one's own."""
    return findings_sections(SweepFindings(conditions, failures))


def interval_text(row: Mapping[str, Any]) -> str:
    """The re-fitted equal error rate with its interval, in per cent.

    >>> interval_text({"eer_refitted": 0.042, "eer_low": 0.03, "eer_high": 0.0561})
    '4.2 % [3.0, 5.6]'
    """
    return REFITTED.text(row).replace(NO_BREAK, " ")


STYLE = """
main { overflow-wrap: anywhere; }
table { overflow-wrap: normal; }
.summary { padding-left: 1.2rem; max-width: 75ch; }
.summary li { margin: .6rem 0; }
figure[role="img"] { overflow-x: auto; }
td { max-width: 26rem; overflow-wrap: break-word; }
.contents { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 1rem 0; font-size: .925rem; }
.contents a { color: var(--accent); }
"""
