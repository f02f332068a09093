"""Real data that the project does not ship; tests on it skip where it is not."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_data(name: str) -> Path:
    """A file or folder of the shared data; skips the test when it is missing."""
    path = Path(os.environ.get("XAUDIO_SHARED_DATA", _BESIDE)) / name
    if not path.exists():
        pytest.skip(f"shared data '{name}' is not here (set XAUDIO_SHARED_DATA)")
    return path
