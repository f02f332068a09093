"""What a manifest that lies beside a clip knows about it."""

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from xaudio.datasets.manifest import ManifestRow

MANIFEST = "manifest.parquet"


def known_about(path: Path) -> "ManifestRow | None":
    """What the manifest beside a clip, or in the folder above, says about it.

    Raises:
        CorpusError: There is a manifest that cannot be read.
    """
    for folder in path.parents[:2]:
        file = folder / MANIFEST
        if file.is_file():
            return _rows_by_path(file).get(path.resolve())
    return None


@st.cache_resource(ttl=30, max_entries=16, show_spinner=False)
def _rows_by_path(file: Path) -> "dict[Path, ManifestRow]":
    from xaudio.datasets.manifest import load_manifest

    return {row.path.resolve(): row for row in load_manifest(file)}
