import numpy as np
import pytest
from scipy.stats import binom, binomtest

from xaudio.errors import MetricError
from xaudio.metrics.proportions import clopper_pearson, upper_bound


@pytest.mark.parametrize(("hits", "trials"), [(0, 10), (10, 10), (3, 17), (250, 1000), (0, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_equals_scipys_exact_interval(hits, trials, level):
    expected = binomtest(hits, trials).proportion_ci(level, method="exact")
    found = clopper_pearson(hits, trials, level)
    assert [float(end) for end in found] == pytest.approx([expected.low, expected.high], abs=1e-12)


def test_takes_arrays():
    low, high = clopper_pearson(np.array([0, 5]), np.array([10, 10]))
    assert low.shape == high.shape == (2,)
    assert low[0] == 0.0


@pytest.mark.parametrize(("hits", "trials"), [(0, 30), (4, 200)])
def test_at_the_bound_so_few_hits_have_the_chance_that_is_left(hits, trials):
    assert binom.cdf(hits, trials, upper_bound(hits, trials, 0.9)) == pytest.approx(0.1)


def test_refuses_what_is_no_count():
    for hits, trials in ((-1, 3), (4, 3), (0, 0)):
        with pytest.raises(MetricError, match="at least one trial"):
            upper_bound(hits, trials)
    with pytest.raises(MetricError, match="confidence"):
        upper_bound(0, 3, 1.0)
    with pytest.raises(MetricError, match="level"):
        clopper_pearson(0, 3, 0.0)
