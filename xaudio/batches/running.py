"""Do a batch: explain what is not there yet, one clip after the other; a failure is a row."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from xaudio.audio import Clip
from xaudio.batches.overview import write_overview
from xaudio.batches.plan import OF_THE_ROW, BatchPlan, Piece, Question
from xaudio.batches.store import BATCH_SCHEMA, BatchStore
from xaudio.datasets.manifest import ManifestRow
from xaudio.datasets.sound import read_row
from xaudio.explained import ExplainedClip
from xaudio.explaining import explain_clip
from xaudio.reports.elements import Stretch
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.scoring import reason

FOLDER = "explained"


def explain_batch(
    plan: BatchPlan,
    store: BatchStore,
    *,
    progress: Listener | None = None,
) -> BatchStore:
    """Explain every clip of a plan by every method; what the store has stays.

    Args:
        plan: What is asked for.
        store: Where it goes. Killed at any moment, the same plan goes on there.
        progress: Told after every explanation; raise from it to stop.

    Returns:
        The store, with its table and its page written.

    Raises:
        ExplanationError: The folder cannot be written to.
        SweepError: The disk is full, or the memory is too small for the model.
    """
    store.begin(plan.table())
    finished = store.cells.finished()
    waiting = [piece for piece in plan.pieces if piece.id not in finished]
    tally = Tally(len(waiting), len(plan.pieces), progress)
    for piece, clip in _opened(waiting):
        row = _row(piece, plan.question, clip, store.folder)
        rows = pa.Table.from_pylist([row], schema=BATCH_SCHEMA)
        store.cells.add(piece.id, rows)
        tally.count(rows)
    write_overview(store)
    return store


def _opened(pieces: list[Piece]) -> Iterator[tuple[Piece, Clip | str]]:
    """Each piece with its clip, or with why there is none; a clip is decoded once for all."""
    row: ManifestRow | None = None
    clip: Clip | str = ""
    for piece in pieces:
        if piece.row != row:
            row, clip = piece.row, _read(piece.row)
        yield piece, clip


def _read(row: ManifestRow) -> Clip | str:
    try:
        return read_row(row)
    except Exception as error:
        return reason(error)


def _row(piece: Piece, question: Question, clip: Clip | str, out: Path) -> dict[str, Any]:
    """One explanation, its files written; or why there is none."""
    started = time.perf_counter()
    known = {
        "cell": piece.id,
        "path": piece.row.path.as_posix(),
        "method": piece.method,
        "folder": piece.folder,
        "model": question.classifier.name,
        **{name: getattr(piece.row, name) for name in OF_THE_ROW},
    }
    if isinstance(clip, str):
        return {**known, "error": clip}
    try:
        explained = explained_by(piece.method, clip, question)
    except Exception as error:
        return {**known, "error": reason(error)}
    stretches = [Stretch(*times, "synthetic") for times in piece.row.segments]
    explained.save(out / FOLDER / piece.folder, stretches)
    return {**known, **_answer(explained), "seconds": time.perf_counter() - started}


def explained_by(method: str, clip: Clip, question: Question) -> ExplainedClip:
    """A clip explained by one of the question's methods."""
    return explain_clip(
        clip,
        question.classifier,
        question.explainers[method],
        question.target,
        threshold=question.threshold,
        model=question.model,
    )


def _answer(explained: ExplainedClip) -> dict[str, Any]:
    decision, strongest = explained.decision, explained.strongest(1)
    heaviest = vars(strongest[0]) if strongest else {}
    return {
        "target": explained.explanation.target,
        "target_value": explained.explanation.score,
        "decision": decision.label,
        "score": decision.score,
        "threshold": decision.threshold,
        **{f"strongest_{name}": value for name, value in heaviest.items()},
    }
