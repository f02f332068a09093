"""One model's scores under one condition, and what is held fixed from its clean ones."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int, UInt8

from xaudio.errors import MetricError
from xaudio.metrics import eer_threshold
from xaudio.metrics.calibration import AffineMap, fit_logistic
from xaudio.metrics.thresholds import spread_within_classes
from xaudio.sweeps.tables.clips import Clips
from xaudio.sweeps.tables.sources import Place, RowSource, valid_rows


@dataclass(frozen=True, eq=False)
class Scored:
    """The rows of a model under a condition that have a score, repeats one after the other.

    Attributes:
        clips: All clips of the sweep.
        clip: Which clip each row is about.
        repeat: Which draw of the corruption's random numbers it heard.
        score: What the model gave it, higher for bona fide; a classifier's margin.
        decided: The label it says, as a number in `labels`; -1 for one that is not among them.
        labels: What the model has said about clean clips.
        failed: Which clip each row without a score is about.
    """

    clips: Clips
    clip: Int[np.ndarray, " row"]
    repeat: Int[np.ndarray, " row"]
    score: Float[np.ndarray, " row"]
    decided: Int[np.ndarray, " row"]
    labels: pa.Array
    failed: Int[np.ndarray, " failed"]

    @property
    def is_bonafide(self) -> Bool[np.ndarray, " row"]:
        """Which rows are about human speech."""
        return self.clips.is_bonafide[self.clip]

    @property
    def has_both_classes(self) -> bool:
        """Whether there are scores of bona fide and of spoofed clips."""
        if not self.clips.is_detection:
            return False
        bonafide = int(self.is_bonafide.sum())
        return 0 < bonafide < len(self.score)

    @property
    def heard(self) -> UInt8[np.ndarray, " byte"]:
        """Which clips of the sweep have a score, a bit each."""
        there = np.zeros(len(self.clips), dtype=bool)
        there[self.clip] = True
        return np.packbits(there)

    def only(self, heard: UInt8[np.ndarray, " byte"]) -> "Scored":
        """The rows about these clips, a bit each."""
        inside = np.unpackbits(heard, count=len(self.clips)).astype(bool)[self.clip]
        names = ("clip", "repeat", "score", "decided")
        return replace(self, **{name: getattr(self, name)[inside] for name in names})

    def fewest_clusters(self, cluster: Int[np.ndarray, " clip"]) -> int:
        """How many clusters the rows come from; of two classes the fewer.

        Args:
            cluster: Of each clip of the sweep.
        """
        kinds = [self.is_bonafide, ~self.is_bonafide] if self.has_both_classes else [slice(None)]
        return min(len(np.unique(cluster[self.clip[kind]])) for kind in kinds)

    def by_class(self) -> tuple[Float[np.ndarray, " bonafide"], Float[np.ndarray, " spoof"]]:
        """Scores of bona fide clips, and of spoofed ones."""
        return self.score[self.is_bonafide], self.score[~self.is_bonafide]


def scored(source: RowSource, where: Place, clips: Clips, labels: pa.Array | None = None) -> Scored:
    """Read what a model made of a condition.

    Args:
        source: The sweep.
        where: Model and condition.
        clips: All clips of the sweep.
        labels: By which decisions are numbered; those found here if not given.
    """
    rows, failed = valid_rows(source, where)
    decided = (
        rows["decided"] if "decided" in rows.column_names else pa.nulls(len(rows), pa.string())
    )
    if labels is None:
        labels = pc.drop_null(pc.unique(decided))
    number = pc.fill_null(pc.index_in(decided, value_set=labels), -1)
    return Scored(
        clips=clips,
        clip=clips.positions(rows["clip"]),
        repeat=rows["repeat"].to_numpy(),
        score=rows["score"].to_numpy(),
        decided=number.to_numpy(),
        labels=labels,
        failed=clips.positions(failed["clip"]),
    )


@dataclass(frozen=True, eq=False)
class CleanReference:
    """What a model's clean scores fix for all conditions.

    Attributes:
        score: Of each clip of the sweep; not a number where it has none.
        decided: The label it says about each clip, as a number; -1 where it says none.
        labels: What the numbers stand for.
        threshold: Where its error rates meet; None without scores of both classes.
        spread: Standard deviation of its scores within the classes, pooled; likewise.
        calibrator: Its scores' logistic map to log-likelihood ratios; likewise, and None where all
            scores are equal.
    """

    score: Float[np.ndarray, " clip"]
    decided: Int[np.ndarray, " clip"]
    labels: pa.Array
    threshold: float | None = None
    spread: float | None = None
    calibrator: AffineMap | None = None


def clean_reference(clean: Scored) -> CleanReference:
    """Fix threshold, spread and calibrator on a model's clean scores."""
    score = np.full(len(clean.clips), np.nan)
    score[clean.clip] = clean.score
    decided = np.full(len(clean.clips), -1)
    decided[clean.clip] = clean.decided
    if not clean.has_both_classes:
        return CleanReference(score, decided, clean.labels)
    bonafide, spoof = clean.by_class()
    return CleanReference(
        score,
        decided,
        clean.labels,
        threshold=eer_threshold(bonafide, spoof),
        spread=spread_within_classes(bonafide, spoof),
        calibrator=_calibrator(bonafide, spoof),
    )


def _calibrator(
    bonafide: Float[np.ndarray, " bonafide"], spoof: Float[np.ndarray, " spoof"]
) -> AffineMap | None:
    try:
        return fit_logistic(bonafide, spoof)
    except MetricError:  # all scores are equal: there is nothing to learn from them
        return None


@dataclass(frozen=True, eq=False)
class Decisions:
    """What was decided about each row, a detector by its clean threshold.

    Attributes:
        wrong: Otherwise than the label says.
        heard_clean: Whether the clip has a clean score to be compared with.
        was_wrong: Wrong when clean, of those that have been heard clean.
        flipped: Otherwise than when clean.
    """

    wrong: Bool[np.ndarray, " row"]
    heard_clean: Bool[np.ndarray, " row"]
    was_wrong: Bool[np.ndarray, " row"]
    flipped: Bool[np.ndarray, " row"]


def decisions(here: Scored, clean: CleanReference) -> Decisions | None:
    """Decide every row; None for a detector whose threshold no clean scores fix.

    A detector accepts at the clean threshold and above. Any other classifier says the label of its
    largest logit, and is right where the margin is above zero.
    """
    before = clean.score[here.clip]
    heard_clean = ~np.isnan(before)
    if not here.clips.is_detection:
        flipped = heard_clean & (here.decided != clean.decided[here.clip])
        return Decisions(here.score <= 0, heard_clean, before <= 0, flipped)
    if clean.threshold is None:
        return None
    wrong = (here.score >= clean.threshold) != here.is_bonafide
    was_wrong = (before >= clean.threshold) != here.is_bonafide
    return Decisions(wrong, heard_clean, was_wrong, heard_clean & (wrong != was_wrong))
