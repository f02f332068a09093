"""Agreement against scipy, chance against maps that know nothing, intervals against the truth."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import spearmanr

from xaudio.comparing.agreement import agreements, time_blocks
from xaudio.comparing.grounds import Chart
from xaudio.sweeps.explanation_drift.chance import with_random_phases

RANDOM = np.random.default_rng(7)


def chart(relevance, signed=True, target="spoof", cell=0.02) -> Chart:
    return Chart(np.atleast_2d(relevance).astype(np.float64), cell, signed, target)


def smooth(cells: int, width: int, random: np.random.Generator) -> np.ndarray:
    """Gaussian values whose neighbours agree over about so many cells."""
    window = np.hanning(2 * width + 1)[1:-1]
    values = np.convolve(random.standard_normal(cells + 8 * width), window, mode="same")
    return values[4 * width : 4 * width + cells] / np.sqrt((window**2).sum())


@pytest.mark.parametrize("rows", [1, 5])
def test_it_is_scipys_rank_correlation_ties_and_all(rows):
    maps = [RANDOM.normal(size=(rows, 120)).round(1) for _ in range(4)]
    found = agreements([chart(each) for each in maps])
    for row, one in enumerate(maps):
        for place, other in enumerate(maps):
            expected = spearmanr(one.ravel(), other.ravel()).statistic
            assert found[row][place].value == pytest.approx(expected, abs=1e-12)
            assert found[row][place] is found[place][row] or row == place


def test_signs_count_where_both_have_them_and_explain_the_same_number():
    relevance = RANDOM.normal(size=150)
    same, turned = chart(relevance), chart(-relevance)
    assert agreements([same, turned])[0][1].value == pytest.approx(-1.0)
    unsigned = chart(np.abs(relevance), signed=False)
    against_strength = agreements([turned, unsigned])[0][1]
    assert against_strength.value == 1.0 and not against_strength.signed
    elsewhere = chart(-relevance, target="bonafide")
    other_number = agreements([same, elsewhere])[0][1]
    assert other_number.value == 1.0 and not other_number.signed


def test_chance_is_the_level_of_maps_that_know_nothing():
    random = np.random.default_rng(3)
    beaten = []
    for _ in range(80):
        one, other = (chart(smooth(200, 6, random)) for _ in range(2))
        beaten.append(agreements([one, other])[0][1].beats_chance)
    # One in twenty, give or take what 80 pairs can tell.
    assert 0.0 < np.mean(beaten) < 0.14


def test_smoother_maps_agree_more_by_chance():
    random = np.random.default_rng(4)
    rough = agreements([chart(smooth(200, 1, random)) for _ in range(2)])[0][1].chance
    even = agreements([chart(smooth(200, 12, random)) for _ in range(2)])[0][1].chance
    assert 0.05 < rough < 0.25 < even < 0.9


def test_bands_that_both_prefer_are_part_of_chance():
    random = np.random.default_rng(5)
    loud = np.array([[10.0], [0.0], [0.0]])
    one, other = (chart(loud + random.normal(size=(3, 100))) for _ in range(2))
    found = agreements([one, other])[0][1]
    assert found.value > 0.3 and found.chance > 0.3 and abs(found.value - found.chance) < 0.2


def test_the_interval_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(6)
    share = 0.5
    truth = 6 / np.pi * np.arcsin(share / 2)  # Spearman's of a bivariate normal
    held = []
    for _ in range(80):
        one = smooth(200, 3, random)
        other = share * one + np.sqrt(1 - share**2) * smooth(200, 3, random)
        found = agreements([chart(one), chart(other)])[0][1]
        assert -1 <= found.low < found.value < found.high <= 1
        held.append(found.low <= truth <= found.high)
    assert 0.88 < np.mean(held) <= 1.0


@pytest.mark.parametrize(("cells", "count"), [(99, 0), (100, 8), (200, 16), (1000, 16)])
def test_blocks_are_a_quarter_of_a_second_or_longer_and_cover_all(cells, count):
    blocks = time_blocks(chart(np.zeros(cells)))
    assert len(blocks) == count
    if blocks:
        assert blocks[0].start == 0 and blocks[-1].stop == cells
        assert all(one.stop == next_one.start for one, next_one in pairwise(blocks))


def test_without_time_there_is_no_interval():
    bands = [Chart(RANDOM.normal(size=(1, 24)), None, True, "spoof") for _ in range(2)]
    found = agreements(bands)[0][1]
    assert found.value is not None and found.chance is not None and found.low is None


def test_what_cannot_be_compared_says_why():
    whole, even = chart(RANDOM.normal(size=100)), chart(np.ones(100))
    short = chart(RANDOM.normal(size=50))
    found = agreements([whole, "It explains the whole voice.", even, short])
    assert found[0][1].value is None and found[0][1].problem == "It explains the whole voice."
    assert found[1][1].value is None and found[1][1].problem
    assert "same relevance everywhere" in found[0][2].problem
    assert "They last 2.00 and 1.00 s" in found[0][3].problem
    assert found[0][0].value == found[2][2].value == 1.0


def test_equal_maps_agree_exactly_and_scale_plays_no_part():
    relevance = RANDOM.normal(size=200)
    found = agreements([chart(relevance), chart(1e-9 * relevance)])[0][1]
    assert found.value == 1.0 and found.low is None and found.beats_chance


def test_many_draws_are_reproducible_and_leave_numpys_own_state_alone():
    maps = [chart(RANDOM.normal(size=100)) for _ in range(2)]
    np.random.seed(0)
    first = agreements(maps)
    assert np.random.random() == pytest.approx(0.5488135)
    assert agreements(maps) == first


def test_random_phases_keep_the_spectrum():
    relevance = RANDOM.normal(size=(2, 64))
    turned = with_random_phases(relevance, np.random.default_rng(0))
    assert np.abs(np.fft.rfft(turned)) == pytest.approx(np.abs(np.fft.rfft(relevance)))
