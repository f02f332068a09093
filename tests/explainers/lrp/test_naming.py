"""One name for an operation, however it is called."""

import pytest
import torch
from torch.nn import functional as F

from explainers.lrp.naming import operation_name


@torch.library.custom_op("relevancetests::doubled", mutates_args=())
def doubled(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


SAME = {
    "relu": [torch.relu, torch.Tensor.relu, torch.ops.aten.relu.default, torch.ops.aten.relu],
    "functional.relu": [F.relu],
    "add": [torch.add, torch.Tensor.add, torch.ops.aten.add.Tensor, torch.ops.aten.add.Scalar],
    "__add__": [torch.Tensor.__add__],
    "softmax": [torch.softmax, torch.Tensor.softmax],
    "functional.softmax": [F.softmax],
    "real.__get__": [torch.Tensor.real.__get__],
    "stft": [torch.stft, torch.Tensor.stft],
    "fft_rfft": [torch.fft.rfft],
    "linear": [F.linear, torch.ops.aten.linear.default],
    "relevancetests::doubled": [
        torch.ops.relevancetests.doubled,
        torch.ops.relevancetests.doubled.default,
    ],
    "_softmax": [torch.ops.aten._softmax.default],
}


@pytest.mark.parametrize(
    ("name", "function"), [(name, one) for name, group in SAME.items() for one in group]
)
def test_one_name_for_every_spelling(name, function):
    assert operation_name(function) == name
