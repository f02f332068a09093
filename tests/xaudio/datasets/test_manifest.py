import os
import re
import shutil
import time
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from xaudio.datasets.manifest import (
    Manifest,
    ManifestRow,
    load_manifest,
    of_split,
    rows_of,
    save_manifest,
)
from xaudio.errors import CorpusError


@pytest.fixture
def manifest(tmp_path):
    return Manifest.of(
        [
            ManifestRow(
                "a", tmp_path / "audio" / "a.flac", "bonafide", speaker="anna", split="test"
            ),
            ManifestRow(
                "b",
                tmp_path / "audio" / "b.flac",
                "spoof",
                speaker="anna",
                attack="world",
                seconds=2.5,
                split="train",
                source="asterisk",
                digest="ab" * 32,
            ),
            ManifestRow(
                "c",
                Path("/elsewhere/c.wav"),
                "spoof",
                attack="hybrid",
                seconds=4.0,
                split="test",
                segments=((0.5, 1.0), (2.0, 2.25)),
            ),
        ]
    )


def write(file, **columns):
    table = {"clip": ["a", "b"], "path": ["a.wav", "b.wav"], "label": ["bonafide", "spoof"]}
    pq.write_table(pa.table({**table, **columns}), file)
    return file


def test_survives_writing_and_reading(manifest, tmp_path):
    save_manifest(manifest, tmp_path / "manifest.parquet")
    assert load_manifest(tmp_path / "manifest.parquet") == manifest
    assert not list(tmp_path.glob(".*"))


def test_a_corpus_moves_as_a_whole(manifest, tmp_path):
    (tmp_path / "corpus").mkdir()
    here = Manifest.of([ManifestRow("a", tmp_path / "corpus" / "a.flac", "bonafide")])
    save_manifest(here, tmp_path / "corpus" / "manifest.parquet")
    shutil.move(tmp_path / "corpus", tmp_path / "moved")
    assert load_manifest(tmp_path / "moved" / "manifest.parquet")[0].path == (
        tmp_path / "moved" / "a.flac"
    )


def test_other_tools_read_it(manifest, tmp_path):
    path = tmp_path / "manifest.parquet"
    save_manifest(manifest, path)
    rows = duckdb.sql(f"select clip, path, segments from '{path}' order by clip").fetchall()
    assert rows == [
        ("a", "audio/a.flac", []),
        ("b", "audio/b.flac", []),
        ("c", "/elsewhere/c.wav", [[0.5, 1.0], [2.0, 2.25]]),
    ]
    assert b"higher for bonafide" in pq.read_schema(path).metadata[b"polarity"]


def test_filters_by_one_value_or_several(manifest):
    assert [row.clip for row in manifest.filter(label="spoof", split="test")] == ["c"]
    assert [row.clip for row in manifest.filter(attack=["world", "hybrid"])] == ["b", "c"]
    assert len(manifest.filter(speaker="nobody")) == 0
    assert manifest.filter() == manifest


def test_a_part_without_clips_is_refused_with_those_there_are(manifest):
    assert [row.clip for row in of_split(manifest, "test")] == ["a", "c"]
    with pytest.raises(CorpusError, match="of the split 'eval': it has test, train"):
        of_split(manifest, "eval")
    nameless = Manifest(manifest.table.drop_columns(["split"]))
    with pytest.raises(CorpusError, match="it names none"):
        of_split(nameless, "eval")


def test_polarity_is_explicit(manifest):
    assert [row.is_bonafide for row in manifest] == [True, False, False]


