"""Data sets whose labels are stretches of time: PartialSpoof, HAD, ADD 2023, DESED."""

import pickle

import numpy as np
import pytest

from tests.xaudio.datasets.readers.trees import places, told, write, write_sounds
from xaudio.datasets.protocols import write_rttm
from xaudio.datasets.readers import read_dataset
from xaudio.datasets.readers.safe_arrays import read_dictionary
from xaudio.datasets.readers.stretches import segment_column
from xaudio.errors import CorpusError

PROTOCOL = "LA_0079 CON_D_0000029 - CON spoof\nLA_0098 LA_D_9497115 - - bonafide\n"


@pytest.fixture
def partial_spoof(tmp_path):
    write(
        tmp_path,
        "database/protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm.dev.trl.txt",
        PROTOCOL,
    )
    return write_sounds(
        tmp_path,
        "database/dev/con_wav/CON_D_0000029.wav",
        "database/dev/con_wav/LA_D_9497115.wav",
    )


def rttm(clip, start, length, label):
    return f"SPEAKER {clip} 1 {start} {length} <NA> <NA> {label} <NA> <NA>\n"


class TestPartialSpoof:
    def test_stretches_from_rttm_and_lengths(self, partial_spoof):
        write(
            partial_spoof,
            "database/dev/con_data/rttm_2cls_0sil",
            rttm("CON_D_0000029", 0, 0.58, "bonafide")
            + rttm("CON_D_0000029", 2.5, 0.78, "spoof")
            + rttm("CON_D_0000029", 0.58, 0.42, "spoof")
            + rttm("CON_D_0000029", 1.0, 0.25, "spoof")
            + rttm("LA_D_9497115", 0, 2.0, "bonafide"),
        )
        write(
            partial_spoof,
            "database/dev/con_data/reco2dur",
            "LA_D_9497115 2.0\nCON_D_0000029 3.2605\n",
        )
        manifest = read_dataset("partialspoof", partial_spoof)
        assert told(manifest, "clip", "label", "attack", "split", "seconds", "segments") == [
            ("CON_D_0000029", "spoof", "CON", "dev", 3.2605, ((0.58, 1.25), (2.5, 3.2605))),
            ("LA_D_9497115", "bonafide", None, "dev", 2.0, ()),
        ]

    def test_stretches_from_the_finest_segment_labels(self, partial_spoof):
        coarse = {"CON_D_0000029": np.array(["0"]), "LA_D_9497115": np.array(["1"])}
        fine = {
            "CON_D_0000029": np.array(["1", "1", "0", "0", "1", "0"]),
            "LA_D_9497115": np.array(["1", "1"]),
        }
        for step, labels in (("0.16", coarse), ("0.02", fine)):
            path = write(partial_spoof, f"database/segment_labels/dev_seglab_{step}.npy", b"")
            np.save(path, labels, allow_pickle=True)
        (spoof, human) = read_dataset("partialspoof", partial_spoof)
        np.testing.assert_allclose(spoof.segments, [(0.04, 0.08), (0.10, 0.12)])
        assert human.segments == ()

    def test_without_either_there_are_no_stretches(self, partial_spoof):
        assert told(read_dataset("partialspoof", partial_spoof), "segments") == [((),), ((),)]

    def test_what_this_project_writes_is_read_back(self, partial_spoof, tmp_path):
        write(
            partial_spoof,
            "database/dev/con_data/rttm_2cls_0sil",
            rttm("CON_D_0000029", 0.25, 0.5, "spoof"),
        )
        manifest = read_dataset("partialspoof", partial_spoof)
        write_rttm(manifest, tmp_path / "database/dev/con_data/rttm_2cls_0sil")
        assert read_dataset("partialspoof", partial_spoof) == manifest

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (rttm("CON_D_0000029", "x", 1, "spoof"), "line 2: 'x' is no time in seconds .start"),
            (rttm("CON_D_0000029", 0, 1, "SPK1"), "line 2: the label 'SPK1' is none of"),
            ("SPEAKER CON_D_0000029 1 0 1 <NA> <NA> spoof\n", "line 2: has 8 fields"),
        ],
    )
    def test_a_broken_rttm_line_is_named(self, partial_spoof, line, message):
        start = rttm("CON_D_0000029", 0, 0.58, "bonafide")
        write(partial_spoof, "database/dev/con_data/rttm_2cls_0sil", start + line)
        with pytest.raises(CorpusError, match=message):
            read_dataset("partialspoof", partial_spoof)

    def test_labels_of_other_values_are_refused(self, partial_spoof):
        path = write(partial_spoof, "database/segment_labels/dev_seglab_0.02.npy", b"")
        np.save(path, {"CON_D_0000029": np.array(["1", "2"])}, allow_pickle=True)
        with pytest.raises(CorpusError, match="'CON_D_0000029' are not all 0"):
            read_dataset("partialspoof", partial_spoof)


