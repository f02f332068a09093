"""Published data sets, and any folder or table of clips, read into one manifest.

What each expects on disk, and what its columns become, is in `docs/datasets.md`.
"""

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from xaudio.datasets.manifest import Manifest, of_split
from xaudio.datasets.readers.registry import Reader, readers
from xaudio.datasets.sound import present
from xaudio.errors import CorpusError

__all__ = ["MISSING", "read_dataset", "readers"]

MISSING = ("refuse", "skip")
"""What may become of clips whose audio is not there."""

_NAMED = 3  # of the missing


def read_dataset(
    kind: str,
    folder: str | Path,
    *,
    split: str | None = None,
    missing: str = "refuse",
    **settings: Any,
) -> Manifest:
    """Read a data set into a manifest: labels `bonafide` and `spoof`, each clip's audio found.

    Args:
        kind: Which data set; `readers.names()` lists them.
        folder: Where it lies.
        split: Only this part of it.
        missing: ``"refuse"`` if any clip's audio is missing, or ``"skip"`` those clips.
        settings: What that kind takes besides, such as `labels`, `columns` or `bonafide`.

    Raises:
        CorpusError: No such kind, setting or split; a protocol is missing or broken; or audio is
            missing.
        AudioError: An archive is damaged.
    """
    if missing not in MISSING:
        raise CorpusError(f"missing='{missing}' was given; expected 'refuse' or 'skip'.")
    reader = readers.get(kind)
    _check_settings(kind, reader, settings)
    manifest = reader(Path(folder), **settings)
    if not len(manifest):
        raise CorpusError(f"The data set '{kind}' in {folder} holds no clips.")
    if split is not None:
        manifest = of_split(manifest, split)
    found = present(manifest.table)
    if found.all():
        return manifest
    if missing == "refuse" or not found.any():
        raise CorpusError(_missing(manifest.table, found))
    return Manifest(manifest.table.filter(pa.array(found)))


def _check_settings(kind: str, reader: Reader, settings: dict[str, Any]) -> None:
    known = list(inspect.signature(reader).parameters)[1:]
    strange = [name for name in settings if name not in known]
    if strange:
        offered = ", ".join(known) or "none"
        raise CorpusError(
            f"The data set '{kind}' takes no {', '.join(map(repr, strange))}; its settings are: "
            f"{offered}."
        )


def _missing(table: pa.Table, found: np.ndarray) -> str:
    absent = table.filter(pa.array(~found))
    first = absent.slice(0, _NAMED).select(["path", "member"]).to_pylist()
    names = ", ".join(
        f"{row['path']} ({row['member']})" if row["member"] else row["path"] for row in first
    )
    others = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
    return (
        f"{len(absent)} of {len(table)} recordings are missing: {names}{others}. Put them there "
        "(archives must be .tar or .zip, not .tar.gz), or leave their clips out: missing='skip', "
        "--missing skip."
    )
