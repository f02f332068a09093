"""The clips whose decision flipped in a cell, and how one of them sounds: clean and corrupted."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.audio import Clip, clip_from_samples
from xaudio.datasets.manifest import rows_of
from xaudio.errors import AudioError, SweepError
from xaudio.reports.attack_cube import label_name
from xaudio.reports.charts import Row
from xaudio.sweep_views.cells import Place
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cells import corrupt_clips, load_clip
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.tables import flipped_clips


def flips_in(store: SweepStore, place: Place) -> list[Row]:
    """The clips of a cell that are decided otherwise than when clean, those that moved most first.

    Args:
        store: The sweep.
        place: Which cell; none of its clips flipped where it is clean.

    Returns:
        Rows of `xaudio.sweeps.tables.FLIP_SCHEMA`.

    Raises:
        SweepError: The sweep has no such model or condition.
    """
    if place.is_clean:
        return []
    found = flipped_clips(store, place.model, place.corruption, place.severity)
    if place.of_kind:
        for name in ("label", "attack", "codec"):
            found = found.filter(_is(found[name], getattr(place, name)))
    return found.to_pylist()


def _is(values: pa.ChunkedArray, wanted: str | None) -> pa.ChunkedArray:
    return pc.is_null(values) if wanted is None else pc.fill_null(pc.equal(values, wanted), False)


def shown_flips(rows: list[Row]) -> list[Row]:
    """The flips as a table for people: what a clip is, its scores, what it is called."""
    return [
        {
            "clip": row["clip"],
            "is": label_name(row["label"]),
            "attack": row["attack"],
            "speaker": row["speaker"],
            "clean_score": row["clean_score"],
            "score": row["score"],
            "clean_decision": label_name(row["clean_decision"]),
            "decision": label_name(row["decision"]),
            "repeat": row["repeat"],
        }
        for row in rows
    ]


@dataclass(frozen=True, eq=False)
class HeardFlip:
    """A flipped clip to listen to, as the model heard it.

    Attributes:
        clean: At the model's rate.
        corrupted: Made again from the sweep's plan: the sound that was scored.
        condition: What was done to it.
    """

    clean: Clip
    corrupted: Clip
    condition: Condition


def heard(store: SweepStore, place: Place, flip: Row) -> HeardFlip:
    """A flipped clip's sound, clean and corrupted.

    Args:
        store: The sweep.
        place: The cell.
        flip: One of `flips_in`.

    Raises:
        SweepError: Its corruption is not the same on this machine.
        AudioError: The clip cannot be read or corrupted.
    """
    rate = next(model.sample_rate for model in store.models() if model.name == place.model)
    wanted = (place.corruption, place.severity, flip["repeat"])
    condition = next(
        (each for each in store.conditions() if (each.name, each.severity, each.repeat) == wanted),
        None,
    )
    if condition is None:
        raise SweepError(
            f"'{place.corruption}' cannot be made again here: it is not registered, or has another "
            "version than when the sweep was run."
        )
    clips = store.clips()
    (row,) = rows_of(clips.filter(pc.equal(clips["clip"], flip["clip"])).slice(0, 1))
    loaded = load_clip(PlannedClip(flip["digest"], row), rate)
    (corrupted,) = corrupt_clips(condition, rate, [loaded])
    if loaded.sound is None or corrupted.waveform is None:
        raise AudioError(f"'{flip['clip']}' cannot be heard: {corrupted.error}")
    name = f"{loaded.sound.name}, {place.corruption} {place.severity}"
    return HeardFlip(
        loaded.sound, clip_from_samples(corrupted.waveform[0].numpy(), rate, name), condition
    )
