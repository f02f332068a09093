import numpy as np
import torch

from explainers.segmentation.windows import Windows


def test_overlapping_windows_cover_every_sample():
    parts = Windows(0.4, 0.1).cut(torch.zeros(1_050), 1_000)
    starts = [own[0][0] for own in parts.stretches]
    assert starts[:3] == [0, 100, 200] and parts.masks.any(axis=0).all()
    assert np.allclose(parts.boxes[:3], [[0, 0.4, 0, 500], [0.1, 0.5, 0, 500], [0.2, 0.6, 0, 500]])


def test_names_tell_short_windows_apart():
    parts = Windows(0.001).cut(torch.zeros(3), 1_000)
    assert parts.names == ("0.000-0.001 s", "0.001-0.002 s", "0.002-0.003 s")


def test_a_part_of_one_sample_has_a_length_in_its_name():
    assert Windows(0.1).cut(torch.zeros(1), 16_000).names == ("0.0000-0.0001 s",)
