"""The clips whose decision a corruption flipped, to be listened to."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.errors import SweepError
from xaudio.sweeps.tables.clips import Clips
from xaudio.sweeps.tables.scored import (
    CleanReference,
    Scored,
    clean_reference,
    decisions,
    scored,
)
from xaudio.sweeps.tables.sources import Place, RowSource, places_of, source_of

OF_THE_CLIP = ("clip", "digest", "label", "speaker", "attack", "codec", "path", "member")

FLIP_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in OF_THE_CLIP),
        ("repeat", pa.int32()),
        ("clean_score", pa.float64()),
        ("score", pa.float64()),
        ("score_shift", pa.float64()),
        ("clean_decision", pa.string()),
        ("decision", pa.string()),
    ]
)


def flipped_clips(
    rows: pa.Table | RowSource,
    model: str,
    corruption: str,
    severity: int,
    attack: str | None = None,
) -> pa.Table:
    """The clips decided otherwise than when clean, those whose score moved furthest first.

    A clip that was corrupted several times is there once for each time it flipped; `repeat` says
    which.

    Args:
        rows: Score rows, or a store to read them from. A store knows where the audio lies, in
            `path` (and `member`, inside an archive); of rows alone they are null.
        model: Whose decisions.
        corruption: Name of the condition.
        severity: Its severity.
        attack: Only clips of this attack.

    Returns:
        The columns of `FLIP_SCHEMA`.

    Raises:
        SweepError: The sweep has no such model or condition.
    """
    source = source_of(rows)
    place = Place(model, corruption, severity)
    if place not in places_of(source):
        raise SweepError(
            f"There are no scores of '{model}' under '{corruption}' at severity {severity}."
        )
    clips = Clips.of(source.clips())
    clean = clean_reference(scored(source, place.clean, clips))
    here = scored(source, place, clips, clean.labels)
    return _of_attack(_flips(here, clean), attack)


def _flips(here: Scored, clean: CleanReference) -> pa.Table:
    decided = decisions(here, clean)
    if decided is None:
        return FLIP_SCHEMA.empty_table()
    rows = np.flatnonzero(decided.flipped)
    shift = here.score[rows] - clean.score[here.clip[rows]]
    rows = rows[np.argsort(-np.abs(shift), kind="stable")]
    known = here.clips.table.take(here.clip[rows])
    columns = {
        name: known[name] if name in known.column_names else pa.nulls(len(rows), pa.string())
        for name in OF_THE_CLIP
    }
    columns["repeat"] = pa.array(here.repeat[rows], pa.int32())
    columns["clean_score"] = pa.array(clean.score[here.clip[rows]])
    columns["score"] = pa.array(here.score[rows])
    columns["score_shift"] = pc.subtract(columns["score"], columns["clean_score"])
    columns["clean_decision"], columns["decision"] = _said(here, clean, rows)
    return pa.table(columns, schema=FLIP_SCHEMA)


def _said(here: Scored, clean: CleanReference, rows: np.ndarray) -> tuple[pa.Array, pa.Array]:
    """The labels before and after."""
    places = here.clip[rows]
    if here.clips.is_detection:
        scores = (clean.score[places], here.score[rows])
        accepted = (each >= clean.threshold for each in scores)
        before, after = (pa.array(np.where(each, "bonafide", "spoof")) for each in accepted)
        return before, after
    numbers = (clean.decided[places], here.decided[rows])
    before, after = (clean.labels.take(pa.array(each, mask=each < 0)) for each in numbers)
    return before, after


def _of_attack(table: pa.Table, attack: str | None) -> pa.Table:
    return table if attack is None else table.filter(pc.equal(table["attack"], attack))
