"""The wiring of Inspect: what is chosen arrives, what is wrong is a sentence."""

import io
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboards
from dashboards.evaluation.clips import MOST_UPLOADED
from dashboards.panels.choose.contents import content_id
from perturbations.voice.properties import voice_properties
from tests.dashboards.recordings import BROKEN, CLIP, LONG_CLIP, MODEL, recordings
from tests.dashboards.settling import settled
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.verdicts.scored import calibration
from xaudio.classifiers import load_classifier

PATIENCE = 60
APP = str(Path(dashboards.__file__).parent / "app.py")


@pytest.fixture
def page(tmp_path, monkeypatch):
    """The page of a dashboard that was given a folder and a model."""
    words = ["app.py", "--folder", str(recordings(tmp_path)), "--model", MODEL]
    monkeypatch.setattr(sys, "argv", words)
    st.cache_resource.clear()  # all of these tests' pages count as one session
    started = AppTest.from_file(APP, default_timeout=PATIENCE)
    started.query_params["model"] = MODEL
    return settled(started)


def chosen(page, clip):
    page.selectbox(key="clip").set_value(clip)
    return settled(page)


def button(page, label):
    (found,) = [each for each in page.button if each.label == label]
    return found


def explained(page, *methods):
    if methods:
        page.multiselect(key="methods").set_value(list(methods))
        settled(page)
    button(page, "Explain").click()
    return settled(page)


def tab(page, label):
    page.session_state["tab"] = label
    return settled(page)


def upload(page, name, data):
    page.segmented_control(key="source").set_value("Upload")
    page.run()
    page.file_uploader[0].upload(name, data, "audio/wav")
    return settled(page)


def wav(samples, rate=8000):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV")
    return file.getvalue()


def said(page):
    """Everything on the page that is prose."""
    return " ".join(each.value for each in [*page.markdown, *page.caption]).replace("\\", "")


def viewers(page):
    return page.get("bidi_component")


def test_a_newcomer_sees_a_sentence_and_examples(page):
    assert page.header[0].value == "Inspect" and not page.error
    assert "press **Explain**" in said(page) and not viewers(page)
    assert button(page, "Explain").disabled
    button(page, CLIP.replace("/", "/")).click()
    settled(page)
    assert page.header[0].value == "hybrid.wav"


def test_a_clip_is_shown_and_decided_before_anything_is_explained(page):
    chosen(page, CLIP)
    assert not page.error and page.header[0].value == "hybrid.wav"
    assert "known from the manifest: spoof, made by tone" in said(page)
    label, score, threshold = page.metric
    assert label.value in ("spoof", "bonafide") and threshold.value == "0.00"
    assert (float(score.value) >= 0) == (label.value == "bonafide")
    assert "No calibration was given" in said(page)
    assert len(viewers(page)) == 1 and not page.dataframe


def test_explain_gives_the_strongest_stretches(page):
    explained(chosen(page, CLIP))
    assert not page.error and len(viewers(page)) == 1
    table = page.dataframe[0].value
    # The tests' detector listens to the high tone, from 0.5 to 1 s.
    assert 0.5 <= table["start"][0] < table["end"][0] <= 1.0


@pytest.mark.parametrize("method", ["lime", "leave-one-out"])
def test_named_parts_stand_in_a_table_of_their_own(page, method):
    explained(chosen(page, CLIP), method)
    tab(page, "Part by part")
    table = page.dataframe[0]
    errors = ["standard_error"] if method == "lime" else []  # only what is drawn has any
    assert list(table.proto.column_order) == ["name", "start", "end", "relevance", *errors]
    parts = table.value
    assert (parts["start"].min(), parts["end"].max()) == (0.0, 2.0)
    heaviest = parts.iloc[0]
    assert heaviest["relevance"] > 0
    assert 0.5 <= heaviest["start"] < heaviest["end"] <= 1.0 + 1e-9
    assert abs(parts["relevance"]).is_monotonic_decreasing


