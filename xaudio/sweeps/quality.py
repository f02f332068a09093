"""What each condition measurably does to the sound: certificates of a sample of corrupted clips.

```
out/quality/plan.parquet           the cells that were asked for last
out/quality/cells/<id>.parquet     certificates of one finished cell
```
A severity is a name; the signal-to-noise ratio, the bandwidth or PESQ that it comes to is not. With
`quality_table` errors can be drawn against what was measured.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float
from torch import Tensor

from perturbations.certificates import Certificate, certify
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import Key
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cell_folder import CellFolder
from xaudio.sweeps.cells import LoadedClip, load_clip
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.content import content_hash
from xaudio.sweeps.piecework import piecework
from xaudio.sweeps.plan import CELL_SCHEMA, ID_LENGTH, Plan
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.sampling import sampled_clips
from xaudio.sweeps.scoring import reason
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.whole_files import read_whole, write_whole
from xaudio.sweeps.worker_pool import Death

# Goes up when what a certificate measures changes.
QUALITY_VERSION = "1"
CLIPS = 16
OPTIONAL = ("pesq", "pystoi")
FIGURES = tuple(field.name for field in fields(Certificate) if field.name != "facts")

QUALITY_CELL_SCHEMA = pa.schema(
    [
        CELL_SCHEMA.field("cell"),
        *(field for field in CELL_SCHEMA if field.name not in ("cell", "model")),
        ("sample_rate", pa.int32()),
    ]
)
QUALITY_SCHEMA = pa.schema(
    [
        *QUALITY_CELL_SCHEMA,
        ("clip", pa.string()),
        ("digest", pa.string()),
        ("label", pa.string()),
        *((name, pa.float64()) for name in FIGURES),
        ("error", pa.string()),
    ]
)
GROUP = ("corruption", "severity", "sample_rate")
QUALITY_TABLE_SCHEMA = pa.schema(
    [
        *(QUALITY_CELL_SCHEMA.field(name) for name in GROUP),
        ("clips", pa.int64()),
        ("failed", pa.int64()),
        *((name, pa.float64()) for name in FIGURES),
    ]
)


@dataclass(frozen=True)
class QualityCell:
    """The unit of measuring: a condition at a sample rate, and the sampled clips.

    Attributes:
        condition: How the clips are corrupted.
        sample_rate: At which, in hertz.
        clips: The sample.
    """

    condition: Condition
    sample_rate: int
    clips: tuple[PlannedClip, ...]

    @cached_property
    def id(self) -> str:
        """Hash of what decides the cell's rows, and of which optional measures are installed."""
        return content_hash(
            QUALITY_VERSION,
            self.condition.digest,
            str(self.sample_rate),
            *(name for name in OPTIONAL if find_spec(name) is not None),
            *(clip.digest for clip in self.clips),
        )[:ID_LENGTH]

    def describe(self) -> dict[str, Any]:
        """The columns of `QUALITY_CELL_SCHEMA`."""
        return {
            "cell": self.id,
            "corruption": self.condition.name,
            "severity": self.condition.severity,
            "repeat": self.condition.repeat,
            "parameters": json.dumps(self.condition.parameters),
            "sample_rate": self.sample_rate,
        }


@dataclass(frozen=True)
class QualityStore:
    """The certificates beside a sweep's scores.

    Attributes:
        folder: The sweep's.
    """

    folder: Path

    @property
    def cells(self) -> CellFolder:
        """The rows of finished cells."""
        return CellFolder(self.folder / "quality" / "cells", QUALITY_SCHEMA)

    @property
    def _plan(self) -> Path:
        return self.folder / "quality" / "plan.parquet"

    def begin(self, cells: Sequence[QualityCell]) -> None:
        """Write down what is asked for; cells finished earlier stay."""
        self.cells.forget_abandoned()
        rows = [cell.describe() for cell in cells]
        write_whole(pa.Table.from_pylist(rows, schema=QUALITY_CELL_SCHEMA), self._plan)

    def planned(self) -> pa.Table:
        """The cells asked for last; none if nothing was."""
        if not self._plan.is_file():
            return QUALITY_CELL_SCHEMA.empty_table()
        return read_whole(self._plan)

    def rows(self) -> pa.Table:
        """Certificates of the finished cells among them, sorted; the columns of `QUALITY_SCHEMA`.

        Conditions are named as in the present plan, also where they were measured under other
        names.
        """
        planned = self.planned()
        own = [name for name in QUALITY_SCHEMA.names if name not in planned.column_names]
        found = self.cells.read(planned["cell"].to_pylist(), ["cell", *own])
        rows = found.join(planned, "cell", join_type="inner").select(QUALITY_SCHEMA.names)
        order = (*GROUP, "repeat", "clip")
        return rows.sort_by([(name, "ascending") for name in order])