def test_three_columns_are_enough_and_others_are_left_aside(tmp_path):
    path = write(tmp_path / "small.parquet", mood=["happy", "sad"])
    assert load_manifest(path).rows == (
        ManifestRow("a", tmp_path / "a.wav", "bonafide"),
        ManifestRow("b", tmp_path / "b.wav", "spoof"),
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"label": ["bonafide", "fake"]}, r"Row 1 \(clip 'b'\), column 'label': 'fake' is neither"),
        ({"label": ["bonafide", None]}, "Row 1, column 'label': is empty"),
        ({"label": [[0], [1]]}, "column 'label': holds list"),
        ({"clip": ["a", "a"]}, "Column 'clip': the id 'a' stands in 2 rows"),
        ({"path": ["", "b.wav"]}, "Row 0, column 'path': is empty"),
        (
            {"path": ["a.wav", "b.tar"], "member": ["a.wav", None]},
            "Row 1 .*'member'.*is an archive",
        ),
        ({"path": ["a.zip", "b.wav"]}, "Row 0 .*column 'member': .*a.zip' is an archive"),
        ({"seconds": [0.0, 1.0]}, r"Row 0 .*column 'seconds': 0.0 is not a length"),
        ({"seconds": ["long", "short"]}, "column 'seconds': holds string, expected double"),
        ({"seconds": [1.0, float("nan")]}, "Row 1 .*column 'seconds'"),
        ({"digest": ["abc", None]}, "Row 0 .*column 'digest': 'abc' is not a SHA-256"),
        ({"segments": [None, [[0.5]]]}, r"Row 1, column 'segments': \[0.5\] is not"),
        ({"segments": [None, [[1.0, 0.5]]]}, r"Row 1 .*column 'segments': \[1.0, 0.5\]"),
        ({"segments": [[[0.1, 0.5]], None]}, "Row 0 .*bona fide clip has no synthetic"),
        ({"segments": [None, [[0.0, 2.0], [1.0, 3.0]]]}, "begins before"),
        ({"segments": [None, [[0.5, float("inf")]]]}, r"\[0.5, inf\] is not a stretch"),
        ({"segments": [None, [[-0.5, 1.0]]]}, r"column 'segments': \[-0.5, 1.0\]"),
        (
            {"segments": [None, [[0.0, 2.0]]], "seconds": [1.0, 1.5]},
            r"not a stretch inside the clip of 1.5 s",
        ),
    ],
)
def test_a_bad_row_is_named(tmp_path, columns, message):
    path = write(tmp_path / "bad.parquet", **columns)
    with pytest.raises(CorpusError, match=message) as caught:
        load_manifest(path)
    assert str(path) in str(caught.value)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "bad.parquet"
    pq.write_table(pa.table({"clip": ["a"], "file": ["a.wav"]}), path)
    with pytest.raises(CorpusError, match=r"no column 'path', 'label'; it has clip, file"):
        load_manifest(path)


def test_what_is_no_manifest_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="There is no manifest at"):
        load_manifest(tmp_path / "nowhere.parquet")
    text = tmp_path / "text.parquet"
    text.write_text("clip,path,label\n")
    with pytest.raises(CorpusError, match=re.escape(f"{text} cannot be read as a Parquet")):
        load_manifest(text)


def test_a_table_and_its_rows_are_the_same_manifest(manifest):
    assert Manifest.of(manifest) == manifest
    assert Manifest(manifest.table.drop_columns(["codec", "member"])) == manifest
    assert tuple(rows_of(manifest.table)) == manifest.rows
    assert [manifest[n] for n in (0, -1)] == [manifest.rows[0], manifest.rows[2]]
    with pytest.raises(IndexError):
        manifest[3]


def test_parts_and_pieces_of_a_table_are_checked_where_they_lie(manifest):
    """Columns that are cut out of longer ones, or come in several chunks, keep row numbers."""
    table = manifest.table
    assert Manifest(table.slice(2)).rows == manifest.rows[2:]
    pieces = pa.concat_tables([table.slice(2), table.slice(0, 2)])
    assert Manifest(pieces)[0].segments == ((0.5, 1.0), (2.0, 2.25))
    wrong = pieces.set_column(5, "seconds", pa.array([2.1, None, 1.0]))
    with pytest.raises(CorpusError, match=r"Row 0 \(clip 'c'\).*\[2.0, 2.25\].*clip of 2.1 s"):
        Manifest(wrong)
    turned = pieces.set_column(2, "label", pa.array(["bonafide"] * 3))
    with pytest.raises(CorpusError, match=r"Row 0 \(clip 'c'\).*bona fide"):
        Manifest(turned)


