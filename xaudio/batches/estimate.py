"""What a batch will take, told before it starts."""

import tempfile
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from xaudio.audio import Clip
from xaudio.batches.plan import BatchPlan, Piece
from xaudio.batches.running import explained_by
from xaudio.datasets.sound import read_row
from xaudio.errors import AudioError
from xaudio.sweeps.scoring import reason

MOST_TRIED = 12  # clips, until one can be read


@dataclass(frozen=True)
class BatchEstimate:
    """What is still to do, and what it will take.

    Attributes:
        clips: In all.
        pieces: Explanations in all.
        waiting: Those that are not done.
        seconds_each: Of one explanation, by method.
        wall_seconds: Of all that wait.
        disk_bytes: Of their files.
        failing: Methods that failed on the clip that was tried, and why.
    """

    clips: int
    pieces: int
    waiting: int
    seconds_each: dict[str, float]
    wall_seconds: float
    disk_bytes: float
    failing: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)


def estimate_batch(plan: BatchPlan, finished: Collection[str] = ()) -> BatchEstimate:
    """How long the explanations of a plan that are not done will take on this machine.

    One clip of middling length is explained and saved by every method; the rest is arithmetic.

    Args:
        plan: What is asked for.
        finished: Ids of the explanations that are done.
    """
    waiting = [piece for piece in plan.pieces if piece.id not in finished]
    clip = _probe(waiting)
    seconds: dict[str, float] = {}
    size: dict[str, float] = {}
    failing: dict[str, str] = {}
    for method in dict.fromkeys(piece.method for piece in waiting):
        if clip is None:
            failing["reading"] = "no clip that was tried can be read"
            break
        try:
            seconds[method], size[method] = _measured(method, clip, plan)
        except Exception as error:
            failing[method] = reason(error)
    return BatchEstimate(
        clips=plan.clips.num_rows,
        pieces=len(plan.pieces),
        waiting=len(waiting),
        seconds_each=seconds,
        wall_seconds=float(sum(seconds.get(piece.method, 0.0) for piece in waiting)),
        disk_bytes=float(sum(size.get(piece.method, 0.0) for piece in waiting)),
        failing=failing,
    )


def _probe(pieces: list[Piece]) -> Clip | None:
    """Of the clips that can be read, of a few, the one of middling length."""
    rows = list({piece.row.digest: piece.row for piece in pieces}.values())
    clips = []
    for row in rows[:: max(1, len(rows) // MOST_TRIED)][:MOST_TRIED]:
        try:
            clips.append(read_row(row))
        except AudioError:
            continue
    clips.sort(key=lambda clip: clip.seconds)
    return clips[len(clips) // 2] if clips else None


def _measured(method: str, clip: Clip, plan: BatchPlan) -> tuple[float, float]:
    """Seconds and bytes of one explanation."""
    started = time.perf_counter()
    explained = explained_by(method, clip, plan.question)
    with tempfile.TemporaryDirectory() as place:
        files = explained.save(Path(place) / "explained").values()
        return time.perf_counter() - started, float(sum(file.stat().st_size for file in files))
