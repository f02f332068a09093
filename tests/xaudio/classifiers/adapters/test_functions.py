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
