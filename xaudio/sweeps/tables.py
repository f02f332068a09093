"""What the score rows say, per model and condition; made from the rows each time, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.metrics.eer import eer_interval, eer_threshold
from xaudio.sweeps.plan import CLEAN

GROUP = ("model", "corruption", "severity")

CONDITION_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("parameters", pa.string()),
        ("clips", pa.int64()),
        ("failed", pa.int64()),
        ("eer_refitted", pa.float64()),
        ("eer_low", pa.float64()),
        ("eer_high", pa.float64()),
        ("clean_threshold", pa.float64()),
        ("false_rejection", pa.float64()),
        ("false_acceptance", pa.float64()),
        ("flipped", pa.float64()),
        ("score_shift", pa.float64()),
    ]
)


def condition_table(rows: pa.Table, *, samples: int = 1000, seed: int = 0) -> pa.Table:
    """How well each model does under each condition; one row per model, corruption and severity.

    Two views stand beside each other. `eer_refitted` gives every condition a threshold of its
    own, which no deployed detector has; its 95 % interval is clustered by speaker. At the threshold
    fixed where the clean clips' error rates meet, `clean_threshold`, a clip is accepted as human
    when its score reaches it: `false_rejection` and `false_acceptance` are what users will
    see, `flipped` is the share of clips decided otherwise than when clean. `score_shift` is the
    mean change of a clip's score from clean; below zero it sounds less human.

    Args:
        rows: Score rows of a store.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.

    Returns:
        The columns of `CONDITION_SCHEMA`. What a condition cannot tell, for want of a class or
        of clean scores, is null.
    """
    order = [(name, "ascending") for name in (*GROUP, "clip")]
    table = rows.sort_by(order)
    groups = [table.slice(start, stop - start) for start, stop in _runs(table)]
    clean = {
        _first(group, "model"): _scored(group)
        for group in groups
        if _first(group, "corruption") == CLEAN
    }
    summaries = []
    for group in groups:
        scored = _scored(group)
        summary = {name: _first(group, name) for name in (*GROUP, "parameters")}
        summary["clips"] = len(scored.score)
        summary["failed"] = group["score"].null_count
        summary |= _refitted(scored, samples, seed)
        summary |= _against_clean(scored, clean.get(summary["model"]))
        summaries.append(summary)
    return pa.Table.from_pylist(summaries, schema=CONDITION_SCHEMA)


@dataclass(frozen=True, eq=False)
class _Scored:
    """The clips of one condition that have a score, sorted by clip."""

    clip: np.ndarray
    score: np.ndarray
    is_bonafide: np.ndarray
    cluster: np.ndarray

    @property
    def has_both_classes(self) -> bool:
        return bool(self.is_bonafide.any() and not self.is_bonafide.all())


def _scored(group: pa.Table) -> _Scored:
    there = group.filter(pc.is_valid(group["score"]))
    # A clip whose speaker nobody knows is a speaker of its own.
    known = pc.binary_join_element_wise("speaker", there["speaker"], ":")
    alone = pc.binary_join_element_wise("clip", there["digest"], ":")
    return _Scored(
        clip=_array(there["clip"]),
        score=_array(there["score"]),
        is_bonafide=_array(pc.equal(there["label"], "bonafide")),
        cluster=_array(pc.coalesce(known, alone)),
    )


def _runs(table: pa.Table) -> Iterator[tuple[int, int]]:
    """Where each model, corruption and severity begins and ends in a sorted table."""
    if not table.num_rows:
        return
    keys = [_array(table[name]) for name in GROUP]
    changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), table.num_rows]
    yield from pairwise(edges)


def _refitted(scored: _Scored, samples: int, seed: int) -> dict[str, float]:
    """The equal error rate at this condition's own best threshold."""
    if not scored.has_both_classes:
        return {}
    human = scored.is_bonafide
    interval = eer_interval(
        scored.score[human],
        scored.score[~human],
        bonafide_clusters=scored.cluster[human],
        spoof_clusters=scored.cluster[~human],
        samples=samples,
        seed=seed,
    )
    return {"eer_refitted": interval.value, "eer_low": interval.low, "eer_high": interval.high}


def _against_clean(scored: _Scored, clean: _Scored | None) -> dict[str, float]:
    """What the threshold fixed on clean clips does here, and where the scores went."""
    if clean is None or not len(clean.score):
        return {}
    place = np.searchsorted(clean.clip, scored.clip).clip(max=len(clean.clip) - 1)
    paired = clean.clip[place] == scored.clip
    before, after = clean.score[place[paired]], scored.score[paired]
    found = {"score_shift": float(np.mean(after - before))} if paired.any() else {}
    if not clean.has_both_classes:
        return found
    threshold = eer_threshold(clean.score[clean.is_bonafide], clean.score[~clean.is_bonafide])
    found["clean_threshold"] = threshold
    if paired.any():
        found["flipped"] = float(np.mean((after >= threshold) != (before >= threshold)))
    rejected = scored.score < threshold
    if scored.is_bonafide.any():
        found["false_rejection"] = float(np.mean(rejected[scored.is_bonafide]))
    if not scored.is_bonafide.all():
        found["false_acceptance"] = float(np.mean(~rejected[~scored.is_bonafide]))
    return found


def _first(group: pa.Table, column: str) -> Any:
    return group[column][0].as_py()


def _array(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy()