class Dangerous:
    def __reduce__(self):
        return (exec, ("print('this must never be printed')",))


class TestSafeArrays:
    def test_a_pickle_that_runs_code_is_refused_and_does_not_run(self, tmp_path, capsys):
        for number, held in enumerate((Dangerous(), {"a": Dangerous()})):
            path = tmp_path / f"{number}.npy"
            np.save(path, np.array(held, dtype=object), allow_pickle=True)
            with pytest.raises(CorpusError, match=r"asks for builtins\.exec"):
                read_dictionary(path)
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
    def test_every_protocol_and_kind_of_array(self, tmp_path, protocol):
        labels = {"a": np.arange(3), "b": np.array(["0", "1"]), "c": ["1"], "d": np.int64(4)}
        path = tmp_path / "a.npy"
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "|O", "fortran_order": False, "shape": ()}
            )
            pickle.dump(np.array(labels, dtype=object), file, protocol=protocol)
        read = read_dictionary(path)
        assert {name: values.tolist() for name, values in read.items()} == {
            "a": [0, 1, 2], "b": ["0", "1"], "c": ["1"], "d": 4,
        }  # fmt: skip

    def test_anything_else_is_told(self, tmp_path):
        np.save(tmp_path / "plain.npy", np.arange(4))
        write(tmp_path, "text.npy", "no array")
        for name in ("plain.npy", "text.npy", "absent.npy"):
            with pytest.raises(CorpusError, match=f"{name} is no dictionary"):
                read_dictionary(tmp_path / name)


class TestHalfTruth:
    def test_had(self, tmp_path):
        write(
            tmp_path,
            "HAD/HAD_train/HAD_train_label.txt",
            "HAD_train_fake_00000001 0.00-3.59-T/3.59-4.33-F/4.33-5.35-T 0\n"
            "HAD_train_real_00000001 0.00-2.60-T 1\n",
        )
        write(tmp_path, "HAD/HAD_test/HAD_test_label.txt", "HAD_test_fake_1 0.00-2.06-F 0\n")
        write_sounds(
            tmp_path,
            "HAD/HAD_train/conbine/HAD_train_fake_00000001.wav",
            "HAD/HAD_train/conbine/HAD_train_real_00000001.wav",
            "HAD/HAD_test/test/HAD_test_fake_1.wav",
        )
        assert told(read_dataset("had", tmp_path), "label", "split", "seconds", "segments") == [
            ("spoof", "train", 5.35, ((3.59, 4.33),)),
            ("bonafide", "train", 2.6, ()),
            ("spoof", "test", 2.06, ((0.0, 2.06),)),
        ]

    def test_add2023_track_2_and_track_1_2(self, tmp_path):
        write(
            tmp_path,
            "ADD2023_Track2_train/label.txt",
            "ADD2023_T2_T_00000000 0.00-1.55-T/1.55-3.50-F/3.50-5.66-T 0\n"
            "ADD2023_T2_T_00000001 0.00-4.72-T 1\n",
        )
        write(tmp_path, "Track1.2/dev/label.txt", "00000000.wav fake\n00000001.wav genuine\n")
        write_sounds(
            tmp_path,
            "ADD2023_Track2_train/wav/ADD2023_T2_T_00000000.wav",
            "ADD2023_Track2_train/wav/ADD2023_T2_T_00000001.wav",
            "Track1.2/dev/wav/00000000.wav",
            "Track1.2/dev/wav/00000001.wav",
            "Track1.2/train/wav/00000000.wav",
        )
        manifest = read_dataset("add2023", tmp_path)
        assert told(manifest, "clip", "label", "split", "segments") == [
            ("ADD2023_T2_T_00000000", "spoof", "train", ((1.55, 3.5),)),
            ("ADD2023_T2_T_00000001", "bonafide", "train", ()),
            ("00000000", "spoof", "dev", ()),
            ("00000001", "bonafide", "dev", ()),
        ]
        assert places(manifest, tmp_path)[2] == "Track1.2/dev/wav/00000000.wav"

    def test_audio_of_another_part_is_not_taken(self, tmp_path):
        write(tmp_path, "Track1.2/dev/label.txt", "00000007.wav fake\n")
        write_sounds(tmp_path, "Track1.2/train/wav/00000007.wav")
        with pytest.raises(CorpusError, match=r"missing: .*/Track1\.2/dev/wav/00000007\.wav"):
            read_dataset("add2023", tmp_path)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("a 0.00-1.00-T/1.00-2.00-X 0", "line 1: '1.00-2.00-X' is no stretch"),
            ("a 0.00-1.00 0", "line 1: '0.00-1.00' is no stretch"),
            ("a 0.00-1.00-F 1", "clip 'a'.*bona fide clip has no synthetic"),
            ("a 0.00-1.00-F 2", "line 1: the label '2' is none of 1, 0"),
        ],
    )
    def test_a_broken_label_is_named(self, tmp_path, line, message):
        write(tmp_path, "HAD_dev/HAD_dev_label.txt", line)
        with pytest.raises(CorpusError, match=message):
            read_dataset("had", tmp_path)