def test_the_voice_is_curves_and_a_number_for_each_property(page):
    explained(chosen(page, CLIP), "voice")
    assert len(page.get("image")) == 1 and len(viewers(page)) == 1
    table = page.dataframe[0]
    # Times and chances would say the same of all.
    assert list(table.proto.column_order) == ["name", "relevance", "standard_error"]
    parts = table.value
    assert set(parts["name"]) == set(voice_properties.names())
    # A louder clip says spoof more, a softer one less: by far the most that can be changed.
    assert parts["name"][0] == "loudness"


def test_methods_stand_side_by_side_with_how_far_they_agree(page):
    explained(chosen(page, CLIP), "input-x-gradient", "lrp")
    tab(page, "Side by side")
    assert len(page.get("image")) == 2
    (row,) = page.dataframe[0].value.to_dict("records")
    assert {row["one"], row["other"]} == {"input-x-gradient", "lrp"}
    assert -1 <= row["agreement"] <= 1


def test_the_ledger_adds_up_to_the_score(page):
    explained(chosen(page, CLIP), "lrp")
    tab(page, "Ledger")
    amounts = page.dataframe[0].value["amount"]
    (sentence,) = [each.value for each in page.caption if "add up" in each.value]
    assert f"{amounts.sum():+.4g}" in sentence.replace("\\", "")


def test_a_map_is_checked_when_somebody_asks(page):
    explained(chosen(page, CLIP), "input-x-gradient")
    tab(page, "Is this map believable?")
    assert "Does the map depend on what the model learned?" in said(page)
    button(page, "Check this map").click()
    settled(page)
    assert "checks hold" in said(page) and not page.error


def test_how_it_was_made_can_be_copied(page):
    explained(chosen(page, CLIP), "input-x-gradient")
    tab(page, "How it was made")
    command, python = page.code
    assert command.value.startswith("xaudio explain hybrid.wav") and "import xaudio" in python.value


def test_the_case_record_can_be_saved(page):
    explained(chosen(page, CLIP), "input-x-gradient")
    tab(page, "Export")
    (save,) = page.get("download_button")
    assert save.proto.label == "Save the case record" and not page.error
    assert read_clip_digest(page) in said(page)


def read_clip_digest(page):
    (words,) = [each.value for each in page.caption if "SHA-256" in each.value]
    return words.split()[-1]


def test_a_clip_without_words_is_a_sentence(page):
    explained(chosen(page, CLIP), "words")
    assert "No burst" in page.error[0].value and len(viewers(page)) == 1


def test_another_question_waits_for_the_button(page):
    explained(chosen(page, CLIP), "input-x-gradient")
    page.multiselect(key="methods").set_value(["occlusion"])
    settled(page)
    assert not page.dataframe
    assert explained(page).dataframe and not page.error


def test_a_setting_reaches_the_method(page):
    chosen(page, CLIP)
    page.multiselect(key="methods").set_value(["occlusion"])
    settled(page)
    page.number_input(key="occlusion.window").set_value(0.25)
    explained(page)
    tab(page, "How it was made")
    assert "--setting window=0.25" in page.code[0].value
    assert page.query_params["occlusion.set"] == "window=0.25"


def test_a_broken_file_of_the_folder_is_a_sentence(page):
    chosen(page, BROKEN)
    assert "broken.wav" in page.error[0].value
    assert page.multiselect(key="methods").value  # the rest of the page is still there


def test_an_upload_is_explained(page):
    upload(page, "voice message.wav", wav(0.1 * np.sin(np.arange(8000))))
    assert page.header[0].value == "voice message.wav"
    assert explained(page).dataframe and not page.error


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"This is no recording.\n" * 50, "broken upload.wav"),
        (bytes(MOST_UPLOADED + 1), "at most 20 MB"),
    ],
    ids=["empty", "text", "large"],
)
def test_a_bad_upload_is_a_sentence(page, data, says):
    upload(page, "broken upload.wav", data)
    assert says in page.error[0].value


