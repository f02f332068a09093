import numpy as np
import pytest

from perturbations.fills.gaps import Gap, meet_neighbours, mirror_image


def gap(before, after, length):
    return Gap(np.asarray(before, float), np.asarray(after, float), length, np.random.default_rng())


@pytest.mark.parametrize("known", [1, 2, 5, 30])
@pytest.mark.parametrize("length", [1, 4, 5, 29, 60])
def test_a_mirror_image_goes_to_and_fro(known, length):
    side = np.random.default_rng(known).standard_normal(known)
    there_and_back = np.concatenate([side[::-1], side])
    expected = np.tile(there_and_back, 1 + length // known)[:length]
    assert (mirror_image(side, length) == expected).all()


def test_a_fill_is_faded_in_and_out_over_five_milliseconds():
    faded = meet_neighbours(np.zeros(100), gap(np.ones(50), -np.ones(50), 100), 4_000)
    assert (faded[20:80] == 0).all()
    assert faded[0] == 1
    assert (np.diff(faded[:21]) < 0).all()
    np.testing.assert_allclose(faded, -faded[::-1])
    np.testing.assert_allclose(faded[1:20] + faded[1:20][::-1], 1.0)


def test_where_no_neighbour_is_there_is_no_fade():
    fill = np.arange(1.0, 101.0)
    faded = meet_neighbours(fill, gap([], np.zeros(9), 100), 4_000)
    assert (faded[:80] == fill[:80]).all()
    assert (faded[80:] < fill[80:]).all()
    assert (meet_neighbours(fill, gap([], [], 100), 4_000) == fill).all()
