"""What a stored plan says of its models and corruptions, so that results can be made anew."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from perturbations.errors import CorruptionError
from perturbations.suites import Condition as SuiteCondition
from perturbations.suites import Suite
from perturbations.suites.written import from_document, to_document
from xaudio.sweeps.conditions import CLEAN_CLIPS, Condition
from xaudio.sweeps.identity import ModelIdentity
from xaudio.sweeps.plan import Plan

MODELS, CONDITIONS = "models", "conditions"


def record_of(plan: Plan) -> dict[str, str]:
    """Models, and corruptions as a suite would write them, for the header of a plan's file."""
    return {
        MODELS: json.dumps([asdict(model) for model in plan.models]),
        CONDITIONS: json.dumps(_written(plan.conditions)),
    }


def merged(records: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What several plans say, each model and each name once; the first one's word counts."""
    models: dict[str, Any] = {}
    conditions: dict[str, Any] = {}
    for record in reversed(records):
        models |= {model.digest: asdict(model) for model in models_in(record)}
        conditions |= {one["name"]: one for one in json.loads(record.get(CONDITIONS, "[]"))}
    return {
        MODELS: json.dumps(list(models.values())),
        CONDITIONS: json.dumps(list(conditions.values())),
    }


def models_in(record: Mapping[str, str]) -> tuple[ModelIdentity, ...]:
    """The models a plan was made for."""
    found = json.loads(record.get(MODELS, "[]"))
    return tuple(ModelIdentity(**{**one, "labels": tuple(one["labels"])}) for one in found)


def versions_in(record: Mapping[str, str]) -> dict[str, int]:
    """The corruptions' versions when they were planned, by the name of the condition."""
    return {one["name"]: one["version"] for one in json.loads(record.get(CONDITIONS, "[]"))}


def conditions_in(record: Mapping[str, str], planned: pa.Table) -> tuple[Condition, ...]:
    """The conditions of a plan as they can be made again on this machine.

    Those whose corruption is not registered here, or has another version now, are left out.

    Args:
        record: See `record_of`.
        planned: The plan's cells.
    """
    rows = planned.select(["corruption", "severity", "repeat"]).group_by(
        ["corruption", "severity", "repeat"], use_threads=False
    )
    corruptions = dict(_remade(record))
    found = [CLEAN_CLIPS]
    for row in rows.aggregate([]).to_pylist():
        corruption = corruptions.get(row["corruption"])
        if corruption is not None:
            found.append(Condition(row["corruption"], corruption, row["severity"], row["repeat"]))
    return tuple(found)


def _written(conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """One entry per name; a corruption that no name stands for has no document."""
    corruptions = {one.name: one.corruption for one in conditions if one.corruption is not None}
    entries = []
    for name, corruption in corruptions.items():
        row = SuiteCondition(name, corruption, corruption.severities)
        try:
            document = to_document(Suite("plan", "planned", (row,)))
        except CorruptionError:
            document = None
        entries.append({"name": name, "version": corruption.version, "document": document})
    return entries


def _remade(record: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for entry in json.loads(record.get(CONDITIONS, "[]")):
        if entry["document"] is None:
            continue
        try:
            (row,) = from_document(entry["document"], "plan", "plan.parquet").conditions
        except CorruptionError:
            continue
        if row.corruption.version == entry["version"]:
            yield entry["name"], row.corruption