def test_a_name_cannot_write_on_the_page(page):
    name = "![picture](http://elsewhere/x.png) $x$.wav"
    upload(page, name, wav(0.1 * np.sin(np.arange(8000))))
    assert page.header[0].value.startswith(r"\!\[picture\]\(http\:")


def test_without_folders_one_uploads_or_records(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", MODEL])
    st.cache_resource.clear()
    page = AppTest.from_file(APP, default_timeout=PATIENCE)
    page.query_params["model"] = MODEL
    settled(page)
    assert page.header[0].value == "Inspect"
    assert page.segmented_control(key="source").options == ["Upload", "Record"]


def test_a_model_that_cannot_be_loaded_is_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py", "--model", "aasist"])
    st.cache_resource.clear()
    page = AppTest.from_file(APP, default_timeout=PATIENCE)
    page.query_params["model"] = "aasist"
    settled(page)
    assert "comes without weights" in page.error[0].value


class TestCalibration:
    @pytest.fixture
    def judged(self, tmp_path, monkeypatch):
        """Opens the page of a dashboard with a calibration, changed as a test wants it."""

        def open_page(**changes):
            known = calibration()
            classifier = load_classifier(MODEL)
            model = replace(
                known.model,
                fingerprint=classifier.fingerprint,
                sample_rate=classifier.sample_rate,
            )
            file = replace(known, model=replace(model, **changes)).save(tmp_path / "known.json")
            words = ["app.py", "--folder", str(recordings(tmp_path)), "--model", MODEL]
            monkeypatch.setattr(sys, "argv", [*words, "--calibration", str(file)])
            st.cache_resource.clear()
            page = AppTest.from_file(APP, default_timeout=PATIENCE)
            page.query_params["model"] = MODEL
            return chosen(settled(page), CLIP)

        return open_page

    def test_the_verdict_is_the_librarys_statement(self, judged):
        page = judged()
        word, probability, _ = page.metric
        # A tone is no speech such as the calibration was validated on.
        assert (word.label, word.value, probability.value) == ("Verdict", "inconclusive", "none")
        assert "outside the conditions in which the detector was validated" in said(page)

    def test_that_of_another_model_is_not_used_and_this_is_said(self, judged):
        page = judged(fingerprint="0" * 64, name="another detector")
        assert page.metric[0].label == "Decision"
        assert "belongs to “another detector”, so this is no probability" in said(page)


class TestLongRecordings:
    @pytest.fixture
    def page(self, tmp_path, monkeypatch):
        folder = recordings(tmp_path)
        minutes = np.concatenate([np.tile(hybrid(), 16), np.tile(0.1 * hybrid()[: RATE // 2], 80)])
        soundfile.write(folder / "minutes.wav", minutes, RATE)  # 72 s
        words = ["app.py", "--folder", str(folder), "--model", MODEL]
        monkeypatch.setattr(sys, "argv", words)
        st.cache_resource.clear()
        started = AppTest.from_file(APP, default_timeout=PATIENCE)
        started.query_params["model"] = MODEL
        return chosen(settled(started), "audio/minutes.wav")

    def test_it_is_decided_window_by_window(self, page):
        assert not page.error and not page.metric and len(viewers(page)) == 1
        assert "35 windows of 4 s, one every 2 s" in said(page)
        assert "not a verdict on the recording" in said(page)
        table = page.dataframe[0].value
        assert table["score"].is_monotonic_increasing
        # The tone sounds in the first 32 s only.
        assert table["end"][0] <= 34

    def test_a_stretch_is_inspected_as_any_clip(self, page):
        page.query_params["stretch"] = "8 12"
        settled(page)
        assert page.subheader[0].value == "0:08 to 0:12" and page.metric[0].value == "spoof"
        assert "cut 8.000-12.000 s" in said(page)
        explained(page, "input-x-gradient")
        assert len(viewers(page)) == 2 and page.dataframe[1].value["end"].max() <= 4.0


class TestLinks:
    def test_the_address_says_everything_that_was_asked(self, page, tmp_path):
        explained(chosen(page, CLIP), "occlusion", "lrp")
        address = page.query_params
        digest = sha256((tmp_path / "audio" / "hybrid.wav").read_bytes()).hexdigest()
        assert address["clip"] == content_id(digest)
        assert address["model"] == MODEL
        assert address["methods"] == ["occlusion", "lrp"]
        assert address["target"] == "spoof - bonafide"
        assert address["show"] == "explanation"

    def test_a_link_makes_the_page_again(self, page):
        explained(chosen(page, CLIP), "input-x-gradient")
        again = AppTest.from_file(APP, default_timeout=PATIENCE)
        for name, value in page.query_params.items():
            again.query_params[name] = value
        settled(again)
        assert again.header[0].value == "hybrid.wav"
        assert again.multiselect(key="methods").value == ["input-x-gradient"]
        assert again.dataframe[0].value.equals(page.dataframe[0].value)

    def test_a_target_the_model_lacks_is_a_sentence(self, page, tmp_path):
        data = (tmp_path / "audio" / "hybrid.wav").read_bytes()
        page.query_params["clip"] = content_id(sha256(data).hexdigest())
        page.query_params["target"] = "robot"
        page.query_params["show"] = "explanation"
        page.run()  # one run: AppTest cannot send back an option that was typed
        assert "names no label of this model" in page.error[0].value

    def test_a_recording_is_found_by_its_content(self, page, tmp_path):
        data = (tmp_path / "audio" / "hybrid.wav").read_bytes()
        page.query_params["clip"] = content_id(sha256(data).hexdigest())
        settled(page)
        assert page.selectbox(key="clip").value == CLIP

    def test_a_recording_that_is_nowhere_is_a_sentence(self, page):
        page.query_params["clip"] = "0123456789abcdef"
        settled(page)
        assert "0123456789abcdef" in page.warning[0].value and page.header[0].value == "Inspect"
        chosen(page, CLIP)
        assert not page.warning

    def test_a_model_that_was_not_given_is_a_sentence(self, page):
        page.query_params["model"] = "os.system:x"
        settled(page)
        assert "os.system" in page.warning[0].value and not viewers(page)

    def test_a_clip_outside_the_folders_cannot_be_named(self, page, tmp_path):
        (tmp_path / "secret.wav").write_bytes(b"secret")
        for name in (str(tmp_path / "secret.wav"), "audio/../secret.wav"):
            page.query_params["clip"] = name
            settled(page)
            assert page.selectbox(key="clip").value is None and not viewers(page)

    def test_a_file_cannot_be_named_in_a_setting(self, page):
        page.query_params["methods"] = ["words"]
        page.query_params["words.set"] = ["alignment=/etc/passwd"]
        page.query_params["lime.set"] = ["segments=words:/etc/passwd"]
        settled(page)
        page.multiselect(key="methods").set_value(["words", "lime"])
        explained(chosen(page, CLIP))
        assert not any("passwd" in error.value for error in page.error)
        assert page.selectbox(key="lime.segments").value == "windows:0.2"

    def test_an_edit_in_a_link_is_made_again(self, page):
        page.query_params["edit"] = ["mute 0.5 1 0 8000"]
        chosen(page, CLIP)
        assert [metric.label for metric in page.metric][-3:] == [
            "Before",
            "After",
            "spoof - bonafide",
        ]
        # Without the tone that the tests' detector listens to, nothing speaks for spoof.
        assert float(page.metric[-1].delta) < 0
        button(page, "Undo").click()
        settled(page)
        assert len(page.metric) == 3 and "edit" not in page.query_params


def test_ten_seconds_of_noise_are_a_small_page(page):
    explained(chosen(page, LONG_CLIP), "input-x-gradient")
    (viewer,) = viewers(page)
    assert viewer.proto.ByteSize() < 200_000  # with its scripts
