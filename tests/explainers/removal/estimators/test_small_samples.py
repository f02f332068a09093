import pytest
from scipy.stats import norm, t

from explainers.removal.estimators.small_samples import stretch


@pytest.mark.parametrize("freedom", [1.0, 2.5, 10.0, 1000.0])
def test_it_makes_the_normal_interval_students(freedom):
    assert stretch(freedom) * norm.ppf(0.975) == pytest.approx(t.ppf(0.975, freedom))
