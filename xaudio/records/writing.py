"""A case as files: the record, the report, the relevance, sounds, labels, figures, commands."""

import io
import os
import struct
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from explainers.errors import ExplanationError
from xaudio.audio import Clip
from xaudio.folders import filled_whole
from xaudio.records.case import Case
from xaudio.records.gathering import case_record
from xaudio.records.labels import Label, Tiers, audacity_labels, labels_csv, textgrid
from xaudio.records.page import case_page
from xaudio.records.record import NAME, CaseRecord
from xaudio.records.relevance_table import relevance_csv

WHAT = "The case"
EXPLANATION = "explanation.npz"
HEARD = "heard.wav"
MOST_LABELS = 20
WAV_OF_FLOATS = 3  # WAVE_FORMAT_IEEE_FLOAT
ONE_DATE = (1980, 1, 1, 0, 0, 0)  # the same case gives the same archive


def write_case(case: Case, place: str | Path) -> CaseRecord:
    """Write a case into a folder, or into one file where the name ends in ``.zip``.

    All is written aside first and moved when complete.

    Returns:
        The record, with the SHA-256 of every file beside it.

    Raises:
        ExplanationError: The place cannot be written to; nothing new is left there then.
    """
    record, files = _files(case)
    if Path(place).suffix.lower() == ".zip":
        _write_aside(Path(place), _zipped(files))
        return record
    with filled_whole(place, WHAT) as aside:
        for name, data in files.items():
            (aside / name).write_bytes(data)
    return record


def case_zip(case: Case) -> bytes:
    """The same as one file in memory."""
    return _zipped(_files(case)[1])


def _files(case: Case) -> tuple[CaseRecord, dict[str, bytes]]:
    """The record, and all files by name, the record first."""
    plain_record = case_record(case)
    explained = case.explained
    tiers = case_tiers(case)
    members = {
        "report.html": case_page(case, plain_record).encode("utf-8"),
        EXPLANATION: _explanation(case),
        "relevance.csv": relevance_csv(explained.explanation).encode("utf-8"),
        HEARD: exact_wav(explained.clip),
        "labels.txt": audacity_labels(tiers).encode("utf-8"),
        "labels.TextGrid": textgrid(tiers, explained.clip.seconds).encode("utf-8"),
        "labels.csv": labels_csv(tiers).encode("utf-8"),
        "again.sh": f"{plain_record.command}\n".encode(),
        "again.py": f"{plain_record.python}\n".encode(),
        **_figures(case),
    }
    if case.original is not None:
        members[case.original_name] = case.original
    if not explained.is_of_the_voice:
        members |= {"relevant.wav": explained.relevant_sound, "rest.wav": explained.rest_sound}
    for number, asked in enumerate(case.asked, start=1):
        members[f"edited-{number}.wav"] = exact_wav(asked.sound)
    record = case_record(case, members)
    return record, {NAME: record.to_json(), **members}


def case_tiers(case: Case) -> Tiers:
    """What is worth a label: strongest stretches, parts, known stretches, edited regions."""
    explained = case.explained
    tiers = {
        "strongest": [
            Label(each.start, each.end, f"relevance {each.relevance:+.3g} ({each.share:.0%})")
            for each in explained.strongest(MOST_LABELS)
        ],
        "parts": [
            Label(each.start, each.end, f"{each.name} {each.relevance:+.3g}")
            for each in explained.parts()
        ],
        "known": [Label(each.start, each.end, each.name) for each in case.stretches],
    }
    for number, answer in enumerate(case_record(case).answers, start=1):
        tiers[f"edit {number}"] = [
            Label(edit.start, edit.end, edit.how, edit.low, edit.high) for edit in answer.edits
        ]
    return {name: labels for name, labels in tiers.items() if labels}


def exact_wav(clip: Clip) -> bytes:
    """A WAV file that keeps every float, without the time of day that libsndfile puts into it."""
    data = np.ascontiguousarray(clip.samples, dtype="<f4").tobytes()
    rate, width = clip.sample_rate, 4
    sound = struct.pack("<HHIIHHH", WAV_OF_FLOATS, 1, rate, rate * width, width, 8 * width, 0)
    chunks = b"".join(
        name + struct.pack("<I", len(content)) + content
        for name, content in (
            (b"fmt ", sound),
            (b"fact", struct.pack("<I", len(clip.samples))),
            (b"data", data),
        )
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _explanation(case: Case) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / EXPLANATION
        case.explained.explanation.save(file)
        with zipfile.ZipFile(file) as archive:  # numpy's has the time of day in it
            return _zipped({name: archive.read(name) for name in archive.namelist()})


def _figures(case: Case) -> dict[str, bytes]:
    if case.explained.is_of_the_voice:
        return {"figure.png": case.explained.picture()}
    from xaudio.records.figure import case_figure
    from xaudio.reports.charts import png_file, svg_file

    figure = case_figure(case.explained, case.stretches)
    return {"figure.svg": svg_file(figure, "case"), "figure.png": png_file(figure)}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ONE_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            writer.writestr(entry, data)
    return archive.getvalue()


def _write_aside(file: Path, data: bytes) -> None:
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(data)
        aside.replace(file)
    except OSError as error:
        raise ExplanationError(
            f"{WHAT} cannot be written to '{file}': {error.strerror}. Free some space there, or "
            "choose another place."
        ) from error
    finally:
        with suppress(OSError):
            aside.unlink()
