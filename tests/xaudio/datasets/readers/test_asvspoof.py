import gzip

import pytest

from tests.xaudio.datasets.readers.trees import (
    places,
    told,
    write,
    write_sounds,
    write_tar,
    write_zip,
)
from xaudio.datasets.readers import read_dataset
from xaudio.datasets.sound import row_bytes
from xaudio.errors import CorpusError

LA_TRAIN = "LA_0079 LA_T_1138215 - - bonafide\nLA_0081 LA_T_1271820 - A01 spoof\n"
LA_EVAL = "LA_0039 LA_E_2834763 - A11 spoof\r\n\r\nLA_0014  LA_E_8877452\t- - bonafide \r\n"
CM_2019 = "ASVspoof2019_LA_cm_protocols/ASVspoof2019.LA.cm"


@pytest.fixture
def la2019(tmp_path):
    write(tmp_path, f"{CM_2019}.train.trn.txt", LA_TRAIN)
    write(tmp_path, f"{CM_2019}.eval.trl.txt", LA_EVAL)
    return write_sounds(
        tmp_path,
        "ASVspoof2019_LA_train/flac/LA_T_1138215.flac",
        "ASVspoof2019_LA_train/flac/LA_T_1271820.flac",
        "ASVspoof2019_LA_eval/flac/LA_E_2834763.flac",
        "ASVspoof2019_LA_eval/flac/LA_E_8877452.flac",
        "ASVspoof2019_LA_eval/flac/LA_E_0000000.flac",
    )


class TestASVspoof2019:
    def test_logical_access(self, la2019):
        manifest = read_dataset("asvspoof2019-la", la2019)
        assert told(manifest, "clip", "label", "speaker", "attack", "split", "source") == [
            ("LA_T_1138215", "bonafide", "LA_0079", None, "train", None),
            ("LA_T_1271820", "spoof", "LA_0081", "A01", "train", None),
            ("LA_E_2834763", "spoof", "LA_0039", "A11", "eval", None),
            ("LA_E_8877452", "bonafide", "LA_0014", None, "eval", None),
        ]
        assert places(manifest, la2019) == [
            "ASVspoof2019_LA_train/flac/LA_T_1138215.flac",
            "ASVspoof2019_LA_train/flac/LA_T_1271820.flac",
            "ASVspoof2019_LA_eval/flac/LA_E_2834763.flac",
            "ASVspoof2019_LA_eval/flac/LA_E_8877452.flac",
        ]

    def test_one_split(self, la2019):
        assert told(read_dataset("asvspoof2019-la", la2019, split="eval"), "clip") == [
            ("LA_E_2834763",),
            ("LA_E_8877452",),
        ]
        with pytest.raises(CorpusError, match="of the split 'dev': it has eval, train"):
            read_dataset("asvspoof2019-la", la2019, split="dev")

    def test_physical_access_tells_the_environment(self, tmp_path):
        write(
            tmp_path,
            "PA/ASVspoof2019_PA_cm_protocols/ASVspoof2019.PA.cm.dev.trl.txt",
            "PA_0001 PA_D_0000001 aaa - bonafide\nPA_0001 PA_D_0000002 acb BC spoof\n",
        )
        flac = "PA/ASVspoof2019_PA_dev/flac"
        write_sounds(tmp_path, f"{flac}/PA_D_0000001.flac", f"{flac}/PA_D_0000002.flac")
        assert told(read_dataset("asvspoof2019-pa", tmp_path), "label", "attack", "source") == [
            ("bonafide", None, "aaa"),
            ("spoof", "BC", "acb"),
        ]

    def test_audio_left_in_the_published_zip(self, tmp_path):
        write(tmp_path, f"{CM_2019}.train.trn.txt", LA_TRAIN)
        flac = "LA/ASVspoof2019_LA_train/flac"
        write_zip(tmp_path, "LA.zip", f"{flac}/LA_T_1138215.flac", f"{flac}/LA_T_1271820.flac")
        manifest = read_dataset("asvspoof2019-la", tmp_path)
        assert places(manifest, tmp_path)[1] == ("LA.zip", f"{flac}/LA_T_1271820.flac")
        assert row_bytes(manifest[1])

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("LA_1 LA_T_3 - A01", r"train\.trn\.txt, line 3: has 4 fields where the first has 5"),
            ("LA_1 LA_T_3 - A01 fake", r"line 3: the label 'fake' is none of bonafide, spoof"),
            ("LA_1 LA_T_1138215 - - spoof", "'LA_T_1138215' stands in 2 rows"),
        ],
    )
    def test_a_broken_line_is_named(self, la2019, line, message):
        write(la2019, f"{CM_2019}.train.trn.txt", LA_TRAIN + line)
        with pytest.raises(CorpusError, match=message):
            read_dataset("asvspoof2019-la", la2019)

    def test_lines_are_counted_as_an_editor_does(self, la2019):
        write(la2019, f"{CM_2019}.eval.trl.txt", f"\n{LA_EVAL}\n\nLA_1 LA_E_3 - A01 human\n")
        with pytest.raises(CorpusError, match="line 7: the label 'human'"):
            read_dataset("asvspoof2019-la", la2019)

    def test_another_layout_is_refused(self, la2019):
        write(la2019, f"{CM_2019}.train.trn.txt", "\nLA_T_1138215 bonafide\n")
        with pytest.raises(CorpusError, match=r"line 2: has 2 fields; expected 5 \(speaker clip"):
            read_dataset("asvspoof2019-la", la2019)

    def test_without_a_protocol_its_name_is_told(self, tmp_path):
        with pytest.raises(CorpusError, match=r"looked for ASVspoof2019\.LA\.cm\.train\.\(trn"):
            read_dataset("asvspoof2019-la", tmp_path)
        with pytest.raises(CorpusError, match="There is no folder"):
            read_dataset("asvspoof2019-la", tmp_path / "nowhere")

    def test_two_copies_of_a_protocol_are_refused(self, la2019):
        write(la2019, "copy/ASVspoof2019.LA.cm.eval.trl.txt", LA_EVAL)
        with pytest.raises(CorpusError, match="holds 2 protocols of ASVspoof 2019 LA, part 'eval'"):
            read_dataset("asvspoof2019-la", la2019)


