"""How far a stored sweep is, by model, and what failed in it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.sweeps.store import open_store

DOTS = "…"


@dataclass(frozen=True)
class ModelStatus:
    """One model's share of a sweep.

    Attributes:
        name: The model's.
        cells: Planned; two names for one corruption share theirs.
        finished: Of those.
        scores: Rows there are.
        failed: Rows without a score.
    """

    name: str
    cells: int
    finished: int
    scores: int
    failed: int


@dataclass(frozen=True)
class Status:
    """How far a sweep is.

    Attributes:
        clips: In its manifest.
        models: One entry each.
        reasons: Why clips failed, with how many clips, the most frequent first. What is said of
            several clips stands once, with dots for their names.
    """

    clips: int
    models: tuple[ModelStatus, ...]
    reasons: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)


def status_of(folder: str | Path) -> Status:
    """How far the sweep in a folder is.

    Raises:
        SweepError: There is none.
    """
    store = open_store(folder)
    planned, clips = store.planned(), store.clips()
    finished = planned.filter(
        pc.is_in(planned["cell"], pa.array(sorted(store.finished()), pa.string()))
    )
    models = []
    reasons: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for name in pc.unique(planned["model"]).to_pylist():
        cells = _cells(finished, name)
        rows = store.cells.read(cells, ["digest", "error"])
        failed = rows.filter(pc.is_valid(rows["error"]))
        models.append(
            ModelStatus(
                name, len(_cells(planned, name)), len(cells), rows.num_rows, failed.num_rows
            )
        )
        said = dict(_said(failed, clips))
        reasons |= Counter(said.values())  # every model meets the same broken clips
        examples |= {text: error for (_, error), text in said.items()}
    told = [
        (examples[text] if count == 1 else text, count) for text, count in reasons.most_common()
    ]
    return Status(clips.num_rows, tuple(models), tuple(told))


def _cells(planned: pa.Table, model: str) -> list[str]:
    return pc.unique(planned.filter(pc.equal(planned["model"], model))["cell"]).to_pylist()


def _said(failed: pa.Table, clips: pa.Table) -> Iterator[tuple[tuple[str, str], str]]:
    """For every clip's digest and error the error with dots for the file's name."""
    there = clips.filter(pc.is_in(clips["digest"], pc.unique(failed["digest"])))
    paths = dict(zip(there["digest"].to_pylist(), there["path"].to_pylist(), strict=True))
    for row in failed.group_by(["digest", "error"]).aggregate([]).to_pylist():
        path = paths[row["digest"]]
        said = row["error"].replace(path, DOTS).replace(Path(path).name, DOTS)
        yield (row["digest"], row["error"]), said
