"""From values over time to tables: how well every look finds the stretches, and at what cost.

Means over clips; the 95 % intervals draw whole clusters. Differences are paired clip by clip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from explainers.quality.localisation import LocalisationTable, measure_localisation
from explainers.quality.statistics import Estimate
from tests.benchmarks.removal_looks import CEILING, Look, Subject

AVERAGES = (0.0, 0.1, 0.25, 0.5)


class Section(NamedTuple):
    """Looks that belong in one table."""

    name: str
    looks: tuple[Look, ...]


@dataclass(frozen=True, eq=False)
class Study:
    """Clips and what was seen in each of them."""

    subjects: Sequence[Subject]
    found: Sequence[Mapping[str, Any]]

    @property
    def clusters(self) -> list[str]:
        return [one.cluster for one in self.subjects]

    @property
    def ceiling(self) -> list[str]:
        """The model's own evidence, where it has any."""
        return [CEILING] if all(f"frames: {CEILING}" in one for one in self.found) else []

    @cache  # noqa: B019 - a study lives as long as the program
    def table(self, title: str) -> LocalisationTable:
        """Every clip's measures under one look."""
        frames = [one[f"frames: {title}"] for one in self.found]
        return measure_localisation(
            frames, [one.stretches for one in self.subjects], averages=AVERAGES
        )

    def areas(self, title: str) -> dict[float, Estimate]:
        """Frame ROC-AUC after averaging over so many seconds."""
        table = self.table(title)
        return {one: table.estimate("roc-auc", one, self.clusters) for one in AVERAGES}

    def above(self, title: str, other: str, average: float) -> Estimate:
        """Paired difference."""
        table = self.table(title)
        return table.difference(self.table(other), "roc-auc", average, self.clusters)

    def mean(self, kind: str, title: str) -> float:
        return float(np.mean([float(one[f"{kind}: {title}"]) for one in self.found]))


def study_text(study: Study, sections: Sequence[Section], reference: Look) -> str:
    """Everything as markdown, a table for each section."""
    scores = np.array([float(one["score"]) for one in study.found])
    lines = [
        f"{len(study.subjects)} clips in {len(set(study.clusters))} clusters; "
        f"{(scores > 0).mean():.1%} of them detected. Frame ROC-AUC in frames of 20 ms, raw and",
        "averaged over longer stretches, with 95 % intervals that draw whole clusters; differences",
        f"are paired, to `{reference.title}`.",
        "",
        *_table(study, [*study.ceiling, reference.title], reference),
    ]
    for section in sections:
        titles = [look.title for look in section.looks]
        lines += ["", f"## {section.name}", "", *_table(study, titles, reference)]
    return "\n".join(lines) + "\n"


def _table(study: Study, titles: Sequence[str], reference: Look) -> list[str]:
    heads = [
        "look",
        "evaluations",
        "raw",
        "0.1 s",
        "0.25 s",
        "0.5 s",
        "raw, above",
        "0.25 s, above",
    ]
    lines = [_line(heads), _line(["---"] * len(heads))]
    for title in titles:
        areas = study.areas(title)
        own = title == CEILING
        lines.append(
            _line(
                [
                    title,
                    "" if own else f"{study.mean('evaluations', title):.0f}",
                    _interval(areas[0.0]),
                    f"{areas[0.1].mean:.3f}",
                    _interval(areas[0.25]),
                    f"{areas[0.5].mean:.3f}",
                    *(_signed(study.above(title, reference.title, one)) for one in (0.0, 0.25)),
                ]
            )
        )
    return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _interval(one: Estimate) -> str:
    return f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _signed(one: Estimate) -> str:
    return f"{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