class TestASVspoof2021:
    def test_logical_access(self, tmp_path):
        write(
            tmp_path,
            "keys/LA/CM/trial_metadata.txt",
            "LA_0009 LA_E_9332881 alaw ita_tx A07 spoof notrim eval\n"
            "LA_0020 LA_E_1000147 none - bonafide bonafide trim hidden\n",
        )
        write(tmp_path, "keys/LA/ASV/trial_metadata.txt", "LA_0007 ...\n")
        write(tmp_path, "keys/DF/CM/trial_metadata.txt", "other\n")
        flac = "ASVspoof2021_LA_eval/flac"
        write_sounds(tmp_path, f"{flac}/LA_E_9332881.flac", f"{flac}/LA_E_1000147.flac")
        manifest = read_dataset("asvspoof2021-la", tmp_path)
        assert told(manifest, "label", "attack", "codec", "split", "source", "speaker") == [
            ("spoof", "A07", "alaw", "eval", "ita_tx", "LA_0009"),
            ("bonafide", None, "none", "hidden", None, "LA_0020"),
        ]

    def test_deepfake_in_its_four_parts_and_gzipped_keys(self, tmp_path):
        lines = (
            "LA_0023 DF_E_2000011 nocodec asvspoof A14 spoof notrim progress traditional_vocoder"
            " - - - -\n"
            "TEF2 DF_E_2000013 low_m4a vcc2020 Task1-team20 spoof notrim eval"
            " neural_vocoder_nonautoregressive Task1 team20 FF E\n"
            "VCC2SM3 DF_E_2000024 mp3m4a vcc2018 - bonafide notrim eval bonafide - - - -\n"
        )
        write(tmp_path, "keys/CM/trial_metadata.txt.gz", gzip.compress(lines.encode()))
        inside = "ASVspoof2021_DF_eval/flac"
        write_sounds(
            tmp_path,
            f"ASVspoof2021_DF_eval_part00/{inside}/DF_E_2000011.flac",
            f"ASVspoof2021_DF_eval_part01/{inside}/DF_E_2000013.flac",
            f"ASVspoof2021_DF_eval_part03/{inside}/DF_E_2000024.flac",
        )
        manifest = read_dataset("asvspoof2021-df", tmp_path)
        assert told(manifest, "clip", "label", "attack", "codec", "source", "split") == [
            ("DF_E_2000011", "spoof", "A14", "nocodec", "asvspoof", "progress"),
            ("DF_E_2000013", "spoof", "Task1-team20", "low_m4a", "vcc2020", "eval"),
            ("DF_E_2000024", "bonafide", None, "mp3m4a", "vcc2018", "eval"),
        ]
        assert places(manifest, tmp_path)[2] == (
            f"ASVspoof2021_DF_eval_part03/{inside}/DF_E_2000024.flac"
        )

    def test_physical_access_tells_both_settings(self, tmp_path):
        write(
            tmp_path,
            "keys/PA/CM/trial_metadata.txt",
            "PA_0010 PA_E_1000001 R3 M3 d4 r1 m1 s4 c4 spoof notrim eval\n"
            "PA_0011 PA_E_1000002 R3 M3 D2 - - - - bonafide notrim eval\n",
        )
        flac = "ASVspoof2021_PA_eval/flac"
        write_sounds(tmp_path, f"{flac}/PA_E_1000001.flac", f"{flac}/PA_E_1000002.flac")
        assert told(read_dataset("asvspoof2021-pa", tmp_path), "label", "attack", "source") == [
            ("spoof", "r1-m1-s4-c4", "R3-M3-d4"),
            ("bonafide", None, "R3-M3-D2"),
        ]


