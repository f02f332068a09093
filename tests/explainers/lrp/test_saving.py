"""Kept tensors are copied before a write, and only then."""

import gc

import torch

from explainers.lrp.saving import SavedTensors


def test_what_is_kept_is_as_it_was():
    saved, x = SavedTensors(), torch.ones(4)
    kept = saved.pack(x)
    saved.protect(x)
    x.zero_()
    assert saved.unpack(kept).tolist() == [1, 1, 1, 1]


def test_nothing_is_copied_without_need():
    saved, x = SavedTensors(), torch.ones(4)
    kept = saved.pack(x)
    saved.protect(torch.ones(4))
    assert saved.unpack(kept).data_ptr() == x.data_ptr()


def test_views_share_memory():
    saved, x = SavedTensors(), torch.arange(4.0)
    whole, part = saved.pack(x), saved.pack(x[1:3])
    saved.protect(x[2:])
    x.zero_()
    assert saved.unpack(whole).tolist() == [0, 1, 2, 3]
    assert saved.unpack(part).tolist() == [1, 2]


def test_keepers_of_the_same_share_a_copy_and_others_do_not():
    saved, x = SavedTensors(), torch.arange(6.0)
    parts = [saved.pack(one) for one in (x[:2], x[2:4], x[:2], x[:4:2], x[:4].view(2, 2))]
    saved.protect(x)
    x.zero_()
    kept = [saved.unpack(one) for one in parts]
    assert [one.flatten().tolist() for one in kept] == [
        [0, 1],
        [2, 3],
        [0, 1],
        [0, 2],
        [0, 1, 2, 3],
    ]
    assert kept[4].shape == (2, 2)
    assert kept[0].data_ptr() == kept[2].data_ptr()


def test_a_second_write_leaves_the_copy():
    saved, x = SavedTensors(), torch.ones(2)
    first = saved.pack(x)
    saved.protect(x)
    x.fill_(2)
    second = saved.pack(x)
    saved.protect(x)
    x.fill_(3)
    assert saved.unpack(first).tolist() == [1, 1]
    assert saved.unpack(second).tolist() == [2, 2]


def test_what_nobody_holds_any_more_is_not_copied():
    saved, x = SavedTensors(), torch.ones(2)
    kept = saved.pack(x)
    del kept
    gc.collect()
    saved.protect(x)
    assert x.tolist() == [1, 1]
