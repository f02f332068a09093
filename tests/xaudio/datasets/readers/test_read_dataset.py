import gzip
import os
import sys
import time

import pytest

from tests.xaudio.datasets.readers.trees import (
    places,
    told,
    write,
    write_sounds,
    write_tar,
    write_zip,
)
from xaudio.datasets.manifest import load_manifest, save_manifest
from xaudio.datasets.readers import read_dataset, readers
from xaudio.datasets.readers.protocol import read_headed, read_protocol
from xaudio.errors import AudioError, CorpusError

LINES = "".join(f"LA_1 LA_T_{n} - {'A01 spoof' if n % 2 else '- bonafide'}\n" for n in range(6))
PROTOCOL = "ASVspoof2019.LA.cm.train.trn.txt"
FLAC = "ASVspoof2019_LA_train/flac"


@pytest.fixture
def half_there(tmp_path):
    write(tmp_path, PROTOCOL, LINES)
    return write_sounds(tmp_path, *(f"{FLAC}/LA_T_{n}.flac" for n in (0, 5)))


class TestMissing:
    def test_is_counted_and_named(self, half_there):
        expected = (
            rf"4 of 6 recordings are missing: .*/{FLAC}/LA_T_1\.flac, .*LA_T_2\.flac, "
            r".*LA_T_3\.flac and 1 more.*--missing skip"
        )
        with pytest.raises(CorpusError, match=expected):
            read_dataset("asvspoof2019-la", half_there)

    def test_is_left_out_on_request(self, half_there):
        manifest = read_dataset("asvspoof2019-la", half_there, missing="skip")
        assert told(manifest, "clip") == [("LA_T_0",), ("LA_T_5",)]

    def test_all_missing_is_refused_in_any_case(self, tmp_path):
        write(tmp_path, PROTOCOL, LINES)
        with pytest.raises(CorpusError, match="6 of 6 recordings"):
            read_dataset("asvspoof2019-la", tmp_path, missing="skip")

    def test_of_another_split_is_no_concern(self, half_there):
        write(half_there, "ASVspoof2019.LA.cm.dev.trl.txt", "LA_1 LA_D_1 - A01 spoof\n")
        write_sounds(half_there, "ASVspoof2019_LA_dev/flac/LA_D_1.flac")
        assert len(read_dataset("asvspoof2019-la", half_there, split="dev")) == 1

    def test_a_damaged_archive_is_told_where_it_is_needed(self, half_there):
        write(half_there, "damaged.zip", "no archive")
        with pytest.raises(AudioError, match=r"damaged\.zip' is no tar or zip"):
            read_dataset("asvspoof2019-la", half_there)
        write_sounds(half_there, *(f"{FLAC}/LA_T_{n}.flac" for n in range(6)))
        assert len(read_dataset("asvspoof2019-la", half_there)) == 6

    def test_a_data_set_without_clips_is_refused(self, tmp_path):
        write(tmp_path, "meta.csv", "file,speaker,label\n")
        with pytest.raises(CorpusError, match=r"'in-the-wild' in .* holds no clips"):
            read_dataset("in-the-wild", tmp_path)

    def test_words_are_checked(self, half_there):
        with pytest.raises(CorpusError, match="expected 'refuse' or 'skip'"):
            read_dataset("asvspoof2019-la", half_there, missing="ignore")
        with pytest.raises(CorpusError, match="Did you mean 'asvspoof2019-la'"):
            read_dataset("asvspoof2019la", half_there)
        with pytest.raises(CorpusError, match="takes no 'labels'; its settings are: none"):
            read_dataset("asvspoof2019-la", half_there, labels={})


class TestWhereAudioIs:
    """A clip is found by as much of its official place as tells it from others."""

    def found(self, folder):
        return places(read_dataset("asvspoof2019-la", folder, missing="skip"), folder)

    def test_as_wav_in_a_folder_of_ones_own(self, tmp_path):
        write(tmp_path, PROTOCOL, LINES)
        write_sounds(tmp_path, "mine/LA_T_0.wav", "mine/LA_T_3.WAV")
        assert self.found(tmp_path) == ["mine/LA_T_0.wav", "mine/LA_T_3.WAV"]

    def test_the_official_place_wins_over_copies(self, tmp_path):
        write(tmp_path, PROTOCOL, LINES)
        write_sounds(tmp_path, *(f"LA/{FLAC}/LA_T_{n}.flac" for n in (0, 5)))
        write_sounds(tmp_path, "a/flac/LA_T_0.flac", "a/LA_T_0.wav", "z/LA_T_5.flac")
        assert self.found(tmp_path) == [f"LA/{FLAC}/LA_T_0.flac", f"LA/{FLAC}/LA_T_5.flac"]

    def test_of_whole_copies_the_first_is_taken(self, tmp_path):
        write(tmp_path, PROTOCOL, LINES)
        write_sounds(tmp_path, f"b/{FLAC}/LA_T_0.flac", f"a/{FLAC}/LA_T_0.flac")
        assert self.found(tmp_path) == [f"a/{FLAC}/LA_T_0.flac"]

    def test_copies_that_nothing_tells_apart_are_not_chosen_from(self, tmp_path):
        write(tmp_path, PROTOCOL, LINES)
        write_sounds(tmp_path, "a/LA_T_0.wav", "b/LA_T_0.wav", "b/LA_T_1.wav")
        assert self.found(tmp_path) == ["b/LA_T_1.wav"]

    def test_in_shards_zips_and_files_at_once(self, tmp_path):
        write(tmp_path, PROTOCOL, LINES)
        write_sounds(tmp_path, "LA_T_0.flac")
        write_tar(tmp_path, "shards/000000.tar", "LA_T_0.flac", "LA_T_1.flac", "LA_T_1.json")
        write_zip(tmp_path, "LA.zip", f"LA/{FLAC}/LA_T_2.flac")
        assert self.found(tmp_path) == [
            "LA_T_0.flac",
            ("shards/000000.tar", "LA_T_1.flac"),
            ("LA.zip", f"LA/{FLAC}/LA_T_2.flac"),
        ]

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
    def test_a_name_that_is_no_text_is_refused(self, half_there):
        write_sounds(half_there, os.fsdecode(b"caf\xe9.wav"))
        with pytest.raises(CorpusError, match="is no text"):
            read_dataset("asvspoof2019-la", half_there)


