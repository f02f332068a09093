"""From a cell, its clips and a model to score rows: pure, so that every executor shares it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.time_map import TimeMap
from xaudio.audio import Clip
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.sound import read_row
from xaudio.errors import AudioError
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.plan import CELL_SCHEMA, Cell, describe
from xaudio.sweeps.scoring import Judged, judge, reason

OF_THE_MANIFEST = ("clip", "label", "speaker", "attack", "codec", "source")
ROW_SCHEMA = pa.schema(
    [
        ("digest", pa.string()),
        *((name, pa.string()) for name in OF_THE_MANIFEST),
        *CELL_SCHEMA,
        ("score", pa.float64()),
        ("decided", pa.string()),
        ("error", pa.string()),
        ("seconds", pa.float64()),
    ]
)


@dataclass(frozen=True, eq=False)
class LoadedClip:
    """A planned clip with its sound, or with the reason why there is none."""

    planned: PlannedClip
    sound: Clip | None
    error: str | None = None


@dataclass(frozen=True, eq=False)
class CorruptedClip:
    """A planned clip as the model will hear it, or the reason why it will not."""

    planned: PlannedClip
    waveform: Float[Tensor, "1 time"] | None
    time_map: TimeMap | None = None
    error: str | None = None


def evaluate_cell(cell: Cell, clips: Sequence[LoadedClip], classifier: Classifier) -> pa.Table:
    """Score rows of one cell, one per clip, in the order of the digests.

    Args:
        cell: What to do.
        clips: The cell's clips, decoded.
        classifier: The cell's model, loaded.

    Returns:
        A table with the columns of `ROW_SCHEMA`. A clip that cannot be read, corrupted or scored
        has no score and says why in the column `error`; `seconds` is what the model heard.
    """
    corrupted = corrupt_clips(cell.condition, cell.model.sample_rate, clips)
    return score_clips(cell, corrupted, classifier)


def load_clip(planned: PlannedClip, sample_rate: int) -> LoadedClip:
    """Decode a clip and bring it to the rate at which it will be corrupted and scored."""
    try:
        sound = read_row(planned.row)
        if sound.digest != planned.digest:
            raise AudioError(
                f"'{planned.row.path}' is not the file that was planned: its bytes have another "
                "SHA-256. Build the manifest again."
            )
        return LoadedClip(planned, sound.resampled(sample_rate))
    except Exception as error:
        return LoadedClip(planned, None, reason(error))


def corrupt_clips(
    condition: Condition, sample_rate: int, clips: Sequence[LoadedClip]
) -> list[CorruptedClip]:
    """The clips as they sound under a condition, at `sample_rate` hertz."""
    return [_corrupt(condition, sample_rate, clip) for clip in clips]


def score_clips(cell: Cell, clips: Sequence[CorruptedClip], classifier: Classifier) -> pa.Table:
    """Score rows of clips that are corrupted already, so that several models can share them."""
    waveforms = [clip.waveform for clip in clips if clip.waveform is not None]
    labels = [clip.planned.row.label for clip in clips if clip.waveform is not None]
    return _rows(cell, clips, iter(judge(waveforms, labels, classifier, cell.model.precision)))


def unscored(cell: Cell, clips: Sequence[CorruptedClip]) -> pa.Table:
    """Score rows of clips none of which came as far as the model."""
    return _rows(cell, clips, iter(()))


def _rows(cell: Cell, clips: Sequence[CorruptedClip], judged: Iterator[Judged]) -> pa.Table:
    columns = {"cell": cell.id, **describe(cell.model, cell.condition)}
    rows = [{**columns, **_of_clip(clip, cell.model.sample_rate, judged)} for clip in clips]
    return pa.Table.from_pylist(rows, schema=ROW_SCHEMA)


def _of_clip(clip: CorruptedClip, sample_rate: int, judged: Iterator[Judged]) -> dict[str, Any]:
    row = clip.planned.row
    known = {name: getattr(row, name) for name in OF_THE_MANIFEST}
    known["digest"] = clip.planned.digest
    if clip.waveform is None:
        return {**known, "error": clip.error}
    seconds = clip.waveform.shape[-1] / sample_rate
    return {**known, **next(judged)._asdict(), "seconds": seconds}


def _corrupt(condition: Condition, sample_rate: int, clip: LoadedClip) -> CorruptedClip:
    if clip.sound is None:
        return CorruptedClip(clip.planned, None, error=clip.error)
    waveform = clip.sound.resampled(sample_rate).waveform
    if condition.corruption is None:
        return CorruptedClip(clip.planned, waveform, TimeMap.identity())
    key = Key(clip.planned.digest, condition.repeat)
    try:
        corrupted = condition.corruption.apply(waveform, sample_rate, condition.severity, [key])
    except Exception as error:
        return CorruptedClip(clip.planned, None, error=reason(error))
    only = corrupted.clip(0)
    return CorruptedClip(clip.planned, only.samples[None], only.time_map)
