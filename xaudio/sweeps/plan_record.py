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
from xaudio.errors import SweepError
from xaudio.sweeps.conditions import CLEAN_CLIPS, Condition
from xaudio.sweeps.identity import ModelIdentity, named_apart
from xaudio.sweeps.plan import Plan

MODELS, CONDITIONS = "models", "conditions"
_OTHER_VERSION = (
    "The plan of this sweep was written by another version. Start the same sweep again, which "
    "writes it anew; finished cells are kept."
)


def record_of(plan: Plan) -> dict[str, str]:
    """Models, and corruptions as a suite would write them, for the header of a plan's file."""
    return {
        MODELS: json.dumps([asdict(model) for model in plan.models]),
        CONDITIONS: json.dumps(_written(plan.conditions)),
    }


def merged(records: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What several plans say; of one model the first one's word counts.

    Models of one name that are not the same get names that tell them apart.

    Raises:
        SweepError: Two plans mean other corruptions by one name.
    """
    models: dict[str, ModelIdentity] = {}
    conditions: dict[str, Any] = {}
    for record in records:
        for model in models_in(record):
            models.setdefault(model.digest, model)
        for entry in _entries(record, CONDITIONS):
            known = conditions.setdefault(entry["name"], entry)
            if known != entry:
                raise SweepError(
                    f"'{entry['name']}' is not the same corruption in all of these sweeps: its "
                    f"settings differ, or its version (here {known['version']}, there "
                    f"{entry['version']}). Sweep again with one of the two, or under another name."
                )
    return {
        MODELS: json.dumps([asdict(model) for model in named_apart(list(models.values()))]),
        CONDITIONS: json.dumps(list(conditions.values())),
    }


def models_in(record: Mapping[str, str]) -> tuple[ModelIdentity, ...]:
    """The models a plan was made for.

    Raises:
        SweepError: The plan was written by another version of this program.
    """
    try:
        return tuple(
            ModelIdentity(**{**one, "labels": tuple(one["labels"])})
            for one in _entries(record, MODELS)
        )
    except (KeyError, TypeError):
        raise SweepError(_OTHER_VERSION) from None


def versions_in(record: Mapping[str, str]) -> dict[str, int]:
    """The corruptions' versions when they were planned, by the name of the condition."""
    return {one["name"]: one["version"] for one in _entries(record, CONDITIONS)}


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


def _entries(record: Mapping[str, str], part: str) -> list[dict[str, Any]]:
    if part not in record:
        raise SweepError(_OTHER_VERSION)
    return json.loads(record[part])


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
    for entry in _entries(record, CONDITIONS):
        if entry["document"] is None:
            continue
        try:
            (row,) = from_document(entry["document"], "plan", "plan.parquet").conditions
        except CorruptionError:
            continue
        if row.corruption.version == entry["version"]:
            yield entry["name"], row.corruption
