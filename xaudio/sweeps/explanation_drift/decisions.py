"""What became of the decisions: drift rows beside the thresholds that the clean scores fix.

Thresholds hang on all clips of a sweep and change with them, so they are no part of a stored row:
they are worked out when rows are read.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.classifiers.labels import BONAFIDE, SPOOF
from xaudio.metrics.eer import eer_threshold
from xaudio.sweeps.conditions import CLEAN

DETECTOR_TARGET = f"{SPOOF} - {BONAFIDE}"


def decided_rows(rows: pa.Table, scores: pa.Table) -> pa.Table:
    """Drift rows with what became of each clip's decision and how far its score moved.

    Args:
        rows: Drift rows.
        scores: Score rows of the same sweep; its clean ones fix threshold and spread. Without a
            model's clean scores of both classes its threshold is 0, where its own decision
            changes; without two clean scores at all the spread is that of the rows' clips.

    Returns:
        The rows and these columns; null where a row has no score:

        - `threshold`: of a detector, where the clean clips' error rates meet; else 0;
        - `spread`: standard deviation of the model's clean scores;
        - `kept`: whether the clip is decided as when clean, a detector's at the threshold;
        - `lead_clean`, `lead`: by how far the score lies on the side where it was when clean;
        - `score_drift`: how far it moved, and `score_drift_spreads`: in units of the spread.
    """
    models = _array(rows["model"])
    before, after = _array(rows["score_clean"]), _array(rows["score"])
    threshold, spread = np.zeros(len(models)), np.full(len(models), np.nan)
    for model in np.unique(models.astype(str)):
        own = models == model
        clean = scores.filter((pc.field("model") == model) & (pc.field("corruption") == CLEAN))
        is_detector = DETECTOR_TARGET in rows["target"].filter(pa.array(own)).to_pylist()
        threshold[own] = _threshold(clean) if is_detector else 0.0
        spread[own] = _spread(clean, rows.filter(pa.array(own)))
    side = np.where(before >= threshold, 1.0, -1.0)
    lead_clean, lead = side * (before - threshold), side * (after - threshold)
    known = np.isfinite(lead) & np.isfinite(lead_clean)
    same_side = np.where(side > 0, after >= threshold, after < threshold)
    at_threshold = _array(pc.fill_null(pc.equal(rows["target"], DETECTOR_TARGET), False))
    same_label = _array(pc.fill_null(pc.equal(rows["decided"], rows["decided_clean"]), False))
    moved = np.abs(after - before)
    added = {
        "threshold": threshold,
        "spread": spread,
        "kept": np.where(at_threshold, same_side, same_label).astype(bool),
        "lead_clean": lead_clean,
        "lead": lead,
        "score_drift": moved,
        "score_drift_spreads": np.divide(moved, spread, where=spread > 0, out=moved * np.nan),
    }
    for name, values in added.items():
        unknown = ~known | (np.isnan(values) if values.dtype.kind == "f" else False)
        rows = rows.append_column(name, pa.array(values, mask=unknown))
    return rows


def _threshold(clean: pa.Table) -> float:
    """Where the error rates meet; 0 without both classes."""
    bonafide, spoof = (
        _array(clean.filter(pc.field("label") == label)["score"].drop_null())
        for label in (BONAFIDE, SPOOF)
    )
    return eer_threshold(bonafide, spoof) if len(bonafide) and len(spoof) else 0.0


def _spread(clean: pa.Table, rows: pa.Table) -> float:
    scores = _array(clean["score"].drop_null())
    if len(scores) < 2:
        once = rows.group_by("clip").aggregate([("score_clean", "max")])
        scores = _array(once["score_clean_max"].drop_null())
    return float(np.std(scores)) if len(scores) > 1 else np.nan


def _array(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy()
