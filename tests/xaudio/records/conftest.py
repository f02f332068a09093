"""A case on record, small enough for tests: the bundled detector on a second and a half."""

import io
import json
from pathlib import Path

import pytest
import soundfile

from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.editing.boxes import box
from xaudio.audio import clip_from_bytes
from xaudio.classifiers import load_classifier
from xaudio.editing import RegionEdit, ask_again
from xaudio.explaining import explain_clip, load_method, model_spec
from xaudio.records import Case, write_case
from xaudio.reports.elements import Stretch


def wav(samples=None, rate: int = RATE) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, hybrid(1.5) if samples is None else samples, rate, format="WAV")
    return file.getvalue()


@pytest.fixture(scope="session")
def case() -> Case:
    classifier = load_classifier("lcnn")
    data = wav()
    explained = explain_clip(
        clip_from_bytes(data, "voice & <co>.wav"),
        classifier,
        load_method("lrp", {"composite": "epsilon"}),
        model=model_spec("lcnn"),
        chosen_settings={"composite": "epsilon"},
    )
    edits = [RegionEdit(box(0.5, 1.0, 4000, 6000), "noise"), RegionEdit(box(0, 0.2), "mute")]
    asked = ask_again(explained.clip, classifier, edits)
    return Case(explained, data, (asked,), stretches=(Stretch(0.5, 1.0, 'the "high" one'),))


@pytest.fixture(scope="session")
def written(case, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("cases") / "case"
    write_case(case, place)
    return place


@pytest.fixture
def folder(written, tmp_path) -> Path:
    """A copy to spoil."""
    place = tmp_path / "case"
    place.mkdir()
    for file in written.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    return place


@pytest.fixture
def changed(folder):
    """Changes one entry of the record, named by its path, and gives the folder."""

    def change(path: str, value) -> Path:
        file = folder / "record.json"
        record = json.loads(file.read_text())
        *way, last = path.split(".")
        inner = record
        for step in way:
            inner = inner[int(step)] if step.isdigit() else inner[step]
        inner[last] = value
        file.write_text(json.dumps(record))
        return folder

    return change
