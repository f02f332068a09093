"""Data sets without a protocol of ASVspoof's kind: folders, CSV tables, names that tell."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.xaudio.datasets.readers.trees import (
    places,
    told,
    write,
    write_sounds,
    write_tar,
    write_zip,
)
from xaudio.datasets.manifest import Manifest, ManifestRow, save_manifest
from xaudio.datasets.readers import read_dataset
from xaudio.errors import CorpusError

MEANING = {"real": "bonafide", "fake": "spoof"}


class TestFolder:
    def test_plain_labels(self, tmp_path):
        write_sounds(tmp_path, "bonafide/ä b.wav", "spoof/tts/x.flac")
        write(tmp_path, "spoof/notes.txt", "no sound")
        manifest = read_dataset("folder", tmp_path)
        assert told(manifest, "clip", "label", "split") == [
            ("bonafide/ä b.wav", "bonafide", None),
            ("spoof/tts/x.flac", "spoof", None),
        ]
        assert places(manifest, tmp_path) == ["bonafide/ä b.wav", "spoof/tts/x.flac"]

    def test_other_classes(self, tmp_path):
        write_sounds(tmp_path, "dog/1.wav", "rain/1.wav")
        manifest = read_dataset("folder", tmp_path)
        assert [row.label for row in manifest] == ["dog", "rain"]
        assert not manifest.is_detection

    def test_which_is_human_is_never_guessed(self, tmp_path):
        write_sounds(tmp_path, "real/1.wav", "fake/1.wav", "fake/2.wav")
        with pytest.raises(CorpusError, match=r"'fake' \(2\), 'real' \(1\)\. Say which"):
            read_dataset("folder", tmp_path)
        manifest = read_dataset("folder", tmp_path, labels=MEANING)
        assert [row.label for row in manifest] == ["spoof", "spoof", "bonafide"]

    def test_classes_below_splits(self, tmp_path):
        write_sounds(tmp_path, "train/real/1.wav", "train/fake/a/1.wav", "test/fake/1.wav")
        assert told(read_dataset("folder", tmp_path, labels=MEANING), "label", "split") == [
            ("spoof", "test"),
            ("spoof", "train"),
            ("bonafide", "train"),
        ]

    def test_what_is_in_no_class_or_in_two_is_named(self, tmp_path):
        write_sounds(tmp_path, "real/1.wav", "other/2.wav")
        with pytest.raises(
            CorpusError, match=r"'other/2\.wav' .* was given \(real, fake\).*--label"
        ):
            read_dataset("folder", tmp_path, labels=MEANING)
        write_sounds(tmp_path, "3.wav")
        with pytest.raises(CorpusError, match=r"'3\.wav' does not lie in a folder"):
            read_dataset("folder", tmp_path)
        write_sounds(tmp_path / "deep", "real/fake/1.wav")
        with pytest.raises(CorpusError, match="several of the classes: real, fake"):
            read_dataset("folder", tmp_path / "deep", labels=MEANING)

    def test_archives_are_folders_too_but_not_twice(self, tmp_path):
        write_sounds(tmp_path, "bonafide/1.wav", "spoof/2.wav")
        write_zip(tmp_path, "spoof.zip", "./spoof/2.wav", "spoof/3.wav", "spoof/notes.txt")
        write_tar(tmp_path, "spoof/000000.tar", "4.wav", "4.json")
        manifest = read_dataset("folder", tmp_path)
        assert told(manifest, "clip", "label") == [
            ("bonafide/1.wav", "bonafide"),
            ("spoof/2.wav", "spoof"),
            ("spoof/3.wav", "spoof"),
            ("spoof/4.wav", "spoof"),
        ]
        assert places(manifest, tmp_path)[2:] == [
            ("spoof.zip", "spoof/3.wav"),
            ("spoof/000000.tar", "4.wav"),
        ]

    def test_an_empty_folder_is_told(self, tmp_path):
        with pytest.raises(CorpusError, match="holds no recording"):
            read_dataset("folder", tmp_path)

    def test_links_to_folders_are_followed_but_not_in_circles(self, tmp_path):
        write_sounds(tmp_path / "elsewhere", "1.wav")
        (tmp_path / "data" / "spoof").mkdir(parents=True)
        (tmp_path / "data" / "spoof" / "all").symlink_to(tmp_path / "elsewhere")
        (tmp_path / "data" / "spoof" / "again").symlink_to(tmp_path / "data")
        assert told(read_dataset("folder", tmp_path / "data"), "clip") == [("spoof/all/1.wav",)]


def test_fake_or_real(tmp_path):
    write_sounds(
        tmp_path,
        "for-norm/training/real/file1.wav",
        "for-norm/testing/fake/file1.wav",
        "for-2sec/testing/fake/file1.wav",
        "noise/file2.wav",
    )
    assert told(read_dataset("fake-or-real", tmp_path), "clip", "label", "split") == [
        ("for-2sec/testing/fake/file1.wav", "spoof", "testing"),
        ("for-norm/testing/fake/file1.wav", "spoof", "testing"),
        ("for-norm/training/real/file1.wav", "bonafide", "training"),
    ]
    with pytest.raises(CorpusError, match="training/real"):
        read_dataset("fake-or-real", tmp_path / "noise")


class TestWaveFake:
    def test_with_human_speech_from_two_places(self, tmp_path):
        write_sounds(
            tmp_path / "data",
            "generated_audio/ljspeech_melgan/LJ008-0217_gen.wav",
            "generated_audio/ljspeech_hifiGAN/LJ008-0217_generated.wav",
            "generated_audio/jsut_parallel_wavegan/BASIC5000_0001_gen.wav",
            "LJSpeech-1.1/wavs/LJ008-0217.wav",
            "loose.wav",
        )
        human = write_sounds(tmp_path / "basic5000", "wav/BASIC5000_0001.wav")
        manifest = read_dataset("wavefake", tmp_path / "data", bonafide=human)
        assert told(manifest, "clip", "label", "attack", "speaker", "source") == [
            ("LJSpeech-1.1/wavs/LJ008-0217.wav", "bonafide", None, "LJSpeech", "LJ008-0217"),
            ("jsut_parallel_wavegan/BASIC5000_0001_gen.wav", "spoof", "jsut_parallel_wavegan",
             "JSUT", "BASIC5000_0001"),
            ("ljspeech_hifiGAN/LJ008-0217_generated.wav", "spoof", "ljspeech_hifiGAN",
             "LJSpeech", "LJ008-0217"),
            ("ljspeech_melgan/LJ008-0217_gen.wav", "spoof", "ljspeech_melgan",
             "LJSpeech", "LJ008-0217"),
            ("basic5000/wav/BASIC5000_0001.wav", "bonafide", None, "JSUT", "BASIC5000_0001"),
        ]  # fmt: skip

    def test_generated_audio_itself_is_never_taken_for_human(self, tmp_path):
        folder = write_sounds(tmp_path, "generated_audio/ljspeech_melgan/LJ008-0217_gen.wav")
        manifest = read_dataset("wavefake", folder / "generated_audio")
        assert told(manifest, "label", "attack") == [("spoof", "ljspeech_melgan")]
        with pytest.raises(CorpusError, match="generated_audio/<attack>"):
            read_dataset("wavefake", folder / "generated_audio" / "ljspeech_melgan")


class TestMLAAD:
    HEADING = (
        "path|original_file|language|is_original_language|duration|training_data|model_name|"
        "architecture|transcript"
    )

    @pytest.fixture
    def mlaad(self, tmp_path):
        original = "by_book/female/mary_ann/northandsouth/wavs/northandsouth_01_f000001.wav"
        write(
            tmp_path,
            "fake/en/tts_models_en_ljspeech_vits/meta.csv",
            f"{self.HEADING}\n"
            f"fake/en/tts_models_en_ljspeech_vits/a.wav|./en_US/{original}|en|True|3.2|lj|m|vits|"
            'He said "no\n',
        )
        write(
            tmp_path,
            "fake/de/xtts/meta.csv",
            f"{self.HEADING}|reference_speaker\n"
            f"a.wav|en_US/{original}|de|False|4|x|xtts_v2|XTTS|Hallo|ref_7\n",
        )
        return write_sounds(
            tmp_path,
            "fake/en/tts_models_en_ljspeech_vits/a.wav",
            "fake/de/xtts/a.wav",
            f"m-ailabs/en_US/{original}",
        )

    def test_fakes_by_language_and_model(self, mlaad):
        manifest = read_dataset("mlaad", mlaad)
        assert told(manifest, "label", "attack", "split", "speaker", "seconds") == [
            ("spoof", "xtts", "de", "ref_7", 4.0),
            ("spoof", "tts_models_en_ljspeech_vits", "en", None, 3.2),
        ]
        assert places(manifest, mlaad)[0] == "fake/de/xtts/a.wav"

    def test_originals_come_once(self, mlaad):
        manifest = read_dataset("mlaad", mlaad, bonafide=mlaad / "m-ailabs")
        (human,) = manifest.filter(label="bonafide")
        assert (human.speaker, human.split, human.attack) == ("mary_ann", "en", None)
        assert {row.source for row in manifest} == {human.clip}
        assert human.path.is_file()


def test_in_the_wild(tmp_path):
    write(
        tmp_path,
        "release_in_the_wild/meta.csv",
        'file,speaker,label\r\n0.wav,Alec Guinness,spoof\r\n1.wav,"King, Martin",bona-fide\r\n',
    )
    write_sounds(tmp_path, "release_in_the_wild/0.wav", "release_in_the_wild/1.wav", "0.wav")
    for folder in (tmp_path, tmp_path / "release_in_the_wild"):
        manifest = read_dataset("in-the-wild", folder)
        assert told(manifest, "clip", "label", "speaker") == [
            ("0", "spoof", "Alec Guinness"),
            ("1", "bonafide", "King, Martin"),
        ]
        assert places(manifest, tmp_path)[0] == "release_in_the_wild/0.wav"
    write(tmp_path, "release_in_the_wild/meta.csv", "file,speaker,label\n0.wav,A,fake\n")
    with pytest.raises(CorpusError, match=r"meta\.csv, line 2: the label 'fake' is none of bona-"):
        read_dataset("in-the-wild", tmp_path)
    write(tmp_path, "release_in_the_wild/meta.csv", "file,label\n0.wav,spoof\n")
    with pytest.raises(CorpusError, match="has no column 'speaker'; it has file, label"):
        read_dataset("in-the-wild", tmp_path)


def test_esc_50(tmp_path):
    write(
        tmp_path,
        "ESC-50-master/meta/esc50.csv",
        "filename,fold,target,category,esc10,src_file,take\n"
        "1-100032-A-0.wav,1,0,dog,True,100032,A\n",
    )
    write_sounds(tmp_path, "ESC-50-master/audio/1-100032-A-0.wav")
    assert told(read_dataset("esc-50", tmp_path), "clip", "label", "split", "source") == [
        ("1-100032-A-0", "dog", "fold1", "100032")
    ]


def test_audiomnist(tmp_path):
    write_sounds(tmp_path, "data/01/7_01_0.wav", "data/12/0_12_49.wav", "data/12/noise.wav")
    assert told(read_dataset("audiomnist", tmp_path), "clip", "label", "speaker") == [
        ("7_01_0", "7", "01"),
        ("0_12_49", "0", "12"),
    ]


class TestTable:
    def test_columns_and_labels_as_the_user_says(self, tmp_path):
        write(
            tmp_path,
            "clips.csv",
            "file,class,who\n./audio/a.wav,real,007\naudio/b c.wav,fake,\n",
        )
        write_sounds(tmp_path, "audio/a.wav", "audio/b c.wav")
        columns = {"path": "file", "label": "class", "speaker": "who"}
        for given in (tmp_path, tmp_path / "clips.csv"):
            manifest = read_dataset("table", given, columns=columns, labels=MEANING)
            assert told(manifest, "clip", "label", "speaker") == [
                ("./audio/a.wav", "bonafide", "007"),
                ("audio/b c.wav", "spoof", None),
            ]
            assert places(manifest, tmp_path) == ["audio/a.wav", "audio/b c.wav"]

    def test_parquet_with_audio_in_a_shard_and_elsewhere(self, tmp_path):
        away = write_sounds(tmp_path / "away", "x.wav") / "x.wav"
        table = pa.table({"path": ["a.wav", str(away)], "label": ["dog", "cat"], "clip": [1, 2]})
        (tmp_path / "set").mkdir()
        pq.write_table(table, tmp_path / "set" / "clips.parquet")
        write_tar(tmp_path, "set/0.tar", "a.wav")
        manifest = read_dataset("table", tmp_path / "set")
        assert told(manifest, "clip", "path", "member") == [
            ("1", tmp_path / "set/0.tar", "a.wav"),
            ("2", away, None),
        ]

    def test_a_saved_manifest_is_a_table(self, tmp_path):
        write_sounds(tmp_path, "a.wav", "b.wav")
        manifest = Manifest.of(
            [
                ManifestRow("a", tmp_path / "a.wav", "spoof", segments=((0.0, 1.0),)),
                ManifestRow("b", tmp_path / "b.wav", "bonafide", seconds=2.0, codec="gsm"),
            ]
        )
        for name in ("m.csv", "m.parquet"):
            save_manifest(manifest, tmp_path / name)
            assert read_dataset("table", tmp_path / name) == manifest

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({}, r"no column 'path', 'label'; it has file, class.*--column path=file"),
            ({"columns": {"path": "where", "label": "class"}}, "no column 'where'; it has file"),
            ({"columns": {"place": "file"}}, "A manifest has no column 'place'"),
            (
                {"columns": {"path": "file", "label": "class"}},
                r"The labels are 'real' \(1\), 'fake' \(1\)\. Say which",
            ),
            (
                {
                    "columns": {"path": "file", "label": "class"},
                    "labels": {"real": "bonafide"},
                },
                "but only real were given a meaning",
            ),
            ({"bonafide": "x"}, "'table' takes no 'bonafide'; its settings are: columns, labels"),
        ],
    )
    def test_what_is_unclear_is_refused(self, tmp_path, settings, message):
        write(tmp_path, "clips.csv", "file,class\na.wav,real\nb.wav,fake\n")
        with pytest.raises(CorpusError, match=message):
            read_dataset("table", tmp_path, **settings)

    def test_zero_and_one_are_unclear_but_ten_digits_are_not(self, tmp_path):
        lines = [f"{digit}.wav,{digit}" for digit in range(10)]
        write_sounds(tmp_path, *(f"{digit}.wav" for digit in range(10)))
        path = write(tmp_path, "clips.csv", "\n".join(["path,label", *lines]))
        assert len(read_dataset("table", tmp_path)) == 10
        path.write_text("\n".join(["path,label", *lines[:2]]))
        with pytest.raises(CorpusError, match="Say which"):
            read_dataset("table", tmp_path)

    def test_several_tables_are_refused(self, tmp_path):
        write(tmp_path, "a.csv", "path,label\n")
        write(tmp_path, "b.csv", "path,label\n")
        with pytest.raises(CorpusError, match=r"must hold one table .*but holds a\.csv, b\.csv"):
            read_dataset("table", tmp_path)


def test_hsad_like(tmp_path):
    write(
        tmp_path,
        "metadata.csv",
        "Filename,Category,Spoofing_Method,Speaker_ID,Degradation\n"
        "h.wav,Human,,s1,clean\nz.wav,Zero-Shot AI-Generated,XTTS,s1,noise\n"
        "m.wav,Hybrid,,s2,clean\n",
    )
    write_sounds(tmp_path, "h.wav", "z.wav", "m.wav")
    assert told(read_dataset("hsad", tmp_path), "label", "attack", "speaker", "codec") == [
        ("bonafide", None, "s1", "clean"),
        ("spoof", "XTTS", "s1", "noise"),
        ("spoof", "hybrid", "s2", "clean"),
    ]
    write(tmp_path, "metadata.csv", "path,label\nh.wav,robot\n")
    with pytest.raises(CorpusError, match=r"'robot' \(1\), but only human, cloned"):
        read_dataset("hsad", tmp_path)
