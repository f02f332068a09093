"""From a cell, its clips and a model to score rows: pure, so that every executor shares it."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.corruption import Key
from perturbations.errors import UserError
from xaudio.audio import Clip, read_clip
from xaudio.classifiers.classifier import Classifier
from xaudio.errors import AudioError
from xaudio.sweeps.plan import CELL_SCHEMA, Cell, Condition, PlannedClip, describe

ROW_SCHEMA = pa.schema(
    [
        ("clip", pa.string()),
        ("digest", pa.string()),
        ("label", pa.string()),
        ("speaker", pa.string()),
        ("attack", pa.string()),
        *CELL_SCHEMA,
        ("score", pa.float64()),
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
    return score_clips(
        cell, corrupt_clips(cell.condition, cell.model.sample_rate, clips), classifier
    )


def load_clip(planned: PlannedClip, sample_rate: int) -> LoadedClip:
    """Decode a clip and bring it to the rate at which it will be corrupted and scored."""
    try:
        sound = read_clip(planned.row.path)
        if sound.digest != planned.digest:
            raise AudioError(
                f"'{planned.row.path}' is not the file that was planned: its bytes have another "
                "SHA-256. Build the manifest again."
            )
        return LoadedClip(planned, sound.resampled(sample_rate))
    except Exception as error:
        return LoadedClip(planned, None, _reason(error))


def corrupt_clips(
    condition: Condition, sample_rate: int, clips: Sequence[LoadedClip]
) -> list[CorruptedClip]:
    """The clips as they sound under a condition, at `sample_rate` hertz."""
    return [_corrupt(condition, sample_rate, clip) for clip in clips]


def score_clips(cell: Cell, clips: Sequence[CorruptedClip], classifier: Classifier) -> pa.Table:
    """Score rows of clips that are corrupted already, so that several models can share them."""
    columns = describe(cell.model, cell.condition)
    rows = []
    for clip in clips:
        score, error = _score(clip, classifier)
        rows.append(
            {
                "clip": clip.planned.row.clip,
                "digest": clip.planned.digest,
                "label": clip.planned.row.label,
                "speaker": clip.planned.row.speaker,
                "attack": clip.planned.row.attack,
                "cell": cell.id,
                **columns,
                "score": score,
                "error": error,
                "seconds": None
                if clip.waveform is None
                else clip.waveform.shape[-1] / cell.model.sample_rate,
            }
        )
    return pa.Table.from_pylist(rows, schema=ROW_SCHEMA)


def _corrupt(condition: Condition, sample_rate: int, clip: LoadedClip) -> CorruptedClip:
    if clip.sound is None:
        return CorruptedClip(clip.planned, None, clip.error)
    waveform = clip.sound.resampled(sample_rate).waveform
    if condition.corruption is None:
        return CorruptedClip(clip.planned, waveform)
    key = Key(clip.planned.digest, condition.repeat)
    try:
        corrupted = condition.corruption.apply(waveform, sample_rate, condition.severity, [key])
    except Exception as error:
        return CorruptedClip(clip.planned, None, _reason(error))
    return CorruptedClip(clip.planned, corrupted.waveform)


def _score(clip: CorruptedClip, classifier: Classifier) -> tuple[float | None, str | None]:
    if clip.waveform is None:
        return None, clip.error
    try:
        with torch.no_grad():
            score = float(classifier.score(clip.waveform)[0])
    except Exception as error:
        return None, _reason(error)
    return score, None


def _reason(error: Exception) -> str:
    """What a failed row says; a lack of memory is the machine's fault, not the clip's."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        raise error
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
