"""What drift rows say per condition; made from the rows each time, never stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from xaudio.metrics.intervals import ANYWHERE, SHARES, ValueRange
from xaudio.sweeps.conditions import CLEAN
from xaudio.sweeps.explanation_drift.clustered import SAMPLES, Draws
from xaudio.sweeps.explanation_drift.comparing import MEASURES
from xaudio.sweeps.explanation_drift.rows import (
    CORRUPTED,
    PHASE_RANDOMISED,
    RANDOMISED_MODEL,
    REPEATED,
    SHIFTED,
    SHUFFLED,
)

GROUP = ("model", "method", "corruption", "severity")
DECISIONS = ("all", "kept", "flipped")
OF_THE_SCORE = ("score_drift", "score_drift_spreads")
CORRELATIONS = ValueRange(-1.0, 1.0)
NOT_NEGATIVE = ValueRange(0.0)
RANGES = {
    **dict.fromkeys(
        ("earth_mover_seconds", "evidence_mover_seconds", "peak_seconds"), NOT_NEGATIVE
    ),
    **dict.fromkeys(OF_THE_SCORE, NOT_NEGATIVE),
    **dict.fromkeys(("spearman", "cosine", "tile_spearman", "tile_cosine"), CORRELATIONS),
    **dict.fromkeys(("top_overlap", "tile_top_overlap", "inside_clean", "inside"), SHARES),
    "inside_change": CORRELATIONS,
}
BASELINES = {
    "shuffled": SHUFFLED,
    "phase_randomised": PHASE_RANDOMISED,
    "randomised_model": RANDOMISED_MODEL,
    "shifted": SHIFTED,
    "repeated": REPEATED,
}

DRIFT_TABLE_SCHEMA = pa.schema(
    [
        ("model", pa.string()),
        ("method", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("parameters", pa.string()),
        ("decision", pa.string()),
        ("measure", pa.string()),
        ("clips", pa.int64()),
        ("failed", pa.int64()),
        ("median", pa.float64()),
        ("mean", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        *((name, pa.float64()) for name in BASELINES),
    ]
)


def drift_table(rows: pa.Table, *, samples: int = SAMPLES, seed: int = 0) -> pa.Table:
    """How far explanations and scores drift; one row per condition, decision and measure.

    Args:
        rows: From `decided_rows`.
        samples: Bootstrap replicates.
        seed: Of the bootstrap.

    Returns:
        The columns of `DRIFT_TABLE_SCHEMA`. `decision` splits the clips: ``all``, those decided
        as when clean (``kept``) and the others (``flipped``). `clips` have the measure, `failed`
        could not be compared. `mean` stands with its 95 % interval, clustered by speaker. The last
        columns are the means of the same measure on the same clips for maps that say how to read
        it. From below: chance twice, and the model with random weights. From above, of the clean
        clip: half a cell later and carried back, and a second run of a method that draws random
        numbers. What a condition cannot tell is null.
    """
    found = _Rows.of(rows)
    summaries = []
    for group in found.groups():
        draws = Draws.of(found.cluster[group], samples, seed)
        for decision in DECISIONS:
            chosen = found.decided(group, decision)
            summaries += [
                _summary(found, group, chosen, draws, decision, measure)
                for measure in (*MEASURES, *OF_THE_SCORE)
            ]
    return pa.Table.from_pylist(summaries, schema=DRIFT_TABLE_SCHEMA)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Drift rows as arrays, and where each clip's baselines stand.

    Attributes:
        table: The rows.
        values: The measures, NaN where there is none.
        kept: Whether the decision was kept; NaN where nothing is known.
        cluster: The speaker; a clip whose speaker nobody knows is one of its own.
        place: Row numbers by group, comparison, repeat and clip.
    """

    table: pa.Table
    values: dict[str, Float[np.ndarray, " rows"]]
    kept: Float[np.ndarray, " rows"]
    cluster: np.ndarray
    keys: list[tuple[Any, ...]]
    place: dict[tuple[Any, ...], int]

    @classmethod
    def of(cls, rows: pa.Table) -> "_Rows":
        columns = (*GROUP, "comparison", "repeat", "clip")
        keys = list(zip(*(rows[name].to_pylist() for name in columns), strict=True))
        speaker = pc.binary_join_element_wise("speaker", rows["speaker"], ":")
        alone = pc.binary_join_element_wise("clip", rows["clip"], ":")
        return cls(
            rows,
            {name: _numbers(rows[name]) for name in (*MEASURES, *OF_THE_SCORE)},
            _numbers(pc.cast(rows["kept"], pa.float64())),
            pc.coalesce(speaker, alone).to_numpy(zero_copy_only=False),
            keys,
            {key: place for place, key in enumerate(keys)},
        )

    def groups(self) -> Iterator[Int[np.ndarray, " group"]]:
        """Rows of corrupted clips, condition by condition, in order."""
        found: dict[tuple[Any, ...], list[int]] = {}
        for place, key in enumerate(self.keys):
            if key[len(GROUP)] == CORRUPTED:
                found.setdefault(key[: len(GROUP)], []).append(place)
        yield from (np.array(found[group]) for group in sorted(found))

    def decided(
        self, group: Int[np.ndarray, " group"], decision: str
    ) -> Bool[np.ndarray, " group"]:
        """Which clips of the group were decided so."""
        if decision == "all":
            return np.ones(len(group), dtype=bool)
        return self.kept[group] == (1.0 if decision == "kept" else 0.0)

    def beside(
        self, group: Int[np.ndarray, " group"], comparison: str, measure: str
    ) -> float | None:
        """The mean of a measure for a baseline of the same clips."""
        places = [self.place.get(self._baseline(self.keys[row], comparison)) for row in group]
        values = self.values[measure][[place for place in places if place is not None]]
        values = values[np.isfinite(values)]
        return float(values.mean()) if len(values) else None

    def _baseline(self, key: tuple[Any, ...], comparison: str) -> tuple[Any, ...]:
        """Where the baseline of a row stands; two of them are of the clean clip alone."""
        model, method, corruption, severity, _, repeat, clip = key
        if comparison in (SHIFTED, REPEATED):
            return model, method, CLEAN, 0, comparison, 0, clip
        return model, method, corruption, severity, comparison, repeat, clip


def _summary(
    found: _Rows,
    group: Int[np.ndarray, " group"],
    chosen: Bool[np.ndarray, " group"],
    draws: Draws,
    decision: str,
    measure: str,
) -> dict[str, Any]:
    values = np.where(chosen, found.values[measure][group], np.nan)
    there = values[np.isfinite(values)]
    mean, low, high = draws.mean(values, RANGES.get(measure, ANYWHERE))
    first = found.table.slice(int(group[0]), 1)
    of_score = measure in OF_THE_SCORE
    return {
        **{name: first[name][0].as_py() for name in (*GROUP, "parameters")},
        "decision": decision,
        "measure": measure,
        "clips": len(there),
        "failed": int((~np.isfinite(found.values["spearman"][group]))[chosen].sum()),
        "median": float(np.median(there)) if len(there) else None,
        "mean": mean,
        "low": low,
        "high": high,
        **{
            name: None if of_score else found.beside(group[chosen], comparison, measure)
            for name, comparison in BASELINES.items()
        },
    }


def _numbers(column: pa.ChunkedArray) -> Float[np.ndarray, " rows"]:
    return pc.fill_null(column, float("nan")).to_numpy()
