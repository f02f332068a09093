import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.removal.designs import LENGTHS, SHARES, parse_design, with_everything


def draw(spec, rows, players, seed=0):
    return parse_design(spec).draw(rows, players, np.random.default_rng(seed))


def stretches_gone(row):
    """Lengths of the gone stretches, the first part taken as the last one's neighbour."""
    first = int(np.argmax(row))
    turned = np.roll(row, -first)
    edges = np.flatnonzero(np.diff(np.concatenate([turned, [True]]).astype(int)))
    return np.diff(edges)[::2]


def in_runs(row, length):
    """Where runs touch they make a stretch of several; what is left over is one shorter run."""
    over = stretches_gone(row) % length
    return over.sum() == (~row).sum() % length and (over > 0).sum() <= 1


@pytest.mark.parametrize(("share", "length"), [(0.2, 1), (0.3, 3), (0.4, 5), (0.25, 5)])
def test_runs_take_the_same_number_of_parts_in_whole_runs_and_each_part_equally_often(
    share, length
):
    coalitions = draw(f"runs:{share}:{length}", 4000, 40)
    gone = round(40 * share)
    assert ((~coalitions).sum(axis=1) == gone).all()
    for row in coalitions[:200]:
        assert in_runs(row, length)
    spread = np.sqrt(share * (1 - share) / 4000)
    assert np.abs((~coalitions).mean(axis=0) - share).max() < 5 * spread


def test_a_share_of_parts_that_is_no_whole_number_is_right_on_average():
    gone = (~draw("runs:0.3:3", 4000, 7)).sum(axis=1)
    np.testing.assert_array_equal(np.unique(gone), [2, 3])
    assert gone.mean() == pytest.approx(2.1, abs=5 * 0.3 / np.sqrt(4000))


def test_pooled_holds_the_nine_settings_evenly_in_any_stretch():
    coalitions = draw("pooled", 100, 50)
    assert coalitions.shape == (100, 50)
    settings = [(share, length) for share in SHARES for length in LENGTHS]
    for row, (share, length) in zip(coalitions[27:54], 3 * settings, strict=True):
        assert (~row).sum() == round(share * 50)
        assert in_runs(row, length)


@pytest.mark.parametrize("rows", [6, 7])
def test_a_pair_is_a_coalition_and_its_complement(rows):
    coalitions = draw("paired", rows, 9)
    assert coalitions.shape == (rows, 9)
    np.testing.assert_array_equal(coalitions[0:6:2], ~coalitions[1:6:2])


def test_independent_parts_are_there_half_of_the_time_whatever_the_others_do():
    signs = 2.0 * draw("independent", 4000, 10) - 1
    np.testing.assert_allclose(signs.mean(axis=0), 0, atol=5 / np.sqrt(4000))
    np.testing.assert_allclose(signs.T @ signs / 4000, np.eye(10), atol=5 / np.sqrt(4000))


@pytest.mark.parametrize("spec", ["independent", "paired", "pooled", "runs:0.3:3"])
def test_one_part_is_enough_and_the_seed_decides(spec):
    coalitions = with_everything(parse_design(spec), 20, 1, np.random.default_rng(3))
    assert coalitions.shape == (20, 1)
    assert coalitions[0].all()
    assert not coalitions[1:].all()
    np.testing.assert_array_equal(draw(spec, 30, 12, seed=4), draw(spec, 30, 12, seed=4))


@pytest.mark.parametrize("spec", ["", "random", "Independent", "runs", "runs:0.3", "runs:0.3:3:1"])
@pytest.mark.parametrize("ending", ["", ":1"])
def test_another_name_or_number_of_settings_is_refused(spec, ending):
    if spec + ending != "runs:0.3:1":
        with pytest.raises(ExplanationError, match=r"runs:0\.3:3"):
            parse_design(spec + ending)


@pytest.mark.parametrize("share", ["0", "1", "-0.3", "nan", "x", ""])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ExplanationError, match=f"with the share '{share}'"):
        parse_design(f"runs:{share}:3")


@pytest.mark.parametrize("length", ["0", "-1", "1.5", "²", ""])
def test_a_length_that_is_none_is_refused(length):
    with pytest.raises(ExplanationError, match=f"with the length '{length}'"):
        parse_design(f"runs:0.3:{length}")
