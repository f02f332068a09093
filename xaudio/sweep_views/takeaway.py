"""A sweep's tables, figures and report as one file to take away."""

import io
import tempfile
import zipfile
from pathlib import Path

from xaudio.sweeps.reporting import export, write_report
from xaudio.sweeps.store import SweepStore


def export_zip(store: SweepStore) -> bytes:
    """What ``xaudio sweep export`` and ``xaudio sweep report`` write, in a ZIP archive.

    Raises:
        SweepError: The store cannot be read.
    """
    archive = io.BytesIO()
    with tempfile.TemporaryDirectory() as place:
        files = [*export(store, place), write_report(store, Path(place) / "report.html")]
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in files:
                packed.write(file, file.relative_to(Path(place)).as_posix())
    return archive.getvalue()