class TestASVspoof5:
    @pytest.fixture
    def track1(self, tmp_path):
        protocols = "ASVspoof5_protocols/ASVspoof5"
        write(
            tmp_path,
            f"{protocols}.train.tsv",
            "T_4850 T_0000000000 F - - - AC3 A05 spoof -\n"
            "T_3734 T_0000000011 F - - - - bonafide bonafide -\n",
        )
        write(
            tmp_path,
            f"{protocols}.eval.track_1.tsv",
            "E_1607 E_0009538969 M C05 3 E_0001234567 AC2 A19 spoof -\n"
            "E_0002 E_0001234567 F - 0 - - bonafide bonafide -\n",
        )
        write_tar(tmp_path, "flac_T_aa.tar", "flac_T/T_0000000000.flac")
        write_tar(tmp_path, "flac_T_ab.tar", "flac_T/T_0000000011.flac")
        return write_sounds(
            tmp_path,
            "flac_E_eval/E_0009538969.flac",
            "flac_E_eval/E_0001234567.flac",
        )

    def test_ten_columns_half_of_it_in_tar_shards(self, track1):
        manifest = read_dataset("asvspoof5", track1)
        assert told(manifest, "clip", "label", "attack", "codec", "source", "split") == [
            ("T_0000000000", "spoof", "A05", "none", "T_0000000000", "train"),
            ("T_0000000011", "bonafide", None, "none", "T_0000000011", "train"),
            ("E_0009538969", "spoof", "A19", "C05", "E_0001234567", "eval"),
            ("E_0001234567", "bonafide", None, "none", "E_0001234567", "eval"),
        ]
        assert places(manifest, track1)[1:3] == [
            ("flac_T_ab.tar", "flac_T/T_0000000011.flac"),
            "flac_E_eval/E_0009538969.flac",
        ]

    def test_six_columns_of_the_first_phase(self, tmp_path):
        write(
            tmp_path,
            "ASVspoof5.dev.metadata.txt",
            "D_0062 D_0000000001 F - A11 spoof\nD_0755 D_0000000022 F - bonafide bonafide\n",
        )
        write_sounds(tmp_path, "flac_D/D_0000000001.flac", "flac_D/D_0000000022.flac")
        assert told(read_dataset("asvspoof5", tmp_path), "label", "attack", "split") == [
            ("spoof", "A11", "dev"),
            ("bonafide", None, "dev"),
        ]

    def test_the_release_is_preferred_to_the_first_phase(self, track1):
        write(track1, "old/ASVspoof5.train.metadata.txt", "T_4850 T_0000000000 F - A05 spoof\n")
        assert len(read_dataset("asvspoof5", track1, split="train")) == 2

    def test_track_2_has_every_clip_once(self, tmp_path):
        write(
            tmp_path,
            "ASVspoof5.dev.track_2.trial.tsv",
            "D_0002 D_0000000003 F bonafide nontarget\n"
            "D_0001 D_0000000001 F A11 spoof\n"
            "D_0001 D_0000000002 F bonafide nontarget\n"
            "D_0001 D_0000000003 F bonafide target\n"
            "D_0003 D_0000000002 F bonafide nontarget\n",
        )
        write_sounds(tmp_path, *(f"flac_D/D_000000000{n}.flac" for n in (1, 2, 3)))
        manifest = read_dataset("asvspoof5-track2", tmp_path)
        assert told(manifest, "clip", "label", "attack", "speaker") == [
            ("D_0000000001", "spoof", "A11", "D_0001"),
            ("D_0000000002", "bonafide", None, None),
            ("D_0000000003", "bonafide", None, "D_0001"),
        ]


def test_laundered(tmp_path):
    write(
        tmp_path,
        "protocols/ASVspoofLauneredDatabase_Reverberation.txt",
        "LA_0039 LA_E_2834763_RT_0_3 A11 spoof Reverberation RT_0_3\n"
        "LA_0014 LA_E_8877452_RT_0_9 - bonafide Reverberation RT_0_9\n",
    )
    write(
        tmp_path,
        "protocols/ASVspoofLauneredDatabase_all_laundering_attacks_sampled.txt",
        "LA_0039 LA_E_2834763_RT_0_3 A11 - spoof\n",
    )
    flac = "Reverberation/flac"
    write_sounds(tmp_path, f"{flac}/LA_E_2834763_RT_0_3.flac", f"{flac}/LA_E_8877452_RT_0_9.flac")
    manifest = read_dataset("asvspoof-laundered", tmp_path)
    assert told(manifest, "label", "speaker", "attack", "codec", "source") == [
        ("spoof", "LA_0039", "A11", "Reverberation/RT_0_3", "LA_E_2834763"),
        ("bonafide", "LA_0014", None, "Reverberation/RT_0_9", "LA_E_8877452"),
    ]
