import io
import json
import re
import sys
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import soundfile

import xaudio
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import load_explanation
from tests.xaudio.clips import HIGH_FROM, HIGH_TO, RATE, write_good
from tests.xaudio.tiny import HighBandDetector
from xaudio.classifiers import load_classifier
from xaudio.explaining import explain_clip
from xaudio.reports.elements import Stretch


@pytest.fixture(scope="module")
def explained(tmp_path_factory) -> xaudio.ExplainedClip:
    path = write_good(tmp_path_factory.mktemp("clips") / "voice & <co>.wav")
    return xaudio.explain(path, HighBandDetector(), "input-x-gradient")


def test_saved_files_hold_what_they_say(explained, tmp_path):
    files = explained.save(tmp_path / "new" / "out")
    assert load_explanation(files["explanation"]).equals(explained.explanation)
    assert files["picture"].read_bytes().startswith(b"\x89PNG")
    summary = json.loads(files["summary"].read_text())
    assert summary["provenance"]["clip_sha256"] == explained.clip.digest
    assert summary["strongest"][0]["start"] >= HIGH_FROM
    assert sorted(files["report"].parent.iterdir()) == sorted(files.values())
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


def test_only_the_relevant_part_is_heard(explained):
    heard, rate = soundfile.read(io.BytesIO(explained.relevant_sound))
    times = np.arange(len(heard)) / rate
    margin = 0.1
    outside = (times < HIGH_FROM - margin) | (times > HIGH_TO + margin)
    assert rate == RATE
    assert np.abs(heard[outside]).max() < 1e-3
    assert np.abs(heard).max() > 0.1


def test_the_relevant_part_and_the_rest_are_the_clip(explained):
    wavs = (explained.sound, explained.relevant_sound, explained.rest_sound)
    clip, relevant, rest = (soundfile.read(io.BytesIO(wav))[0] for wav in wavs)
    np.testing.assert_allclose(relevant + rest, clip, atol=1e-4)
    assert np.abs(relevant).max() > 0.1 and np.abs(rest).max() > 0.1


def test_shares_are_of_all_magnitude(explained):
    rows = explained.strongest(100)
    relevance = explained.explanation.relevance
    in_stretches = np.abs(relevance.reshape(len(rows), -1).sum(axis=1))
    shares = sorted(in_stretches / in_stretches.sum(), reverse=True)
    assert [row.share for row in rows] == pytest.approx(shares)
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert explained.strongest(3) == rows[:3]


def test_no_relevance_is_no_division_by_zero(explained):
    nothing = replace(explained.explanation, relevance=0 * explained.explanation.relevance)
    assert replace(explained, explanation=nothing).strongest(1)[0].share == 0


def test_the_report_stands_alone_and_escapes_the_name(explained):
    page = explained.report()
    assert "voice &amp; &lt;co&gt;.wav" in page
    assert "<co>" not in page
    assert all(a.startswith("data:") for a in re.findall(r'(?:src|srcset|href)="([^"]*)"', page))
    assert explained.clip.digest in page


def test_known_stretches_change_the_picture(explained):
    marked = explained.picture(stretches=[Stretch(HIGH_FROM, HIGH_TO, "synthetic")])
    assert marked != explained.picture()


def test_a_notebook_shows_picture_and_sound(explained):
    shown = explained._repr_html_()
    assert shown.count("<audio") == 2
    assert shown.count("data:image/png") == 1
    assert "<style" not in shown
    assert "<co>" not in shown


def test_a_failed_save_leaves_nothing(explained, tmp_path, monkeypatch):
    def fail(self) -> dict:
        raise RuntimeError("no more disk")

    monkeypatch.setattr(type(explained), "summary", fail)
    with pytest.raises(RuntimeError):
        explained.save(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_saving_again_replaces_our_files_and_leaves_the_users(explained, tmp_path):
    home = tmp_path / "out"
    first = explained.save(home)
    (home / "notes.txt").write_text("mine")
    first["report"].write_text("old")
    explained.save(home)
    assert first["report"].read_text() != "old"
    assert (home / "notes.txt").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32", reason="a limit of Unix")
@pytest.mark.parametrize("most_bytes", [0, 500, 20_000, 60_000])
def test_a_full_disk_is_told_and_leaves_nothing(explained, tmp_path, most_bytes):
    import resource

    explained.report()  # fonts and caches of others are not limited
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, usual[1]))
    try:
        with pytest.raises(ExplanationError, match=r"cannot be written to '.*out'.*another folder"):
            explained.save(tmp_path / "new" / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_told_and_kept(explained, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ExplanationError, match="cannot be written"):
        explained.save(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "mine"


@dataclass(frozen=True)
class Mine(Explainer):
    name: ClassVar[str] = "mine"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "The samples themselves, never registered."

    def attribute(self, task):
        return [Attribution(clip.numpy()) for clip in task.waveform]


def test_a_method_that_is_not_registered_can_be_saved(explained, tmp_path):
    classifier = load_classifier(HighBandDetector())
    found = explain_clip(explained.clip, classifier, Mine())
    assert Mine.summary in found.save(tmp_path / "out")["report"].read_text()


def in_parts(explained, **more):
    """The same clip, explained in two named parts."""
    given = explained.explanation
    edges = np.array([0.0, given.seconds / 2, given.seconds])
    nyquist = np.full(2, given.sample_rate / 2)
    explanation = replace(
        given,
        relevance=np.array([1.0, -3.0]),
        domain="segments",
        segments=np.column_stack([edges[:-1], edges[1:], np.zeros(2), nyquist]),
        segment_names=("<b>first</b>", "second"),
        time_edges=None,
        activation=None,
        coefficient=None,
        ledger={"everything replaced": 0.5},
        **more,
    )
    return replace(explained, explanation=explanation)


def test_named_parts_are_told_everywhere(explained, tmp_path):
    parted = in_parts(explained, standard_error=np.array([0.25, 0.5]))
    assert [part.name for part in parted.parts()] == ["second", "<b>first</b>"]
    assert explained.parts() == []
    files = parted.save(tmp_path / "out")
    told = json.loads(files["summary"].read_text())["parts"]
    assert [one["relevance"] for one in told] == [-3.0, 1.0]
    assert [one["standard_error"] for one in told] == [0.5, 0.25]
    page = files["report"].read_text()
    assert "Part by part" in page and "Where all of the score went" in page
    assert "&lt;b&gt;first" in page and "<b>first" not in page
    assert load_explanation(files["explanation"]).segment_names == ("<b>first</b>", "second")
    assert "Part by part" not in explained.report()


def test_what_changes_the_whole_voice_points_to_no_stretch(explained):
    assert not explained.is_of_the_voice and not in_parts(explained).is_of_the_voice
    voiced = replace(explained, explanation=explained.explanation.with_provenance(curves=[]))
    assert voiced.is_of_the_voice and voiced.strongest() == []
