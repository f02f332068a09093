"""How operations say that they write."""

import pytest
import torch
from torch.nn import functional as F

from explainers.lrp.inplace import inplace_argument, is_in_place, out_of_place, without_inplace
from explainers.lrp.naming import operation_name


@pytest.mark.parametrize("name", ["relu_", "add_", "functional.relu_", "masked_fill_"])
def test_a_trailing_underscore_writes(name):
    assert is_in_place(name)


@pytest.mark.parametrize("name", ["relu", "__add__", "__setitem__", "requires_grad__"])
def test_two_or_none_do_not(name):
    assert not is_in_place(name)


@pytest.mark.parametrize(
    "function",
    [torch.relu_, torch.Tensor.relu_, F.leaky_relu_, F.selu_, torch.Tensor.add_,
     torch.Tensor.masked_fill_, torch.ops.aten.relu_.default, torch.ops.aten.hardtanh_.default],
)  # fmt: skip
def test_the_same_out_of_place_gives_a_new_tensor(function):
    plain = out_of_place(function, operation_name(function))
    x = torch.linspace(-2, 2, 5)
    more = {"add_": (1.0,), "masked_fill_": (x > 0, 0.5)}.get(operation_name(function), ())
    before = x.clone()
    result = plain(x, *more)
    assert torch.equal(x, before)
    assert torch.equal(function(x, *more), result)
    assert torch.equal(x, result)


def test_what_has_no_other_form_is_told():
    assert out_of_place(torch.Tensor.random_, "random_") is None
    assert out_of_place(torch.Tensor.set_, "set_") is None


def test_where_inplace_stands():
    assert inplace_argument(F.relu).position == 1
    assert inplace_argument(F.dropout).position == 3
    assert inplace_argument(F.leaky_relu).position == 2
    assert inplace_argument(F.gelu) is None
    assert inplace_argument(torch.relu) is None


def test_asked_by_place_by_name_or_not_at_all():
    place = inplace_argument(F.leaky_relu)
    assert without_inplace(place, (1, 2, True), {}) == ((1, 2, False), {}, True)
    assert without_inplace(place, (1,), {"inplace": True, "a": 1}) == ((1,), {"a": 1}, True)
    assert without_inplace(place, (1, 2), {}) == ((1, 2), {}, False)
    assert without_inplace(place, (1, 2, False), {}) == ((1, 2, False), {}, False)
