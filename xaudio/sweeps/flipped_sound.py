"""A few of the clips whose decision flipped, with their sound, made anew from the sweep's plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.audio import wav_bytes
from xaudio.datasets.manifest import rows_of
from xaudio.reports.attack_cube import MOST_LISTED_IN_CELL, FlippedClip
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cells import corrupt_clips, load_clip
from xaudio.sweeps.conditions import Condition
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.tables.flips import flipped_clips

MOST_LISTED = 400
MOST_SECONDS = 5.0


@dataclass(frozen=True, eq=False)
class Flip:
    """A flipped clip, and what is needed to hear it again."""

    shown: FlippedClip
    digest: str
    repeat: int
    sample_rate: int


def flips_of(store: SweepStore, conditions: pa.Table, heard: int) -> list[FlippedClip]:
    """Flipped clips of all models, five of a kind and condition and 400 in all, some with sound.

    Args:
        store: The sweep.
        conditions: Its condition table, which says where decisions flipped and at which threshold.
        heard: How many get their sound: one of each model and corruption in turn. Corruption is
            keyed, so it is the sound that was scored. A clip that cannot be made again has none.
    """
    found = _listed(store, conditions)
    chosen = _in_turn(found, heard)
    again = {(each.name, each.severity, each.repeat): each for each in store.conditions()}
    clips = store.clips()
    return [_with_sound(flip, clips, again) if flip in chosen else flip.shown for flip in found]


def _listed(store: SweepStore, conditions: pa.Table) -> list[Flip]:
    """Where most decisions flipped first."""
    rates = {model.name: model.sample_rate for model in store.models()}
    rows = [row for row in conditions.to_pylist() if row["flipped"] and row["severity"] > 0]
    found: list[Flip] = []
    for row in sorted(rows, key=lambda row: -row["flipped"]):
        if len(found) >= MOST_LISTED:
            break
        there = flipped_clips(store, row["model"], row["corruption"], row["severity"]).to_pylist()
        counts: dict[Any, int] = {}
        for clip in there:
            flip = _flip(row, clip, rates[row["model"]])
            counts[flip.shown.cell] = counts.get(flip.shown.cell, 0) + 1
            if counts[flip.shown.cell] <= MOST_LISTED_IN_CELL and len(found) < MOST_LISTED:
                found.append(flip)
    return found


def _flip(row: dict[str, Any], clip: dict[str, Any], sample_rate: int) -> Flip:
    shown = FlippedClip(
        model=row["model"],
        corruption=row["corruption"],
        severity=row["severity"],
        threshold=row["clean_threshold"],
        **{
            name: clip[name]
            for name in (
                "clip", "label", "attack", "codec", "clean_score", "score", "clean_decision",
                "decision",
            )
        },
    )  # fmt: skip
    return Flip(shown, clip["digest"], clip["repeat"], sample_rate)


def _in_turn(flips: Sequence[Flip], count: int) -> list[Flip]:
    """The first of every model and corruption, then the second of each, up to so many."""
    groups: dict[tuple[str, str], list[Flip]] = {}
    for flip in flips:
        groups.setdefault((flip.shown.model, flip.shown.corruption), []).append(flip)
    longest = max(map(len, groups.values()), default=0)
    turns = (
        group[turn] for turn in range(longest) for group in groups.values() if turn < len(group)
    )
    return [flip for flip, _ in zip(turns, range(count), strict=False)]


def _with_sound(
    flip: Flip, clips: pa.Table, conditions: Mapping[tuple[str, int, int], Condition]
) -> FlippedClip:
    shown, rate = flip.shown, flip.sample_rate
    condition = conditions.get((shown.corruption, shown.severity, flip.repeat))
    (row,) = rows_of(clips.filter(pc.equal(clips["clip"], shown.clip)).slice(0, 1))
    loaded = load_clip(PlannedClip(flip.digest, row), rate)
    if condition is None or loaded.sound is None:
        return shown
    (corrupted,) = corrupt_clips(condition, rate, [loaded])
    if corrupted.waveform is None:
        return shown
    most = round(MOST_SECONDS * rate)
    return replace(
        shown,
        clean=wav_bytes(loaded.sound.samples[:most], rate),
        corrupted=wav_bytes(corrupted.waveform[0, :most], rate),
    )
