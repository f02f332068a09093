"""Corrupted versions of clips as files: WAV, a certificate beside each, a table of all."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from perturbations.certificates import Certificate
from perturbations.corrupted import Facts
from perturbations.time_map import TimeMap
from xaudio.audio import Clip, write_audio
from xaudio.corrupting import CorruptedClip, Refusal

TABLE = "certificates.csv"
APART = {"certificate", "time_map"}  # of the table: nested, and in the JSON files


@dataclass(frozen=True)
class WrittenVersion:
    """One version of a clip, as it lies in a folder.

    Attributes:
        clip: The clip's name.
        digest: SHA-256 of the clip's original bytes.
        file: The WAV file's name in the folder; None where the version could not be made.
        condition: What the suite calls it; the corruption's name without one.
        corruption: The corruption's name.
        severity: 0 (unchanged) to 5 (harsh).
        repeat: Which repeat of the random numbers.
        parameters: The physical parameters, units in their names.
        time_map: Instants of the clip and where they went, in seconds; None where nothing moved.
        certificate: What was measured; None where nobody asked.
        error: Why the version could not be made; None where it was.
    """

    clip: str
    digest: str
    file: str | None
    condition: str
    corruption: str
    severity: int
    repeat: int
    parameters: Facts
    time_map: Mapping[str, Sequence[float]] | None
    certificate: Certificate | None
    error: str | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def write_version(
    folder: Path, stem: str, clip: Clip, made: CorruptedClip, certificate: Certificate | None
) -> WrittenVersion:
    """Write a version's WAV file and, where it has a certificate, a JSON file of the same name.

    Args:
        folder: Where to.
        stem: What the clip is called in file names.
        clip: The clean clip.
        made: The version.
        certificate: What was measured of it, or None.

    Raises:
        AudioError: It cannot be written.
    """
    repeat = f"-{made.repeat}" if made.repeat else ""
    path = unused(folder / f"{stem}-{made.condition}-{made.severity}{repeat}.wav")
    write_audio(path, made.clip.samples, made.clip.sample_rate)
    version = WrittenVersion(
        clip.name,
        clip.digest,
        path.name,
        made.condition,
        made.corruption,
        made.severity,
        made.repeat,
        dict(made.parameters),
        points(made.time_map),
        certificate,
        None,
    )
    if certificate is not None:
        text = json.dumps(version.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return version


def refused_version(clip: Clip, refusal: Refusal) -> WrittenVersion:
    """What is left of a version that could not be made."""
    return WrittenVersion(
        clip.name,
        clip.digest,
        None,
        refusal.condition,
        refusal.corruption,
        refusal.severity,
        refusal.repeat,
        {},
        None,
        None,
        refusal.reason,
    )


def write_table(folder: Path, versions: Sequence[WrittenVersion]) -> None:
    """All versions as ``certificates.csv``: a row each, a column per figure."""
    columns = [field.name for field in fields(WrittenVersion) if field.name not in APART]
    figures = [field.name for field in fields(Certificate)]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*columns, *figures])
    writer.writeheader()
    writer.writerows(table_row(version) for version in versions)
    (folder / TABLE).write_text(buffer.getvalue(), encoding="utf-8")


def table_row(version: WrittenVersion) -> dict[str, Any]:
    """A version as one row; what is nested is written as JSON, what is None stays empty."""
    document = version.as_dict()
    flat = document | (document["certificate"] or {})
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
        for name, value in flat.items()
        if name not in APART
    }


def points(time_map: TimeMap) -> dict[str, Sequence[float]] | None:
    """The points of a time map; None where nothing moves."""
    return None if time_map.is_identity else asdict(time_map)


def unused(path: Path) -> Path:
    """The path, with a number where a file is there already.

    A clip "a" under the condition "b-c" and a clip "a-b" under "c" would share a name.
    """
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem}~{number}")
        number += 1
    return free
