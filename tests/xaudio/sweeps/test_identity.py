from dataclasses import replace

import pytest

from tests.xaudio.sweeps.small import loudness
from xaudio.errors import ModelError
from xaudio.sweeps.identity import identify, named_apart
from xaudio.sweeps.swept_model import SweptModel

MODEL = identify(loudness())


def test_models_of_one_name_are_told_apart_by_their_weights():
    other = replace(MODEL, fingerprint="0123456789abcdef")
    third = replace(other, name="another")
    names = [model.name for model in named_apart([MODEL, other, third])]
    assert names == [f"loudness ({MODEL.fingerprint[:8]})", "loudness (01234567)", "another"]


def test_models_of_one_name_and_equal_weights_are_told_apart_by_the_rest():
    other = replace(MODEL, behaviour="another")
    names = [model.name for model in named_apart([MODEL, other])]
    assert names == [f"loudness ({MODEL.digest[:8]})", f"loudness ({other.digest[:8]})"]


def test_models_of_one_name_are_told_apart_by_their_precision():
    half = replace(MODEL, precision="bfloat16")
    names = [model.name for model in named_apart([MODEL, half])]
    assert names == ["loudness (float32)", "loudness (bfloat16)"]


def test_an_unknown_precision_is_refused():
    with pytest.raises(ModelError, match="'int4' is not known; there are float32, bfloat16"):
        SweptModel("lcnn", precision="int4")
