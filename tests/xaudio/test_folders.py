import pytest

from explainers.errors import ExplanationError
from xaudio.folders import filled_whole


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_files_arrive_together_and_replace_those_of_their_names(tmp_path):
    home = tmp_path / "new" / "home"
    for text in ("first", "second"):
        with filled_whole(home, "The page") as aside:
            (aside / "page.txt").write_text(text)
            assert not (home / "page.txt").exists() or text == "second"
    (home / "mine.txt").write_text("kept")
    with filled_whole(home, "The page") as aside:
        (aside / "other.txt").write_text("third")
    assert names(home) == ["mine.txt", "other.txt", "page.txt"]
    assert names(home.parent) == ["home", "home/mine.txt", "home/other.txt", "home/page.txt"]
    assert (home / "page.txt").read_text() == "second"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("broken")])
def test_what_fails_leaves_nothing(tmp_path, error):
    home = tmp_path / "new" / "home"
    expected = ExplanationError if isinstance(error, OSError) else ValueError
    with pytest.raises(expected) as raised, filled_whole(home, "The page") as aside:
        (aside / "page.txt").write_text("half")
        raise error
    if expected is ExplanationError:
        assert names(tmp_path) == []
        assert "The page cannot be written" in str(raised.value)
        assert "No space left on device" in str(raised.value)
    assert not home.exists() and not any("page" in name for name in names(tmp_path))


def test_a_file_in_the_way_is_told(tmp_path):
    (tmp_path / "home").write_text("a file")
    with (
        pytest.raises(ExplanationError, match="another folder"),
        filled_whole(tmp_path / "home", "The page") as aside,
    ):
        (aside / "page.txt").write_text("half")
    assert names(tmp_path) == ["home"]
