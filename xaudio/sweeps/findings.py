"""Everything a report tells of a sweep, worked out from its store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.provenance import versions
from xaudio.reports.amounts import counted, sound_text
from xaudio.reports.sweep_findings import SweepFindings
from xaudio.sweeps.conditions import CLEAN
from xaudio.sweeps.explanation_drift import (
    DriftStore,
    decided_rows,
    departure_table,
    drift_points,
    drift_table,
)
from xaudio.sweeps.flipped_sound import flips_of
from xaudio.sweeps.plan_record import versions_in
from xaudio.sweeps.quality import QualityStore, quality_table, with_quality
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.tables.every import tables_of

HEARD = 8
SAMPLES = 1000
MOST_NAMED = 4
FINGERPRINT_DIGITS = 16


def findings_of(
    store: SweepStore, *, heard: int = HEARD, samples: int = SAMPLES, seed: int = 0
) -> SweepFindings:
    """The tables of a sweep, some of its flipped clips, and what it was made from.

    What was not measured (quality, explanations) is absent.

    Args:
        store: The sweep, finished or not.
        heard: How many flipped clips get their sound.
        samples: Bootstrap replicates of all intervals.
        seed: Of the bootstrap.
    """
    tables = tables_of(store, samples=samples, seed=seed)
    conditions = tables["conditions"]
    return SweepFindings(
        **{name: table for name, table in tables.items() if table.num_rows or name == "conditions"},
        failures=store.failures(),
        quality=_quality(store, conditions),
        **_explanations(store, samples, seed),
        flips=flips_of(store, conditions, heard),
        models=_models(store),
        facts=_facts(store, samples),
        about=_about(store),
        drawn=_drawn(store),
        unfinished=_unfinished(store),
    )


def _quality(store: SweepStore, conditions: pa.Table) -> pa.Table | None:
    """The condition table with what was measured of the sound beside it."""
    measured = quality_table(QualityStore(store.folder).rows())
    if not measured.num_rows:
        return None
    rates = {model.name: model.sample_rate for model in store.models()}
    return with_quality(conditions, measured, rates)


def _explanations(store: SweepStore, samples: int, seed: int) -> dict[str, pa.Table]:
    """Drift of explanations, for decisions kept and flipped apart; nothing where none was asked."""
    drifts = DriftStore(store.folder)
    if not drifts.cells.finished():
        return {}
    rows = decided_rows(drifts.rows(), store.rows(corruption=CLEAN))
    table = drift_table(rows, samples=samples, seed=seed)
    points = [
        drift_points(table, decision=decision).append_column(
            "decision", pa.array([decision] * drift_points(table, decision=decision).num_rows)
        )
        for decision in ("kept", "flipped")
    ]
    return {
        "drift": pa.concat_tables(points),
        "departures": departure_table(rows, samples=samples, seed=seed),
    }


def _unfinished(store: SweepStore) -> str:
    left = store.remaining()
    if not left:
        return ""
    return (
        f"The sweep is not finished: {left:,} of {store.planned().num_rows:,} cells are missing, "
        "and the numbers below will change."
    )


def _models(store: SweepStore) -> dict[str, dict[str, object]]:
    return {
        model.name: {
            "Weights, SHA-256": model.fingerprint[:FINGERPRINT_DIGITS],
            "Architecture": model.architecture,
            "Rate (Hz)": f"{model.sample_rate:,}",
            "Input": "any length" if model.fit.startswith("AnyLength") else model.fit,
            "Precision": model.precision,
            "Identity": model.digest[:FINGERPRINT_DIGITS],
        }
        for model in store.models()
    }


def _about(store: SweepStore) -> str:
    """What was swept over what, in a line."""
    planned = store.planned()
    models = ", ".join(pc.unique(planned["model"]).to_pylist())
    corrupted = planned.filter(pc.not_equal(planned["corruption"], CLEAN))
    names = pc.unique(corrupted["corruption"]).to_pylist()
    severities = ", ".join(map(str, sorted(pc.unique(corrupted["severity"]).to_pylist())))
    under = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} corruptions"
    at = f" under {under} at severity {severities}" if names else ""
    return f"{models}{at}, {counted(store.clips().num_rows, 'clip')}."


def _drawn(store: SweepStore) -> str:
    """What the bootstrap redraws: clips are their own speakers where none is named."""
    speakers = store.clips()["speaker"]
    return "clips" if speakers.null_count == len(speakers) else "speakers"


def _sound(store: SweepStore) -> str:
    """How long all clips are together: as the manifest says, else as they were heard."""
    seconds = pc.sum(store.clips()["seconds"]).as_py()
    if seconds is None:
        heard = store.rows(corruption=CLEAN, model=store.models()[0].name)
        seconds = pc.sum(heard["seconds"]).as_py()
    return "length not known" if seconds is None else sound_text(seconds)


def _facts(store: SweepStore, samples: int) -> dict[str, object]:
    clips = store.clips()
    kinds = {row["values"]: row["counts"] for row in pc.value_counts(clips["label"]).to_pylist()}
    facts: dict[str, Any] = {
        "Clips": f"{clips.num_rows:,}: " + ", ".join(f"{n:,} {kind}" for kind, n in kinds.items()),
        "Sound": _sound(store),
        "Speakers": f"{pc.count_distinct(clips['speaker']).as_py() or 'not named'}",
        "Corruptions, version": _counted(versions_in(store.record())),
        "Cells": f"{store.planned().num_rows:,}",
        "Intervals": f"{samples:,} bootstrap replicates, {_drawn(store)} resampled",
        "Versions": ", ".join(f"{name} {number}" for name, number in versions().items()),
        "Written": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z"),
    }
    return facts


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in numbers.items())
