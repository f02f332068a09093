"""What a sweep will do: models x conditions x buckets of clips, each cell with an id of its own.

A cell's id is a hash of what decides its result: the model's weights and behaviour, the
corruption's version and parameters, the bytes of the clips. Batch size and device are no part of
it, so a cell finished anywhere is finished everywhere.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xaudio.datasets.manifest import Manifest
from xaudio.errors import SweepError
from xaudio.sweeps.buckets import Bucket, buckets_of
from xaudio.sweeps.conditions import Condition, Corrupting, conditions_of
from xaudio.sweeps.digests import with_digests
from xaudio.sweeps.identity import ModelIdentity

# Goes up when what a cell computes changes while its parts stay the same.
CELL_VERSION = "2"
ID_LENGTH = 32


@dataclass(frozen=True)
class Cell:
    """The unit of storage and of resuming."""

    model: ModelIdentity
    condition: Condition
    bucket: Bucket

    @cached_property
    def id(self) -> str:
        """Hash of what decides the cell's scores, 32 hexadecimal digits."""
        return _cell_id(_beginning(self.model, self.condition), self.bucket)


@dataclass(frozen=True)
class Plan:
    """All cells of a sweep, and the clips they are about.

    Cells of one bucket follow each other, so that its clips are decoded once; those of one
    condition as well, so that they are corrupted once for all models.

    Attributes:
        clips: The manifest's table, every clip with its digest.
        models: Each under a name of its own.
        conditions: The clean one first.
        buckets: Every clip in one.
    """

    clips: pa.Table
    models: tuple[ModelIdentity, ...]
    conditions: tuple[Condition, ...]
    buckets: tuple[Bucket, ...]

    def __len__(self) -> int:
        return len(self.models) * len(self.conditions) * len(self.buckets)

    def __iter__(self) -> Iterator[Cell]:
        for bucket in self.buckets:
            for condition in self.conditions:
                for model in self.models:
                    yield Cell(model, condition, bucket)

    def part(self, number: int, parts: int) -> "Plan":
        """The `number`-th of so many parts, counted from 1, of about equally many buckets each.

        Raises:
            SweepError: There is no such part.
        """
        if not 1 <= number <= parts:
            raise SweepError(
                f"Part {number} of {parts} was asked for; expected a number from 1 to {parts}."
            )
        return replace(self, buckets=self.buckets[number - 1 :: parts])

    def ids(self) -> Iterator[str]:
        """The cells' ids in order, a million of them in seconds."""
        for bucket in self.buckets:
            yield from self.ids_of(bucket)

    def ids_of(self, bucket: Bucket) -> list[str]:
        """The ids of one bucket's cells, condition by condition, models within."""
        return [_cell_id(beginning, bucket) for beginning in self._beginnings]

    @cached_property
    def _beginnings(self) -> list["hashlib._Hash"]:
        # A million ids share a few hundred beginnings.
        return [
            _beginning(model, condition) for condition in self.conditions for model in self.models
        ]

    def cell_table(self) -> pa.Table:
        """One row per cell, in order: its id, model and condition."""
        of_one_bucket = [
            describe(model, condition) for condition in self.conditions for model in self.models
        ]
        columns = [pa.array(list(self.ids()), pa.string())]
        places = np.tile(np.arange(len(of_one_bucket), dtype=np.int32), len(self.buckets))
        for field in list(CELL_SCHEMA)[1:]:
            values = pa.array([row[field.name] for row in of_one_bucket], field.type)
            columns.append(values.take(pa.array(places)))
        return pa.table(columns, schema=CELL_SCHEMA)


CELL_SCHEMA = pa.schema(
    [
        ("cell", pa.string()),
        ("model", pa.string()),
        ("corruption", pa.string()),
        ("severity", pa.int32()),
        ("repeat", pa.int32()),
        ("parameters", pa.string()),
    ]
)


def describe(model: ModelIdentity, condition: Condition) -> dict[str, Any]:
    """A model and a condition, as they stand in every score row."""
    return {
        "model": model.name,
        "corruption": condition.name,
        "severity": condition.severity,
        "repeat": condition.repeat,
        "parameters": json.dumps(condition.parameters),
    }


def plan_sweep(
    manifest: Manifest,
    models: Sequence[ModelIdentity],
    corruptions: Sequence[Corrupting],
    severities: Sequence[int] | None = None,
    *,
    repeats: int = 1,
    bucket_size: int = 32,
) -> Plan:
    """Every model on every corruption at every severity, and on the clean clips.

    Args:
        manifest: The clips. One whose file is missing is planned too and will be a failed row.
        models: Each under a name of its own.
        corruptions: With their settings; or rows of a suite.
        severities: 1 (mild) to 5 (harsh), or as many as there are; None for all. 0 is the clean
            condition, planned in any case, since thresholds are fixed there.
        repeats: How often each clip is corrupted, with other random numbers each time; once
            where a corruption draws none.
        bucket_size: Most clips in one cell. Smaller re-runs less after a change, larger makes
            fewer files: 32 suits thousands of clips, 1024 hundreds of thousands.

    Raises:
        SweepError: Something to sweep over is missing or given twice.
        CorruptionError: A severity is out of range.
    """
    _check_models(models)
    conditions = conditions_of(corruptions, severities, repeats)
    if not len(manifest):
        raise SweepError("The manifest holds no clips; there is nothing to sweep over.")
    _check_labels(manifest, models)
    clips = with_digests(manifest)
    if not manifest.is_detection:
        _check_one_label_each(clips)
    return Plan(clips, tuple(models), conditions, buckets_of(clips, bucket_size))


def _beginning(model: ModelIdentity, condition: Condition) -> "hashlib._Hash":
    """The hash of all of an id but the bucket."""
    parts = (CELL_VERSION, model.digest, condition.digest, "")
    return hashlib.sha256("\0".join(parts).encode())


def _cell_id(beginning: "hashlib._Hash", bucket: Bucket) -> str:
    whole = beginning.copy()
    whole.update(bucket.digest.encode())
    return whole.hexdigest()[:ID_LENGTH]


def _check_models(models: Sequence[ModelIdentity]) -> None:
    if not models:
        raise SweepError("No model was given; a sweep needs at least one.")
    names = [model.name for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SweepError(f"The model '{twice[0]}' was given twice; results are told apart by name.")
    by_digest = {model.digest: model.name for model in models}
    for model in models:
        if by_digest[model.digest] != model.name:
            raise SweepError(
                f"'{model.name}' and '{by_digest[model.digest]}' are one and the same model."
            )


def _check_labels(manifest: Manifest, models: Sequence[ModelIdentity]) -> None:
    """Refuse a model that does not know a single one of the clips' labels."""
    labels = pc.unique(manifest.table["label"]).to_pylist()
    for model in models:
        if not set(labels) & set(model.labels):
            raise SweepError(
                f"'{model.name}' tells apart {_few(model.labels)}; the manifest's clips are "
                f"{_few(labels)}. Give a manifest with the model's labels, or a model of these."
            )


def _check_one_label_each(clips: pa.Table) -> None:
    """Refuse equal bytes under two labels where the label decides the score."""
    labels = clips.group_by("digest").aggregate([("label", "count_distinct"), ("clip", "min")])
    doubled = labels.filter(pc.greater(labels["label_count_distinct"], 1))["clip_min"]
    if len(doubled):
        raise SweepError(
            f"{len(doubled)} clips stand in the manifest under several labels (the first is "
            f"'{doubled[0].as_py()}'); a classifier's margin needs one label per clip."
        )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (" and others" if len(names) > 8 else "")
