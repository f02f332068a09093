from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from xaudio.classifiers.adapters.functions import function_digest, tensor_function
from xaudio.errors import ModelError

CLIPS = torch.randn(3, 50, generator=torch.Generator().manual_seed(0))


def test_numpy_is_given_by_default():
    given = []
    tensor_function(lambda clips: given.append(type(clips)) or clips)(CLIPS)
    assert given == [np.ndarray]


def test_a_tensor_is_given_where_one_is_annotated():
    def wants_tensor(clips: Tensor) -> Tensor:
        assert isinstance(clips, Tensor)
        return clips[:, :2]

    assert torch.equal(tensor_function(wants_tensor)(CLIPS), CLIPS[:, :2])


def test_a_tensor_is_given_where_numpy_cannot_be_taken():
    spread = tensor_function(lambda clips: torch.relu(clips).std(dim=1, keepdim=True))
    assert torch.equal(spread(CLIPS), torch.relu(CLIPS).std(dim=1, keepdim=True))


def test_no_gradient_passes():
    clips = CLIPS.clone().requires_grad_()
    layer = torch.nn.Linear(50, 2)
    assert not tensor_function(lambda x: layer(x))(clips).requires_grad


def test_answers_that_are_no_array_are_refused():
    with pytest.raises(ModelError, match="answered NoneType; expected logits"):
        tensor_function(lambda clips: None)(CLIPS)


def test_digest_follows_the_source():
    def first(clips):
        return clips

    def second(clips):
        return 2 * clips

    second.__qualname__ = first.__qualname__
    assert function_digest(first) == function_digest(first)
    assert function_digest(first) != function_digest(second)


def failing(clips):
    failing.calls += 1
    raise TypeError("my own mistake")


def test_a_functions_own_mistake_does_not_run_it_again():
    failing.calls = 0
    with pytest.raises(TypeError, match="my own mistake"):
        tensor_function(failing)(CLIPS)
    assert failing.calls == 1


def test_torchs_words_for_an_axis_ask_for_a_tensor():
    mean = tensor_function(lambda clips: clips.mean(dim=1, keepdim=True))
    assert torch.equal(mean(CLIPS), CLIPS.mean(dim=1, keepdim=True))


class Scaled:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, clips):
        return self.scale * clips


def scaled(scale):
    def by(clips, default=scale):
        return default * clips

    return lambda clips: scale * clips, by, partial(by, default=scale), Scaled(scale).__call__


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize(
    ("one", "other"), [(1, -1), (np.ones(2), np.zeros(2)), (torch.ones(2), torch.zeros(2))]
)
def test_digest_follows_the_values_a_function_holds(which, one, other):
    digests = [function_digest(scaled(value)[which]) for value in (one, one, other)]
    assert digests[0] == digests[1] != digests[2]


def test_digest_follows_a_held_modules_weights():
    def held(seed):
        torch.manual_seed(seed)
        return Scaled(torch.nn.Linear(2, 2))

    assert function_digest(held(0)) == function_digest(held(0)) != function_digest(held(1))
