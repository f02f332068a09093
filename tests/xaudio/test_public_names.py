import pytest

import xaudio


@pytest.mark.parametrize("name", xaudio.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(xaudio, name).__doc__
    assert name in dir(xaudio)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        xaudio.nothing  # noqa: B018
