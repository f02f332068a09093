import base64
import io
import re
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import soundfile
import torch

from perturbations.corruption import load_corruption
from tests.xaudio.reports.reading import read
from tests.xaudio.sweeps.small import loudness, small_manifest
from xaudio.datasets.manifest import Manifest
from xaudio.errors import SweepError
from xaudio.sweeps import sweep
from xaudio.sweeps.findings import findings_of
from xaudio.sweeps.flipped_sound import flips_of
from xaudio.sweeps.reporting import export, write_report
from xaudio.sweeps.tables import condition_table


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("swept")
    return sweep(
        small_manifest(folder / "clips"),
        [loudness(), loudness("<other>", 0.03)],
        [load_corruption("white-noise", levels=(20, 10, 5, 0, -6)), "low-pass"],
        [1, 5],
        folder / "out",
        repeats=2,
    )


def decoded(page):
    return [
        soundfile.read(io.BytesIO(base64.b64decode(text)), dtype="float32")
        for text in re.findall(r'src="data:audio/wav;base64,([^"]+)"', page)
    ]


def test_the_report_lies_beside_the_scores_and_is_whole(store):
    page = write_report(store, heard=2)
    assert page == store.folder / "report.html"
    assert not [*store.folder.glob(".*unfinished")]
    seen = read(page.read_text(encoding="utf-8"))
    (found,) = [
        row for row in seen.rows if row[:3] == ["<other>", "white-noise", "5"] and "snr" in row[3]
    ]
    (known,) = [
        row
        for row in condition_table(store).to_pylist()
        if (row["model"], row["corruption"], row["severity"]) == ("<other>", "white-noise", 5)
    ]
    assert found[4] == str(known["clips"])
    assert found[5] == str(known["clusters"])
    assert found[6].startswith(f"{100 * known['error']:.1f} %")
    assert len(decoded(page.read_text())) == 4


def test_what_is_heard_is_what_was_scored(store):
    """The sound in the page, scored again, has the score in the store."""
    flips = flips_of(store, condition_table(store), heard=12)
    heard = [flip for flip in flips if flip.corrupted]
    assert len(heard) == min(12, len(flips)) > 4, "repeats among them"
    for flip in heard:
        scores = {}
        for name, data in (("clean_score", flip.clean), ("score", flip.corrupted)):
            samples, rate = soundfile.read(io.BytesIO(data), dtype="float32")
            model = loudness(flip.model, {"loudness": 0.02, "<other>": 0.03}[flip.model])
            assert rate == model.sample_rate
            scores[name] = float(model.score(torch.from_numpy(samples)[None])[0])
        assert scores["clean_score"] == pytest.approx(flip.clean_score, abs=2e-6)
        assert scores["score"] == pytest.approx(flip.score, abs=2e-6)
        assert (flip.clean_score >= flip.threshold) != (flip.score >= flip.threshold)


def test_flips_whose_corruption_cannot_be_made_again_are_listed_without_sound(store, monkeypatch):
    monkeypatch.setattr(type(store), "conditions", lambda self: ())
    flips = flips_of(store, condition_table(store), heard=3)
    assert flips
    assert not any(flip.corrupted for flip in flips)


def test_every_table_and_figure_is_exported(store, tmp_path):
    files = export(store, tmp_path / "new" / "folder")
    names = {file.name for file in files}
    assert {"conditions.parquet", "conditions.csv", "conditions.tex", "pairs.csv"} <= names
    assert {"matrix.png", "errors.svg", "eer.png"} <= names
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} == names
    assert pq.read_table(tmp_path / "new" / "folder" / "conditions.parquet").equals(
        condition_table(store)
    )


def test_says_what_it_was_made_from_and_what_is_missing(store):
    found = findings_of(store, heard=0, samples=10)
    assert found.unfinished == ""
    assert set(found.models) == {"loudness", "<other>"}
    assert found.facts["Corruptions, version"].startswith("white-noise ")
    whole = type(store).planned(store)
    assert found.facts["Cells"] == str(whole.num_rows)


def test_an_unfinished_sweep_says_so(store, tmp_path, monkeypatch):
    monkeypatch.setattr(type(store), "remaining", lambda self: 3)
    assert "3 of" in findings_of(store, heard=0, samples=10).unfinished


def test_a_page_that_cannot_be_written_leaves_nothing(store, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SweepError, match="cannot be written"):
        write_report(store, tmp_path / "file" / "report.html", heard=0)
    assert [*tmp_path.iterdir()] == [tmp_path / "file"]


def test_what_was_swept_is_said_in_a_line_and_in_facts(store):
    found = findings_of(store, heard=0, samples=10)
    assert found.about == (
        "loudness, <other> under white-noise, low-pass at severity 1, 5, "
        f"{store.clips().num_rows} clips."
    )
    heard = store.rows(corruption="clean", model=found.rows("conditions")[0]["model"])
    seconds = sum(heard["seconds"].to_pylist())
    assert found.facts["Sound"] == f"{seconds:.3g} s"


def test_speakers_are_drawn_only_where_they_are_named(tmp_path):
    manifest = small_manifest(tmp_path / "clips", clips=4)
    nameless = Manifest.of(replace(row, speaker=None) for row in manifest)
    for clips, drawn in ((manifest, "speakers"), (nameless, "clips")):
        swept = sweep(clips, [loudness()], ["low-pass"], [1], tmp_path / drawn)
        assert findings_of(swept, heard=0, samples=10).drawn == drawn