@pytest.mark.parametrize("name", ["m.parquet", "m.csv"])
def test_a_manifest_of_a_data_set_is_kept(half_there, name):
    write_tar(half_there, "shard.tar", "LA_T_1.flac")
    manifest = read_dataset("asvspoof2019-la", half_there, missing="skip")
    save_manifest(manifest, half_there / name)
    assert load_manifest(half_there / name) == manifest


def test_every_reader_is_there():
    assert len(readers.names()) == 21
    for name in readers.names():
        with pytest.raises(CorpusError, match="nowhere"):
            read_dataset(name, "/nowhere/at/all")


class TestProtocol:
    def test_fields_however_they_are_parted(self, tmp_path):
        text = "\ufeff a\t1 \r\n\r\n  b   2\r\nc 3\x00\n"
        for content in (text.encode(), gzip.compress(text.encode())):
            read = read_protocol(write(tmp_path, "p.txt", content), {2: ("name", "value")})
            assert read.table.to_pydict() == {"name": ["a", "b", "c"], "value": ["1", "2", "3"]}
            assert str(read.refusal(2, "no")) == f"{tmp_path / 'p.txt'}, line 4: no"

    def test_a_space_before_a_carriage_return_is_no_field(self, tmp_path):
        read = read_protocol(write(tmp_path, "p.txt", "a 1 \r\nb 2 \r\n"), {2: ("name", "value")})
        assert read["value"].to_pylist() == ["1", "2"]

    def test_quotes_and_numbers_are_text(self, tmp_path):
        read = read_protocol(write(tmp_path, "p.txt", 'x"y 007\n"z 1e3\n'), {2: ("a", "b")})
        assert read.table.to_pydict() == {"a": ['x"y', '"z'], "b": ["007", "1e3"]}

    def test_headed_tables(self, tmp_path):
        read = read_headed(write(tmp_path, "p.csv", 'a , b\n"x, y",\n'), ",")
        assert read.table.to_pydict() == {"a": ["x, y"], "b": [None]}
        with pytest.raises(CorpusError, match=r"p\.csv cannot be read: .*#3: Expected 2.*got 1"):
            read_headed(write(tmp_path, "p.csv", "a,b\n1,2\n3\n"), ",")

    def test_numbers_are_finite_and_not_negative(self, tmp_path):
        for text in ("x", "-1", "1e999", "nan", "inf"):
            read = read_headed(write(tmp_path, "p.csv", f"a,b\n1.5,x\n,y\n{text},z\n"), ",")
            with pytest.raises(CorpusError, match=f"line 4: '{text}' is no time in seconds .a"):
                read.numbers("a")
        read = read_headed(write(tmp_path, "p.csv", "a,b\n1.5,x\n,y\n2e-1,z\n"), ",")
        assert read.numbers("a").to_pylist() == [1.5, None, 0.2]

    def test_headings_that_are_no_text(self, tmp_path):
        with pytest.raises(CorpusError, match="cannot be read"):
            read_headed(write(tmp_path, "p.csv", b"a,caf\xe9\n1,2\n"), ",")

    def test_what_is_no_text_or_empty_is_told(self, tmp_path):
        for content, message in [(b" \n", "is empty"), (b"\xff\xfe a\n", "UTF8")]:
            path = write(tmp_path, "p.txt", content)
            with pytest.raises(CorpusError, match=message):
                read_protocol(path, {1: ("a",), 2: ("a", "b")})


def test_a_hundred_thousand_trials_take_a_second_or_two(tmp_path):
    count = 100_000
    lines = "".join(
        f"LA_{n % 50} DF_E_{n} low_mp3 asvspoof A07 spoof notrim eval unknown - - - -\n"
        for n in range(count)
    )
    write(tmp_path, "keys/DF/CM/trial_metadata.txt", lines)
    write_tar(tmp_path, "eval.tar", *(f"flac/DF_E_{n}.flac" for n in range(0, count, 20)))
    began = time.process_time()
    manifest = read_dataset("asvspoof2021-df", tmp_path, missing="skip")
    assert len(manifest) == count // 20
    assert time.process_time() - began < 10