def test_stretches_of_one_clip_may_be_earlier_than_those_of_another():
    late = ManifestRow("a", Path("a.wav"), "spoof", segments=((2.0, 3.0),))
    early = ManifestRow("b", Path("b.wav"), "spoof", segments=((0.5, 1.0),))
    assert Manifest.of([late, early]).rows == (late, early)


def test_paths_in_the_working_folder_stay_short(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("m.parquet"))
    assert load_manifest("m.parquet").table["path"].to_pylist() == ["a.wav", "b.wav"]


def test_other_classes_are_labels_too(tmp_path):
    path = write(tmp_path / "sounds.parquet", label=["rain", "dog"])
    assert not load_manifest(path).is_detection
    assert load_manifest(write(tmp_path / "speech.parquet")).is_detection
    assert Manifest.of([]).is_detection


@pytest.mark.parametrize("name", ["m.parquet", "m.csv", "m.tsv"])
def test_every_column_survives_every_kind_of_file(tmp_path, name):
    awkward = Manifest.of(
        [
            ManifestRow(
                clip="007",
                path=tmp_path / "shards" / "été, one.tar",
                label="spoof",
                speaker="Zoë \u201cZ\u201d",
                attack='a "b", c',
                seconds=0.1 + 0.2,
                split="NA",
                segments=((0.0, 0.1), (1 / 7, 0.3)),
                source="nan",
                digest="0f" * 32,
                codec="tab\tline\nfeed",
                member="flac/007.flac",
            ),
            ManifestRow("1e3", tmp_path / "b.wav", "bonafide", speaker="0042"),
        ]
    )
    save_manifest(awkward, tmp_path / name)
    assert load_manifest(tmp_path / name) == awkward
    assert load_manifest(tmp_path / name).rows == awkward.rows
    assert not list(tmp_path.glob(".*"))


def test_csv_as_others_write_it(tmp_path):
    """A byte order mark, carriage returns, an empty field, a column of theirs."""
    path = tmp_path / "theirs.csv"
    path.write_bytes(b'\xef\xbb\xbfclip,label,path,mood,speaker\r\n7,spoof,"a, b.wav",,\r\n')
    assert load_manifest(path).rows == (ManifestRow("7", tmp_path / "a, b.wav", "spoof"),)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a,a.wav,spoof,long,", "Row 0, column 'seconds': 'long' is not a number"),
        ("a,a.wav,spoof,1,0.5-1", r"Row 0, column 'segments': '0.5-1' is not a list"),
        ("a,a.wav,spoof,1,[0.5]", r"Row 0, column 'segments': '\[0.5\]' is not a list"),
        ("a,a.wav,spoof,1,[[0.5]]", r"Row 0, column 'segments': \[0.5\] is not"),
        ("a,a.wav,,1,", "Row 0, column 'label': is empty"),
        ("a,a.wav,spoof", "CSV manifest: .*Expected 5 columns, got 3"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, message):
    path = tmp_path / "bad.csv"
    path.write_text(f"clip,path,label,seconds,segments\n{line}\n")
    with pytest.raises(CorpusError, match=message) as caught:
        load_manifest(path)
    assert str(path) in str(caught.value)


def test_a_heading_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "bad.csv").write_bytes(b"clip,path,label,caf\xe9\na,a.wav,spoof,x\n")
    with pytest.raises(CorpusError, match="cannot be read as a CSV manifest"):
        load_manifest(tmp_path / "bad.csv")


def test_a_name_that_is_no_text_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no text"):
        Manifest.of([ManifestRow("a", Path(os.fsdecode(b"caf\xe9.wav")), "spoof")])


def test_half_a_million_rows_are_checked_in_seconds(tmp_path):
    count = 500_000
    table = pa.table(
        {
            "clip": [f"clip{number}" for number in range(count)],
            "path": [f"/audio/clip{number}.flac" for number in range(count)],
            "label": ["spoof"] * count,
            "seconds": [1.0] * (count - 1) + [-1.0],
        }
    )
    began = time.process_time()
    assert Manifest(table.slice(0, count - 1)).table.nbytes < 64e6
    with pytest.raises(CorpusError, match="Row 499999"):
        Manifest(table)
    assert time.process_time() - began < 10
