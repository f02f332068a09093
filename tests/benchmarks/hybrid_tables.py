"""From values over time to tables: how well every look finds the stretches, and by how much more.

Means over clips; the 95 % intervals draw whole speakers. Differences are paired clip by clip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.ndimage import convolve1d

from explainers.quality.frames import STEP
from explainers.quality.localisation import (
    AVERAGES,
    LocalisationTable,
    measure_chance,
    measure_localisation,
)
from explainers.quality.statistics import Estimate, bootstrap_mean
from tests.benchmarks.hybrid_looks import CEILING, LOOKS
from xaudio.datasets.manifest import ManifestRow

COMPARED = (0.0, 0.5)
WINDOWS = (0.5, 1.0)
CHANCE = "chance"
Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """Clips and what was seen in each of them."""

    rows: Sequence[ManifestRow]
    found: Sequence[Mapping[str, np.ndarray]]

    @property
    def speakers(self) -> list[str]:
        return [row.speaker or row.clip for row in self.rows]

    @property
    def scores(self) -> np.ndarray:
        return np.array([float(one["score"]) for one in self.found])

    def detected(self) -> "Study":
        """Only the clips that the model takes for synthetic."""
        kept = np.flatnonzero(self.scores > 0)
        return Study([self.rows[i] for i in kept], [self.found[i] for i in kept])

    @cached_property
    def titles(self) -> list[str]:
        """What was seen in every clip: the ceiling, then look by look."""
        every = set.intersection(*({*one} for one in self.found))
        ours = [key.removeprefix("frames: ") for key in every if key.startswith("frames: ")]
        order = [look.title for look in LOOKS]
        return sorted(ours, key=lambda title: (order.index(look_of(title)), title))

    @cached_property
    def tables(self) -> dict[str, LocalisationTable]:
        """Every measure of every look, and of noise in its place."""
        segments = [row.segments for row in self.rows]
        measured = {
            title: measure_localisation([one[f"frames: {title}"] for one in self.found], segments)
            for title in self.titles
        }
        lengths = [len(one[f"frames: {self.titles[0]}"]) for one in self.found]
        return {CHANCE: measure_chance(lengths, segments, draws=10), **measured}

    def best_gradient(self, average: float) -> str | None:
        """The gradient method that finds the stretches best at this resolution."""
        rivals = self._of_family("gradient")
        areas = {title: self.tables[title].of("roc-auc", average).mean() for title in rivals}
        return max(areas, key=areas.__getitem__) if areas else None

    def row(self, title: str) -> Row:
        """All figures of one look."""
        table = self.tables[title]
        areas = {average: table.estimate("roc-auc", average, self.speakers) for average in AVERAGES}
        return {
            "look": title,
            "roc-auc": areas,
            "hann": {seconds: self._under_windows(title, seconds) for seconds in WINDOWS},
            "others": {name: table.of(name).mean() for name in table.metrics[1:]},
            "separation": {fill: self._separation(title, fill) for fill in self.fills},
            "separation above": {fill: self._separation_above(title, fill) for fill in self.fills},
            "above": {average: self._above(title, average) for average in COMPARED},
        }

    def _under_windows(self, title: str, seconds: float) -> float | None:
        """Frame ROC-AUC of the values under sliding Hann windows of so many seconds."""
        if title == CHANCE:
            return None
        smooth = [hann_average(one[f"frames: {title}"], seconds) for one in self.found]
        segments = [row.segments for row in self.rows]
        return float(measure_localisation(smooth, segments, averages=(0.0,)).of("roc-auc").mean())

    def _above(self, title: str, average: float) -> dict[str, Estimate]:
        """Paired differences to the best gradient method and to the ceiling."""
        rivals = {"gradient": self.best_gradient(average), "ceiling": CEILING}
        table = self.tables[title]
        return {
            name: table.difference(self.tables[rival], "roc-auc", average, self.speakers)
            for name, rival in rivals.items()
            if rival in self.tables and rival != title
        }

    @cached_property
    def fills(self) -> list[str]:
        """What replaced what was taken away."""
        keys = (key for one in self.found for key in one if key.startswith("separation "))
        return sorted({key.removeprefix("separation ").split(": ")[0] for key in keys})

    def separations(self, title: str, fill: str) -> dict[int, float]:
        """Deletion and insertion in one number, by the clips for which it was measured."""
        key = f"separation {fill}: {title}"
        return {number: float(one[key]) for number, one in enumerate(self.found) if key in one}

    def best_gradient_by_removal(self, fill: str) -> str | None:
        """The gradient method that removal confirms most."""
        means = {
            title: np.mean([*measured.values()])
            for title in self._of_family("gradient")
            if (measured := self.separations(title, fill))
        }
        return max(means, key=means.__getitem__) if means else None

    def _separation(self, title: str, fill: str) -> Estimate | None:
        return self._estimate(self.separations(title, fill))

    def _separation_above(self, title: str, fill: str) -> Estimate | None:
        """Paired difference to the best gradient method."""
        rival = self.best_gradient_by_removal(fill)
        if rival is None or rival == title:
            return None
        mine, theirs = self.separations(title, fill), self.separations(rival, fill)
        return self._estimate({one: mine[one] - theirs[one] for one in mine.keys() & theirs.keys()})

    def _estimate(self, values: Mapping[int, float]) -> Estimate | None:
        if not values:
            return None
        clusters = [self.speakers[number] for number in sorted(values)]
        return bootstrap_mean([values[number] for number in sorted(values)], clusters)

    def _of_family(self, family: str) -> list[str]:
        families = {look.title: look.family for look in LOOKS}
        return [title for title in self.titles if families[look_of(title)] == family]

    def accounts(self) -> dict[str, dict[str, float]]:
        """For each set of rules: medians of what reaches the samples and of what every sink takes.

        As shares of the score.
        """
        found: dict[str, dict[str, float]] = {}
        for look in LOOKS:
            if f"input: {look.title}" not in self.found[0]:
                continue
            kinds = {
                key.removesuffix(f": {look.title}")
                for one in self.found
                for key in one
                if key.endswith(f": {look.title}") and key.startswith(("input", "sink "))
            }
            found[look.title] = {
                kind.removeprefix("sink "): float(np.median(self._shares(kind, look.title)))
                for kind in sorted(kinds)
            }
        return found

    def _shares(self, kind: str, title: str) -> np.ndarray:
        amounts = [float(one.get(f"{kind}: {title}", 0.0)) for one in self.found]
        return np.array(amounts) / self.scores


def look_of(title: str) -> str:
    """The look whose reading this is."""
    fitting = [
        one.title for one in LOOKS if title == one.title or title.startswith(f"{one.title},")
    ]
    return max(fitting, key=len)


def hann_average(values: np.ndarray, seconds: float) -> np.ndarray:
    """Centred mean under a Hann window, over what lies in the clip."""
    window = np.hanning(2 * round(seconds / STEP / 2) + 3)[1:-1]
    covered = convolve1d(np.ones_like(values), window, mode="constant")
    return convolve1d(values, window, mode="constant") / covered


def study_rows(study: Study) -> list[Row]:
    """The figures of chance and of every look."""
    return [study.row(title) for title in study.tables]


def study_text(study: Study, rows: Sequence[Row], name: str) -> str:
    """One set of clips as markdown."""
    detected = float((study.scores > 0).mean())
    lines = [
        f"## {name}",
        "",
        f"{len(study.rows)} hybrids of {len(set(study.speakers))} speakers; {detected:.1%} of them "
        f"scored as synthetic. Frames of {1000 * STEP:.0f} ms.",
        "",
        *_areas_table(study, rows),
        "",
        *_differences_table(study, rows),
        "",
        *_accounts_table(study),
    ]
    return "\n".join(lines) + "\n"


def _areas_table(study: Study, rows: Sequence[Row]) -> list[str]:
    averages = [f"over {average:g} s" if average else "raw" for average in AVERAGES]
    averages += [f"Hann, {seconds:g} s" for seconds in WINDOWS]
    heads = ["frame ROC-AUC", *averages, "average precision", "relevance mass", "pointing"]
    heads += [f"separation, {fill}" for fill in study.fills]
    lines = _head(heads)
    for row in rows:
        cells = [
            _interval(area) if average in COMPARED else f"{area.mean:.3f}"
            for average, area in row["roc-auc"].items()
        ]
        others = [*row["hann"].values(), *row["others"].values()]
        cells += ["" if value is None else f"{value:.3f}" for value in others]
        cells += [_interval(row["separation"][fill]) for fill in study.fills]
        lines.append(_line([row["look"], *cells]))
    return lines


def _differences_table(study: Study, rows: Sequence[Row]) -> list[str]:
    rivals = [study.best_gradient(average) for average in COMPARED]
    heads = ["paired differences of frame ROC-AUC and separation"]
    for average, rival in zip(COMPARED, rivals, strict=True):
        at = f"over {average:g} s" if average else "raw"
        heads += [f"{at}, to {rival}", f"{at}, to the ceiling"]
    heads += [f"separation, {one}, to {study.best_gradient_by_removal(one)}" for one in study.fills]
    lines = _head(heads)
    for row in rows:
        cells = [
            _signed(row["above"][average].get(name))
            for average in COMPARED
            for name in ("gradient", "ceiling")
        ]
        cells += [_signed(row["separation above"][fill]) for fill in study.fills]
        lines.append(_line([row["look"], *cells]))
    return lines


def _accounts_table(study: Study) -> list[str]:
    accounts = study.accounts()
    kinds = sorted({kind for shares in accounts.values() for kind in shares} - {"input"})
    lines = _head(["median share of the score", "samples", *kinds])
    for title, shares in accounts.items():
        cells = [f"{shares.get(kind, 0.0):.3f}" for kind in ("input", *kinds)]
        lines.append(_line([title, *cells]))
    return lines


def _head(cells: Sequence[str]) -> list[str]:
    return [_line(cells), _line(["---"] * len(cells))]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _interval(one: Estimate | None) -> str:
    return "" if one is None else f"{one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"


def _signed(one: Estimate | None) -> str:
    return "" if one is None else f"{one.mean:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
