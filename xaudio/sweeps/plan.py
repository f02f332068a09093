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
from pathlib import Path
from typing import Any

import pyarrow as pa

from perturbations.corruption import Corruption, check_severity
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import SweepError
from xaudio.sweeps.behaviour import behaviour

CLEAN = "clean"

# Goes up when what a cell computes changes while its parts stay the same.
CELL_VERSION = 1


@dataclass(frozen=True)
class ModelIdentity:
    """What decides a model's scores.

    Attributes:
        name: For people; no part of the identity.
        fingerprint: SHA-256 of the weights, and of the file or configuration beside them.
        architecture: Name of the module's class; empty for a function.
        labels: In the model's order.
        sample_rate: In hertz; clips are brought to it before they are corrupted.
        fit: How clips meet the model's input length.
        behaviour: Its settings and what it says about a fixed probe: weights alone do not tell two
            exported programs or two functions apart.
        precision: Of its arithmetic.
    """

    name: str
    fingerprint: str
    architecture: str
    labels: tuple[str, ...]
    sample_rate: int
    fit: str
    behaviour: str
    precision: str = "float32"

    @cached_property
    def digest(self) -> str:
        """Hash of everything but the name."""
        return content_hash(
            self.fingerprint,
            self.architecture,
            *self.labels,
            str(self.sample_rate),
            self.fit,
            self.behaviour,
            self.precision,
        )


@dataclass(frozen=True)
class Condition:
    """One corruption at one severity, drawn for the `repeat`-th time; or the clean clips."""

    corruption: Corruption | None
    severity: int
    repeat: int = 0

    @property
    def name(self) -> str:
        """The corruption's name, or ``"clean"``."""
        return CLEAN if self.corruption is None else self.corruption.name

    @cached_property
    def parameters(self) -> dict[str, float | int | str]:
        """The physical parameters at this severity."""
        return {} if self.corruption is None else self.corruption.parameters(self.severity)

    @cached_property
    def digest(self) -> str:
        """Hash of the corruption's name, version and parameters, the severity and the repeat."""
        if self.corruption is None:
            return content_hash(CLEAN)
        return content_hash(
            self.corruption.name,
            str(self.corruption.version),
            json.dumps(self.parameters, sort_keys=True),
            str(self.severity),
            str(self.repeat),
        )


@dataclass(frozen=True)
class PlannedClip:
    """A clip by the digest of its bytes, with its row in the manifest."""

    digest: str
    row: ManifestRow


@dataclass(frozen=True)
class Bucket:
    """Clips that are scored and stored together: those whose digests begin alike."""

    clips: tuple[PlannedClip, ...]

    @cached_property
    def digest(self) -> str:
        """Hash of the clips' digests."""
        return content_hash(*(clip.digest for clip in self.clips))


@dataclass(frozen=True)
class Cell:
    """The unit of work, of storage and of resuming."""

    model: ModelIdentity
    condition: Condition
    bucket: Bucket

    @cached_property
    def id(self) -> str:
        """Hash of what decides the cell's scores, 32 hexadecimal digits."""
        parts = (self.model.digest, self.condition.digest, self.bucket.digest)
        return content_hash(str(CELL_VERSION), *parts)[:32]


@dataclass(frozen=True)
class Plan:
    """All cells of a sweep, and the clips they are about.

    Cells of one bucket follow each other, so that its clips are decoded once; those of one
    condition as well, so that they are corrupted once for all models.
    """

    clips: tuple[PlannedClip, ...]
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

    def clip_table(self) -> pa.Table:
        """One row per clip: its digest and what the manifest knows."""
        manifest = Manifest(tuple(clip.row for clip in self.clips)).to_table()
        digests = pa.array([clip.digest for clip in self.clips], pa.string())
        return manifest.set_column(manifest.schema.get_field_index("digest"), "digest", digests)

    def cell_table(self) -> pa.Table:
        """One row per cell, in order: its id, model and condition."""
        of_one_bucket = pa.Table.from_pylist(
            [describe(model, condition) for condition in self.conditions for model in self.models],
            schema=CELL_SCHEMA.remove(0),
        )
        table = pa.concat_tables([of_one_bucket] * len(self.buckets))
        return table.add_column(0, CELL_SCHEMA.field(0), [[cell.id for cell in self]])


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
    corruptions: Sequence[Corruption],
    severities: Sequence[int],
    *,
    repeats: int = 1,
    bucket_size: int = 32,
) -> Plan:
    """Every model on every corruption at every severity, and on the clean clips.

    Args:
        manifest: The clips. One whose file is missing is planned too and will be a failed row.
        models: Each under a name of its own.
        corruptions: With their settings.
        severities: 1 (mild) to 5 (harsh); 0 is the clean condition, planned in any case, since
            thresholds are fixed there.
        repeats: How often each clip is corrupted, with other random numbers each time; once
            where a corruption draws none.
        bucket_size: Most clips in one cell. Smaller re-runs less after a change, larger makes
            fewer files: 32 suits thousands of clips, 1024 hundreds of thousands.

    Raises:
        SweepError: Something to sweep over is missing or given twice.
        CorruptionError: A severity is out of range.
    """
    _check_axes(manifest, models, corruptions, repeats, bucket_size)
    for severity in severities:
        check_severity(severity)
    clips = tuple(PlannedClip(clip_digest(row), row) for row in manifest)
    corrupted = (
        Condition(corruption, severity, repeat)
        for corruption in corruptions
        for severity in sorted(set(severities) - {0})
        for repeat in range(repeats if corruption.random else 1)
    )
    return Plan(
        clips, tuple(models), (Condition(None, 0), *corrupted), buckets_of(clips, bucket_size)
    )