def measure_quality(
    plan: Plan,
    store: SweepStore,
    clips: int = CLIPS,
    *,
    workers: int = 1,
    progress: Listener | None = None,
) -> QualityStore:
    """Certify a sample of the plan's clips under all its conditions; what is there stays.

    The clips are chosen by their digests, the same for every condition, and corrupted as the models
    heard them: at each sample rate that a model listens at.

    Args:
        plan: The sweep's.
        store: Of the sweep; rows go to a folder beside its scores.
        clips: How many are certified.
        workers: Processes; 1 does everything here.
        progress: Told after every cell; raise from it to stop.

    Raises:
        SweepError: Fewer than one clip was asked for, or the disk is full.
    """
    sample = sampled_clips(plan.clips, clips)
    rates = sorted({model.sample_rate for model in plan.models})
    cells = [QualityCell(each, rate, sample) for rate in rates for each in plan.conditions]
    qualities = QualityStore(store.folder)
    qualities.begin(cells)
    finished = qualities.cells.finished()
    waiting = list({cell.id: cell for cell in cells if cell.id not in finished}.values())
    tally = Tally(len(waiting), len({cell.id for cell in cells}), progress)
    for cell, made in piecework(QualityPerformer(), waiting, workers):
        rows = _lost(cell, made) if isinstance(made, Death) else made
        qualities.cells.add(cell.id, rows)
        # What counts as failed is a row without a score; here, without a length.
        tally.count(rows.append_column("score", rows["seconds"]))
    return qualities


class QualityPerformer:
    """Does one cell after another; keeps the clips of the last one decoded."""

    def __init__(self) -> None:
        self._sample: tuple[tuple[PlannedClip, ...], int] | None = None
        self._loaded: list[LoadedClip] = []

    def __call__(self, cell: QualityCell) -> pa.Table:
        """The cell's rows."""
        if self._sample != (cell.clips, cell.sample_rate):
            self._loaded = [load_clip(clip, cell.sample_rate) for clip in cell.clips]
            self._sample = (cell.clips, cell.sample_rate)
        return quality_rows(cell, self._loaded)


def quality_rows(cell: QualityCell, loaded: Sequence[LoadedClip]) -> pa.Table:
    """One row per clip: its certificate under the condition, or why there is none.

    Args:
        cell: What to do.
        loaded: The cell's clips, decoded.
    """
    rows = []
    for clip in loaded:
        row = clip.planned.row
        known = {"clip": row.clip, "digest": clip.planned.digest, "label": row.label}
        rows.append({**cell.describe(), **known, **_certified(cell, clip)})
    return pa.Table.from_pylist(rows, schema=QUALITY_SCHEMA)


def _certified(cell: QualityCell, clip: LoadedClip) -> dict[str, Any]:
    if clip.sound is None:
        return {"error": clip.error}
    try:
        waveform = clip.sound.resampled(cell.sample_rate).waveform
        certificate = asdict(
            certify(waveform[0], _corrupted(cell, clip, waveform), cell.sample_rate)
        )
    except Exception as error:
        return {"error": reason(error)}
    return {name: certificate[name] for name in FIGURES}


def _corrupted(
    cell: QualityCell, clip: LoadedClip, waveform: Float[Tensor, "1 time"]
) -> CorruptedSamples:
    """The clip as `xaudio.sweeps.cells` corrupts it, with what the corruption tells of it."""
    condition = cell.condition
    if condition.corruption is None:
        return CorruptedSamples(waveform[0])
    key = Key(clip.planned.digest, condition.repeat)
    corruption = condition.corruption
    return corruption.apply(waveform, cell.sample_rate, condition.severity, [key]).clip(0)


def quality_table(rows: pa.Table) -> pa.Table:
    """Medians of the certificates over clips and repeats: one row per condition and sample rate.

    Args:
        rows: Of a `QualityStore`.

    Returns:
        The columns of `QUALITY_TABLE_SCHEMA`: `clips` were certified, `failed` were not; each
        figure of a certificate (`perturbations.certificates.Certificate` has the units) is the
        median over the clips that have it, and null where none has.
    """
    places = sorted({tuple(row.values()) for row in rows.select(GROUP).to_pylist()})
    medians = []
    for place in places:
        here = rows
        for name, value in zip(GROUP, place, strict=True):
            here = here.filter(pc.equal(here[name], value))
        medians.append(
            {
                **dict(zip(GROUP, place, strict=True)),
                "clips": here["error"].null_count,
                "failed": len(here) - here["error"].null_count,
                **{name: _median(here[name]) for name in FIGURES},
            }
        )
    return pa.Table.from_pylist(medians, schema=QUALITY_TABLE_SCHEMA)


def _median(values: pa.ChunkedArray) -> float | None:
    there = values.drop_null().to_numpy()
    return float(np.median(there)) if there.size else None


def with_quality(
    conditions: pa.Table, quality: pa.Table, sample_rates: Mapping[str, int]
) -> pa.Table:
    """A condition table with the measured quality in further columns; null where none was measured.

    Args:
        conditions: `xaudio.sweeps.tables.condition_table`.
        quality: `quality_table`.
        sample_rates: At which rate each model listens, in hertz, by its name.
    """
    rates = [sample_rates[model] for model in conditions["model"].to_pylist()]
    measured = quality.drop_columns(["clips", "failed"])
    return (
        conditions.append_column("sample_rate", pa.array(rates, pa.int32()))
        .join(measured, list(GROUP), join_type="left outer")
        .sort_by([(name, "ascending") for name in ("model", "corruption", "severity")])
    )


def _lost(cell: QualityCell, death: Death) -> pa.Table:
    why = f"the process that measured this condition crashed ({death.why})"
    return quality_rows(cell, [LoadedClip(clip, None, why) for clip in cell.clips])
