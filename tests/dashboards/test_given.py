import pytest

from dashboards.given import clips_in, parse_arguments
from perturbations.errors import UserError
from tests.dashboards.recordings import BROKEN, CLIP, LONG_CLIP, recordings


def test_nothing_given_leaves_the_bundled_model():
    given = parse_arguments([])
    assert given.folders == ()
    assert list(given.models) == ["lcnn"]


def test_folders_and_models_are_those_of_the_command_line(tmp_path):
    words = ["--folder", str(tmp_path), "--model", "hf:some/model", "--model", "aasist=a/b.pth"]
    given = parse_arguments(words)
    assert given.folders == (tmp_path.resolve(),)
    assert list(given.models) == ["lcnn", "hf:some/model", "aasist (b.pth)"]
    assert given.models["aasist (b.pth)"].weights == "a/b.pth"
    assert given.models["aasist (b.pth)"].name == "aasist"


@pytest.mark.parametrize("words", [["--folder", "nowhere"], ["--shell", "ls"]])
def test_what_is_not_understood_is_a_sentence(words):
    with pytest.raises(UserError, match=words[1] if words[0] == "--folder" else "--shell"):
        parse_arguments(words)


def test_only_recordings_are_offered(tmp_path):
    assert sorted(clips_in([recordings(tmp_path)])) == [BROKEN, CLIP, LONG_CLIP]


def test_a_link_out_of_the_folder_is_not_offered(tmp_path):
    secret = recordings(tmp_path) / "hybrid.wav"
    offered = tmp_path / "offered"
    offered.mkdir()
    (offered / "link.wav").symlink_to(secret)
    assert clips_in([offered]) == {}


def test_folders_of_one_name_are_told_apart(tmp_path):
    folders = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        folders.append(recordings(tmp_path / name))
    found = clips_in(folders)
    assert len(found) == 6
    assert found[f"{folders[1]}/hybrid.wav"] == folders[1] / "hybrid.wav"