def identify(classifier: Classifier) -> ModelIdentity:
    """What decides a classifier's scores.

    Raises:
        SweepError: It does not tell bona fide from spoofed speech.
    """
    if not classifier.is_detector:
        raise SweepError(
            "A sweep needs a detector with the labels spoof and bonafide; "
            f"'{classifier.name}' has {', '.join(classifier.labels)}."
        )
    return ModelIdentity(
        name=classifier.name,
        fingerprint=classifier.fingerprint,
        architecture="" if classifier.module is None else type(classifier.module).__name__,
        labels=classifier.labels,
        sample_rate=classifier.sample_rate,
        fit=repr(classifier.fit),
        behaviour=behaviour(classifier),
    )


def named_apart(models: Sequence[ModelIdentity]) -> list[ModelIdentity]:
    """The same models; those that share a name carry part of their identity in it.

    That is the beginning of the weights' hash, or of the whole identity's where weights are shared.
    """
    names = [model.name for model in models]
    prints = [(model.name, model.fingerprint) for model in models]
    return [
        replace(model, name=f"{model.name} ({_short(model, prints)})")
        if names.count(model.name) > 1
        else model
        for model in models
    ]


def _short(model: ModelIdentity, prints: Sequence[tuple[str, str]]) -> str:
    shared = prints.count((model.name, model.fingerprint)) > 1
    return (model.digest if shared else model.fingerprint)[:8]


def buckets_of(clips: Sequence[PlannedClip], size: int) -> tuple[Bucket, ...]:
    """Clips of equal bytes once each, grouped by the leading bits of their digests.

    A group of more than `size` clips is split by its next bit. A new clip therefore changes one
    group only, however many clips there are.
    """
    by_digest = {clip.digest: clip for clip in reversed(clips)}
    unique = sorted(by_digest.values(), key=lambda clip: clip.digest)
    bits = [f"{int(clip.digest, 16):0{4 * len(clip.digest)}b}" for clip in unique]
    return tuple(_split(unique, bits, size, depth=0))


def clip_digest(row: ManifestRow) -> str:
    """SHA-256 of the clip's bytes: the manifest's word for it, or else computed here.

    A missing file has a digest made from its name, so that it counts as changed once it is there.
    """
    if not row.path.is_file():
        return content_hash("missing file", row.clip, str(row.path))
    return row.digest if row.digest is not None else file_digest(row.path)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash(*parts: str) -> str:
    """SHA-256 over parts, each kept apart from the next."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _split(
    clips: Sequence[PlannedClip], bits: Sequence[str], size: int, depth: int
) -> Iterator[Bucket]:
    if len(clips) <= size:
        if clips:
            yield Bucket(tuple(clips))
        return
    middle = sum(code[depth] == "0" for code in bits)
    yield from _split(clips[:middle], bits[:middle], size, depth + 1)
    yield from _split(clips[middle:], bits[middle:], size, depth + 1)


def _check_axes(
    manifest: Manifest,
    models: Sequence[ModelIdentity],
    corruptions: Sequence[Corruption],
    repeats: int,
    bucket_size: int,
) -> None:
    if not len(manifest):
        raise SweepError("The manifest holds no clips; there is nothing to sweep over.")
    if not models:
        raise SweepError("No model was given; a sweep needs at least one.")
    _check_distinct("model", [model.name for model in models])
    by_digest = {model.digest: model.name for model in models}
    for model in models:
        if by_digest[model.digest] != model.name:
            raise SweepError(
                f"'{model.name}' and '{by_digest[model.digest]}' are one and the same model."
            )
    _check_distinct("corruption", [corruption.name for corruption in corruptions])
    if repeats < 1 or bucket_size < 1:
        raise SweepError(
            f"A sweep needs at least one repeat and one clip per bucket; given {repeats} and "
            f"{bucket_size}."
        )


def _check_distinct(kind: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SweepError(
            f"The {kind} '{twice[0]}' was given twice; results are told apart by name."
        )
