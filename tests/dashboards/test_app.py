"""The wiring: what is chosen arrives, what is wrong is a sentence."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards.service import MOST_BYTES
from perturbations.voice.properties import voice_properties
from tests.dashboards.recordings import BROKEN, CLIP, LONG_CLIP, MODEL, recordings

PATIENCE = 120
APP = str(Path(dashboards.__file__).parent / "app.py")


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The page of a dashboard that was given a folder and a model."""
    words = ["app.py", "--folder", str(recordings(tmp_path)), "--model", MODEL]
    monkeypatch.setattr(sys, "argv", words)
    started = AppTest.from_file(APP, default_timeout=PATIENCE)
    started.query_params["model"] = MODEL
    return started


def chosen(page, clip):
    page.query_params["clip"] = clip
    return page.run()


def explained(page):
    page.button[0].click().run()
    return page


def upload(page, name, data):
    page.segmented_control(key="source").set_value("Upload").run()
    page.file_uploader[0].upload(name, data, "audio/wav")
    return page.run()


def test_a_clip_is_shown_before_anything_is_asked(page):
    chosen(page, CLIP)
    assert not page.exception and not page.error
    assert page.header[0].value == "hybrid.wav"
    assert "known from the manifest: spoof, made by tone" in page.main.caption[0].value.replace(
        "\\", ""
    )
    assert len(page.get("plotly_chart")) == 1 and not page.metric


def test_explain_gives_decision_figure_table_and_sound(page):
    explained(chosen(page, CLIP))
    assert not page.exception and not page.error
    label, score, threshold = page.metric
    assert label.value in ("spoof", "bonafide") and threshold.value == "0.00"
    assert (float(score.value) >= 0) == (label.value == "bonafide")
    table = page.dataframe[0].value
    # The tests' detector listens to the high tone, from 0.5 to 1 s.
    assert 0.5 <= table["start"][0] < table["end"][0] <= 1.0
    assert page.get("plotly_chart") and page.get("audio")


def asked(page, method):
    """The page, that method's answer on it."""
    chosen(page, CLIP)
    page.selectbox(key="method").set_value(method).run()
    explained(page)
    assert not page.exception and not page.error
    return page


@pytest.mark.parametrize("method", ["lime", "leave-one-out"])
def test_named_parts_stand_in_a_table_of_their_own(page, method):
    asked(page, method)
    assert page.get("plotly_chart") and page.expander[0].label == "Part by part"
    table = page.expander[0].dataframe[0]
    errors = ["standard_error"] if method == "lime" else []  # only what is drawn has any
    assert list(table.proto.column_order) == ["name", "start", "end", "relevance", *errors]
    parts = table.value
    assert (parts["start"].min(), parts["end"].max()) == (0.0, 2.0)
    heaviest = parts.iloc[0]
    # The tests' detector listens to the high tone, from 0.5 to 1 s.
    assert heaviest["relevance"] > 0
    assert 0.5 <= heaviest["start"] < heaviest["end"] <= 1.0 + 1e-9
    assert abs(parts["relevance"]).is_monotonic_decreasing


def test_the_voice_is_curves_and_a_number_for_each_property(page):
    asked(page, "voice")
    assert len(page.get("image")) == 1 and not page.get("plotly_chart") and page.get("audio")
    table = page.main.dataframe[0]
    # Times and chances would say the same of all.
    assert list(table.proto.column_order) == ["name", "relevance", "standard_error"]
    parts = table.value
    assert set(parts["name"]) == set(voice_properties.names())
    # A louder clip says spoof more, a softer one less: by far the most that can be changed.
    assert parts["name"][0] == "loudness"


def test_a_clip_without_words_is_a_sentence(page):
    chosen(page, CLIP)
    page.selectbox(key="method").set_value("words").run()
    explained(page)
    assert "No burst" in page.error[0].value and not page.exception


def test_another_question_waits_for_the_button(page):
    explained(chosen(page, CLIP))
    page.selectbox(key="method").set_value("occlusion").run()
    assert not page.metric
    explained(page)
    assert page.metric and not page.error


def test_a_broken_file_of_the_folder_is_a_sentence(page):
    chosen(page, BROKEN)
    assert "broken.wav" in page.error[0].value
    assert not page.exception
    assert page.selectbox(key="method").value  # the rest of the page is still there


def test_an_upload_is_explained(page):
    page.run()
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(8000)), 8000, format="WAV")
    upload(page, "voice message.wav", file.getvalue())
    assert page.header[0].value == "voice message.wav"
    assert explained(page).metric and not page.error


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"This is no recording.\n" * 50, "broken upload.wav"),
        (bytes(MOST_BYTES + 1), "at most 20 MB"),
    ],
    ids=["empty", "text", "large"],
)
def test_a_bad_upload_is_a_sentence(page, data, says):
    upload(page.run(), "broken upload.wav", data)
    assert says in page.error[0].value and not page.exception


def test_a_long_clip_is_refused_with_a_way_out(page):
    file = io.BytesIO()
    soundfile.write(file, np.full(61 * 1000, 0.1), 1000, format="WAV")
    upload(page.run(), "long.wav", file.getvalue())
    assert "longer than 60 s" in page.error[0].value and "Cut it shorter" in page.error[0].value


def test_a_name_cannot_write_on_the_page(page):
    name = "![picture](http://elsewhere/x.png) $x$.wav"
    file = io.BytesIO()
    soundfile.write(file, 0.1 * np.sin(np.arange(8000)), 8000, format="WAV")
    upload(page.run(), name, file.getvalue())
    assert page.header[0].value.startswith(r"\!\[picture\]\(http\:")


def test_a_clip_outside_the_folders_cannot_be_named(page, tmp_path):
    (tmp_path / "secret.wav").write_bytes(b"")
    for name in (str(tmp_path / "secret.wav"), "audio/../secret.wav"):
        chosen(page, name)
        assert page.selectbox(key="clip").value == BROKEN  # the first there is
        assert "secret" not in page.error[0].value


def test_without_folders_one_uploads_or_records(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", MODEL])
    page = AppTest.from_file(APP, default_timeout=PATIENCE)
    page.query_params["model"] = MODEL
    page.run()
    assert not page.exception and page.header[0].value == "Inspect"
    assert page.segmented_control(key="source").options == ["Upload", "Record"]
    assert page.button[0].disabled


def test_a_model_that_cannot_be_loaded_is_a_sentence(page):
    page.query_params["model"] = MODEL
    page.query_params["clip"] = CLIP
    sys.argv += ["--model", "aasist"]
    page.query_params["model"] = "aasist"
    page.run()
    assert "comes without weights" in page.error[0].value and not page.exception


def test_ten_seconds_of_noise_are_a_small_page(page):
    explained(chosen(page, LONG_CLIP))
    (chart,) = page.get("plotly_chart")
    assert len(json.dumps(json.loads(chart.proto.spec))) < 700_000
