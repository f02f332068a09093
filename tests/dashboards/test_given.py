import os
from pathlib import Path

import pytest

from dashboards import given as module
from dashboards.given import clips_in, parse_arguments
from perturbations.errors import UserError
from tests.dashboards.recordings import BROKEN, CLIP, LONG_CLIP, recordings
from xaudio.explaining import DEFAULT_MODEL


def test_nothing_given_leaves_the_bundled_model():
    given = parse_arguments([])
    assert given == module.Given()
    assert list(given.models) == [DEFAULT_MODEL] == ["lcnn"]
    assert (given.folders, given.sweeps) == ((), ())
    assert given.runs is given.calibration is given.address is given.device is None


def test_folders_and_models_are_those_of_the_command_line(tmp_path):
    words = ["--folder", str(tmp_path), "--model", "hf:some/model", "--model", "aasist=a/b.pth"]
    given = parse_arguments(words)
    assert given.folders == (tmp_path.resolve(),)
    assert list(given.models) == ["lcnn", "hf:some/model", "aasist (b.pth)"]
    assert given.models["aasist (b.pth)"].weights == "a/b.pth"
    assert given.models["aasist (b.pth)"].name == "aasist"


def test_all_the_rest_is_that_of_the_command_line(tmp_path):
    file = tmp_path / "calibration.json"
    file.write_text("{}")
    (tmp_path / "sweeps").mkdir()
    words = ["--sweep", str(tmp_path / "sweeps"), "--runs", str(tmp_path / "new" / "runs")]
    words += ["--calibration", str(file), "--address", "auto", "--device", "cuda:1"]
    given = parse_arguments(words)
    assert given.sweeps == (tmp_path / "sweeps",) and given.runs == tmp_path / "new" / "runs"
    assert (given.calibration, given.address, given.device) == (file, "auto", "cuda:1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--folder", "nowhere"], "no folder 'nowhere'"),
        (["--sweep", "nowhere"], "'nowhere'"),
        (["--calibration", "nowhere"], "'nowhere'.*xaudio calibrate"),
        (["--runs", __file__], "is no folder"),
        (["--shell", "ls"], "--shell"),
        (["--fold", "."], "--fold"),
    ],
)
def test_what_is_not_understood_is_a_sentence(words, said):
    with pytest.raises(UserError, match=said):
        parse_arguments(words)


def test_only_recordings_are_offered(tmp_path):
    assert list(clips_in([recordings(tmp_path)])) == [BROKEN, CLIP, LONG_CLIP]


def test_links_out_of_the_folder_are_not_offered_nor_entered(tmp_path):
    secret = recordings(tmp_path)
    offered = tmp_path / "offered"
    offered.mkdir()
    (offered / "link.wav").symlink_to(secret / "hybrid.wav")
    (offered / "folder").symlink_to(secret)
    (offered / "circle").symlink_to(offered)
    assert clips_in([offered]) == {}


def test_folders_of_one_name_are_told_apart(tmp_path):
    folders = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        folders.append(recordings(tmp_path / name))
    found = clips_in(folders)
    assert len(found) == 6
    assert found[f"{folders[1]}/hybrid.wav"] == folders[1] / "hybrid.wav"


def test_of_very_many_the_first_are_offered(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_CLIPS", 3)
    for name in ("b", "a", "c", "d", "e"):
        (tmp_path / f"{name}.wav").touch()
    assert [path.name for path in clips_in([tmp_path]).values()] == ["a.wav", "b.wav", "c.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_that_may_not_be_read_is_left_aside(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    (tmp_path / "a.wav").touch()
    assert list(clips_in([tmp_path])) == [f"{tmp_path.name}/a.wav"]
    closed.chmod(0o700)


def test_the_bound_of_uploads_is_that_of_the_server():
    import tomllib

    from dashboards.evaluation.clips import MOST_UPLOADED

    settings = tomllib.loads(
        (Path(module.__file__).parent / ".streamlit" / "config.toml").read_text()
    )
    assert settings["server"]["maxUploadSize"] * 1_000_000 == MOST_UPLOADED
    assert settings["server"]["address"] == "localhost"