class TestStretches:
    def test_against_a_plain_loop(self):
        """Random stretches: the union of each clip's, found by painting fine frames."""
        draw = np.random.default_rng(5)
        for _ in range(50):
            clips = int(draw.integers(1, 6))
            count = int(draw.integers(0, 20))
            rows = draw.integers(0, clips, count)
            start = draw.integers(0, 60, count) / 8
            end = start + draw.integers(0, 12, count) / 8
            segments = segment_column(rows, start, end, clips).to_pylist()
            assert len(segments) == clips
            for clip in range(clips):
                frames = np.zeros(8 * 80, bool)
                for one, begins, ends in zip(rows, start, end, strict=True):
                    if one == clip:
                        frames[int(begins * 8) : int(ends * 8)] = True
                edges = np.flatnonzero(np.diff(frames, prepend=False, append=False)) / 8
                assert segments[clip] == edges.reshape(-1, 2).tolist()

    def test_a_gap_of_rounding_is_none(self):
        start, length = np.array([0.7, 0.8]), np.array([0.1, 0.1])
        assert 0.7 + 0.1 < 0.8
        merged = segment_column(np.zeros(2, int), start, start + length, 1)
        assert merged.to_pylist() == [[[0.7, 0.9]]]

    def test_times_stay_exact_however_many_clips(self):
        rows = np.arange(100_000)
        segments = segment_column(rows, np.full(len(rows), 0.1), np.full(len(rows), 1 / 3), 100_000)
        assert segments[99_999].as_py() == [[0.1, 1 / 3]]


class TestDESED:
    @pytest.fixture
    def desed(self, tmp_path):
        heading = "filename\tonset\toffset\tevent_label\n"
        write(
            tmp_path,
            "dataset/metadata/eval/public.tsv",
            f"{heading}a_0_10.wav\t0.000\t2.081\tSpeech\na_0_10.wav\t3.8\t10.0\tFrying\n"
            "a_0_10.wav\t2.0\t2.5\tSpeech\nb_0_10.wav\t\t\t\n",
        )
        write(
            tmp_path,
            "dataset/metadata/train/weak.tsv",
            "filename\tevent_labels\nw.wav\tAlarm_bell_ringing,Speech\n",
        )
        write(tmp_path, "dataset/metadata/train/unlabel_in_domain.tsv", "filename\nu.wav\n")
        for name in ("validation", "test_dcase2018"):
            write(
                tmp_path,
                f"dataset/metadata/validation/{name}.tsv",
                f"{heading}v.wav\t1.0\t2.0\tDog\n",
            )
        for name in ("fbsnr_0dB", "fbsnr_30dB"):
            write(
                tmp_path, f"dataset/metadata/eval/{name}.tsv", f"{heading}1.jams\t0.5\t1.0\tCat\n"
            )
        return write_sounds(
            tmp_path,
            "dataset/audio/eval/public/a_0_10.wav",
            "dataset/audio/eval/public/b_0_10.wav",
            "dataset/audio/eval/fbsnr_0dB/1.wav",
            "dataset/audio/eval/fbsnr_30dB/1.wav",
            "dataset/audio/train/weak/w.wav",
            "dataset/audio/train/unlabel_in_domain/u.wav",
            "dataset/audio/validation/v.wav",
        )

    def test_one_row_per_file_and_event_class(self, desed):
        manifest = read_dataset("desed", desed)
        assert not manifest.is_detection
        assert told(manifest, "clip", "label", "split", "segments") == [
            ("eval/fbsnr_0dB/1.jams#Cat", "Cat", "eval", ((0.5, 1.0),)),
            ("eval/fbsnr_30dB/1.jams#Cat", "Cat", "eval", ((0.5, 1.0),)),
            ("eval/public/a_0_10.wav#Speech", "Speech", "eval", ((0.0, 2.5),)),
            ("eval/public/a_0_10.wav#Frying", "Frying", "eval", ((3.8, 10.0),)),
            ("train/weak/w.wav#Alarm_bell_ringing", "Alarm_bell_ringing", "train", ()),
            ("train/weak/w.wav#Speech", "Speech", "train", ()),
            ("validation/test_dcase2018/v.wav#Dog", "Dog", "validation", ((1.0, 2.0),)),
        ]
        assert places(manifest, desed)[:2] == [
            "dataset/audio/eval/fbsnr_0dB/1.wav",
            "dataset/audio/eval/fbsnr_30dB/1.wav",
        ]

    def test_a_broken_time_is_named(self, desed):
        write(
            desed,
            "dataset/metadata/eval/public.tsv",
            "filename\tonset\toffset\tevent_label\n\na.wav\t0.0\tlate\tSpeech\n",
        )
        with pytest.raises(CorpusError, match=r"public\.tsv, line 3: 'late' is no time.*offset"):
            read_dataset("desed", desed)
