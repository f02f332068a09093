import zlib

import numpy as np
import pytest

from xaudio.viewing.layers import ZERO, Layer


def layer(cells, lowest, step, unit="dB"):
    return Layer("", np.array(cells, np.uint8), 0.0, 1.0, 0.0, 1.0, lowest, step, unit)


def test_a_cell_means_the_lowest_value_and_so_many_steps():
    found = layer([[0, 1], [20, 255]], -120.0, 1.0).values
    assert found.tolist() == [[-120.0, -119.0], [-100.0, 135.0]]


def test_a_signed_layer_says_nothing_at_zero():
    signed = layer([[1, ZERO, 255]], -ZERO * 0.5, 0.5, "relevance")
    assert signed.signed and signed.values.tolist() == [[-63.5, 0.0, 63.5]]
    assert signed.largest == 63.5


def test_an_unsigned_layer_reaches_its_largest_value():
    strength = layer([[0, 255]], 0.0, 2.0, "relevance")
    assert not strength.signed and strength.largest == strength.values.max() == 510.0


def test_levels_below_zero_are_not_a_sign():
    assert not layer([[0]], -120.0, 1.0).signed


@pytest.mark.parametrize("order", ["C", "F"])
def test_packed_cells_come_back_row_by_row(order):
    cells = np.asarray(np.random.default_rng(0).integers(0, 256, (5, 7)), np.uint8, order=order)
    packed = layer(cells, 0.0, 1.0).packed
    assert np.array_equal(np.frombuffer(zlib.decompress(packed), np.uint8).reshape(5, 7), cells)
