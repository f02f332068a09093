import pytest

from dashboards.markdown import literal


@pytest.mark.parametrize("mark", list("\\`*_[]()<>$:~#!|"))
def test_every_mark_is_taken_at_its_word(mark):
    assert literal(f"a{mark}b") == f"a\\{mark}b"


def test_plain_names_stay_as_they_are():
    assert literal("voice message-01.wav") == "voice message-01.wav"
