import csv
import io
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import soundfile

from explainers.errors import ExplanationError
from explainers.explanation import load_explanation
from tests.xaudio.records.conftest import wav
from xaudio.audio import clip_from_samples
from xaudio.believing import Belief, Check
from xaudio.explaining import explain
from xaudio.records import Case, case_zip, read_record, write_case
from xaudio.records.record import RecordedVerdict

MEMBERS = {
    "again.py",
    "again.sh",
    "edited-1.wav",
    "explanation.npz",
    "figure.png",
    "figure.svg",
    "heard.wav",
    "labels.TextGrid",
    "labels.csv",
    "labels.txt",
    "original.wav",
    "relevance.csv",
    "relevant.wav",
    "report.html",
    "rest.wav",
}


def test_every_file_is_listed_with_its_digest(written):
    record = read_record((written / "record.json").read_bytes())
    assert {each.name for each in record.members} == MEMBERS
    assert {file.name for file in written.iterdir()} == MEMBERS | {"record.json"}
    for each in record.members:
        data = (written / each.name).read_bytes()
        assert (sha256(data).hexdigest(), len(data)) == (each.sha256, each.bytes)


def test_the_original_is_kept_byte_by_byte_and_the_heard_float_by_float(case, written):
    assert (written / "original.wav").read_bytes() == case.original
    heard, rate = soundfile.read(written / "heard.wav", dtype="float32")
    assert rate == 16000 and np.array_equal(heard, case.explained.clip.samples)
    edited = soundfile.read(written / "edited-1.wav", dtype="float32")[0]
    assert np.array_equal(edited, case.asked[0].sound.samples)


def test_the_relevance_is_kept_and_its_table_sums_to_it(case, written):
    kept = load_explanation(written / "explanation.npz")
    assert kept.equals(case.explained.explanation)
    rows = list(csv.DictReader((written / "relevance.csv").open()))
    assert len(rows) == 150
    assert sum(float(row["relevance"]) for row in rows) == pytest.approx(kept.total, rel=1e-6)
    by_hand = kept.relevance[1600:1760].sum(dtype=np.float64)  # 0.10 to 0.11 s
    assert float(rows[10]["relevance"]) == pytest.approx(by_hand, rel=1e-5, abs=1e-9)


def test_the_report_tells_edits_and_stands_alone(written):
    page = (written / "report.html").read_text()
    assert "Edited and asked again" in page and "filled with noise" in page
    assert "xaudio reproduce record.json" in page
    assert "<co>" not in page and "&lt;co&gt;" in page
    assert page.rstrip().endswith("</html>") and page.count("</main>") == 1
    assert page.index("Case record") < page.index("</main>")


def test_figures_are_drawn(written):
    assert (written / "figure.png").read_bytes().startswith(b"\x89PNG")
    svg = (written / "figure.svg").read_text()
    assert svg.rstrip().endswith("</svg>") and "Relevance" in svg and "Time (s)" in svg
    assert "&lt;co&gt;" in svg


def test_labels_hold_strongest_known_and_edited(written):
    text = (written / "labels.txt").read_text()
    assert 'known: the "high" one' in text and "edit 1: noise" in text and "strongest: rel" in text


def test_a_zip_holds_the_same_files_and_the_same_case_gives_the_same_bytes(case, written):
    data = case_zip(case)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist()[0] == "record.json"
        for name in archive.namelist():
            assert archive.read(name) == (written / name).read_bytes()
    assert case_zip(case) == data


def test_belief_and_verdict_are_told(case, tmp_path):
    check = Check("learned", "it depends <b>", 0.1, 0.0, 0.2, 1.0, "alike", True, "It does & so.")
    verdict = RecordedVerdict("inconclusive", "No <i> verdict.", {}, "ab" * 32)
    whole = Case(case.explained, None, belief=Belief((check,)), verdict=verdict)
    record = write_case(whole, tmp_path / "case.zip")
    assert record.belief.checks[0].sentence == "It does & so."
    assert record.member("original.wav") is None
    with zipfile.ZipFile(tmp_path / "case.zip") as archive:
        page = archive.read("report.html").decode()
    assert "No &lt;i&gt; verdict." in page and "It does &amp; so." in page and "ab" * 32 in page


def test_a_case_of_the_voice_has_no_parts_and_is_written_all_the_same(tmp_path):
    explained = explain(
        clip_from_samples(soundfile.read(io.BytesIO(wav()))[0], 16000),
        "lcnn",
        "voice",
        settings={"properties": "loudness"},
    )
    record = write_case(Case(explained), tmp_path / "voice")
    names = {each.name for each in record.members}
    assert "relevant.wav" not in names and "figure.svg" not in names and "figure.png" in names


def test_a_place_that_cannot_be_written_is_told_and_left_alone(case, tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file" / "case", tmp_path / "file" / "case.zip"):
        with pytest.raises(ExplanationError, match="cannot be written"):
            write_case(case, place)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_the_lines_of_python_are_python_and_name_the_file_beside_them(written):
    code = (written / "again.py").read_text()
    compile(code, "again.py", "exec")
    assert '"original.wav"' in code


@pytest.mark.slow
def test_the_lines_of_python_make_the_explanation_again(written, tmp_path):
    (tmp_path / "original.wav").write_bytes((written / "original.wav").read_bytes())
    script = (written / "again.py").read_text()
    home = Path(__file__).parents[3]
    path = {"PYTHONPATH": str(home), "PATH": "", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=path, check=True)
    again = load_explanation(tmp_path / "explained" / "explanation.npz")
    kept = load_explanation(written / "explanation.npz")
    np.testing.assert_allclose(again.relevance, kept.relevance, atol=1e-6)
