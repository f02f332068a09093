"""Drift rows: one per clip and comparison, with every measure; what fails says why."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa
from torch.nn.functional import pad

from perturbations.time_map import TimeMap
from xaudio.classifiers.random_weights import with_random_weights
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cells import CorruptedClip, LoadedClip, corrupt_clips
from xaudio.sweeps.explanation_drift.carrying import STEP_SECONDS
from xaudio.sweeps.explanation_drift.chance import phase_randomised, shuffled
from xaudio.sweeps.explanation_drift.comparing import MEASURES, compare
from xaudio.sweeps.explanation_drift.drift_cells import DRIFT_CELL_SCHEMA, DriftCell
from xaudio.sweeps.explanation_drift.looks import CleanLook, Explaining, look_at_clean
from xaudio.sweeps.explanation_drift.maps import RelevanceMaps
from xaudio.sweeps.scoring import reason

CORRUPTED = "corrupted"
SHUFFLED = "shuffled"
PHASE_RANDOMISED = "phase-randomised"
RANDOMISED_MODEL = "randomised-model"
SHIFTED = "shifted"
REPEATED = "repeated"
COMPARISONS = (CORRUPTED, SHUFFLED, PHASE_RANDOMISED, RANDOMISED_MODEL, SHIFTED, REPEATED)
"""What the clean map is compared with: the corrupted clip's, then what says how to read that."""

DRIFT_SCHEMA = pa.schema(
    [
        *DRIFT_CELL_SCHEMA,
        ("clip", pa.string()),
        ("digest", pa.string()),
        ("label", pa.string()),
        ("speaker", pa.string()),
        ("attack", pa.string()),
        ("comparison", pa.string()),
        ("target", pa.string()),
        ("score_clean", pa.float64()),
        ("score", pa.float64()),
        ("decided_clean", pa.string()),
        ("decided", pa.string()),
        *((name, pa.float64()) for name in MEASURES),
        ("error", pa.string()),
    ]
)


@dataclass(frozen=True)
class CleanSample:
    """The sample's clips as one model hears and explains them clean, for all its conditions.

    Attributes:
        explaining: The model and the method.
        at_random: The same method on the model with random weights; None without such a model.
        loaded: The clips.
        looks: Per clip: what was found, or why nothing was.
    """

    explaining: Explaining
    at_random: Explaining | None
    loaded: tuple[LoadedClip, ...]
    looks: tuple[CleanLook | str, ...]

    @classmethod
    def of(cls, loaded: Sequence[LoadedClip], explaining: Explaining) -> "CleanSample":
        """Judge and explain every clip once."""
        random = with_random_weights(explaining.classifier)
        return cls(
            explaining,
            None if random is None else replace(explaining, classifier=random),
            tuple(loaded),
            tuple(look_at_clean(clip, explaining) for clip in loaded),
        )


def drift_rows_of(cell: DriftCell, sample: CleanSample) -> pa.Table:
    """All rows of one cell, clip by clip in the order of their digests.

    A clip that cannot be read, corrupted, scored or explained is one row with its error.
    """
    described = cell.describe()
    rows = [
        {**described, **row}
        for clip, look in zip(sample.loaded, sample.looks, strict=True)
        for row in _rows_of_clip(cell, clip, look, sample)
    ]
    return pa.Table.from_pylist(rows, schema=DRIFT_SCHEMA)


def rows_of_failed_cell(cell: DriftCell, error: str) -> pa.Table:
    """One row per clip of a cell that could not be done at all."""
    described = cell.describe()
    rows = [
        {**described, **_known(clip), "comparison": CORRUPTED, "error": error}
        for clip in cell.clips
    ]
    return pa.Table.from_pylist(rows, schema=DRIFT_SCHEMA)


def _rows_of_clip(
    cell: DriftCell, clip: LoadedClip, look: CleanLook | str, sample: CleanSample
) -> Iterator[dict[str, Any]]:
    known = _known(clip.planned)
    if isinstance(look, str):
        yield {**known, "comparison": CORRUPTED, "error": look}
        return
    known |= {
        "target": look.target.spec,
        "score_clean": look.verdict.score,
        "decided_clean": look.verdict.decided,
    }
    (heard,) = corrupt_clips(cell.condition, cell.model.sample_rate, [clip])
    if heard.waveform is None or heard.time_map is None:
        yield {**known, "comparison": CORRUPTED, "error": heard.error}
        return
    try:
        verdict = sample.explaining.verdict(heard.waveform, clip.planned.row.label)
        moved = _maps(look, heard, sample.explaining)
        found = compare(look.maps, moved, look.seconds, clip.planned.row.segments)
    except Exception as error:
        yield {**known, "comparison": CORRUPTED, "error": reason(error)}
        return
    known |= verdict._asdict()
    yield {**known, "comparison": CORRUPTED, **asdict(found)}
    for comparison, maps in _beside(cell, look, heard, moved, sample).items():
        try:
            found = compare(look.maps, maps(), look.seconds, clip.planned.row.segments)
        except Exception as error:
            yield {**known, "comparison": comparison, "error": reason(error)}
            continue
        yield {**known, "comparison": comparison, **asdict(found)}


def _beside(
    cell: DriftCell,
    look: CleanLook,
    heard: CorruptedClip,
    moved: RelevanceMaps,
    sample: CleanSample,
) -> dict[str, Callable[[], RelevanceMaps]]:
    """What says how to read the drift, from below and, on the clean clip, from above.

    Below stand two kinds of chance and the model with random weights; above, the clip half a cell
    later, for a model's own frames fall elsewhere then, and a second run of a method that draws.
    """
    beside: dict[str, Callable[[], RelevanceMaps]] = {
        SHUFFLED: partial(shuffled, moved, look.planned.digest),
        PHASE_RANDOMISED: partial(phase_randomised, moved, look.planned.digest),
    }
    if sample.at_random is not None:
        beside[RANDOMISED_MODEL] = partial(_maps, look, heard, sample.at_random)
    if cell.condition.corruption is not None:
        return beside
    beside[SHIFTED] = partial(_half_a_cell_later, look, heard, sample.explaining)
    if hasattr(cell.explainer, "seed"):
        other = replace(cell.explainer, seed=cell.explainer.seed + 1)  # type: ignore[type-var]
        again = replace(sample.explaining, explainer=other)
        beside[REPEATED] = partial(_maps, look, heard, again)
    return beside


def _half_a_cell_later(
    look: CleanLook, heard: CorruptedClip, explaining: Explaining
) -> RelevanceMaps:
    rate = explaining.classifier.sample_rate
    samples = round(rate * STEP_SECONDS / 2)
    assert heard.waveform is not None
    later = pad(heard.waveform, (samples, 0))
    return explaining.maps(later, look.target, look.seconds, TimeMap.later(samples / rate))


def _maps(look: CleanLook, heard: CorruptedClip, explaining: Explaining) -> RelevanceMaps:
    time_map = heard.time_map or TimeMap.identity()
    assert heard.waveform is not None
    return explaining.maps(heard.waveform, look.target, look.seconds, time_map)


def _known(clip: PlannedClip) -> dict[str, Any]:
    row = clip.row
    return {
        "clip": row.clip,
        "digest": clip.digest,
        "label": row.label,
        "speaker": row.speaker,
        "attack": row.attack,
    }
