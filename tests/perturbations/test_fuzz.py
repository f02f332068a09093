"""Any clip at any rate: a result of the promised shape and range, or a clear refusal."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys
from tests.perturbations.test_corruption import NAMES

SHAPES = {
    "silence": torch.zeros,
    "full scale": lambda n: torch.ones(n) * (-1) ** torch.arange(n),
    "constant": torch.ones,
    "click": lambda n: torch.nn.functional.one_hot(torch.tensor(n // 2), n).float(),
    "faint": lambda n: torch.full((n,), 1e-30),
    "too loud": lambda n: torch.full((n,), 30.0),
    "noise": lambda n: torch.sin(torch.arange(n) ** 2.0),
    "one NaN": lambda n: torch.nn.functional.pad(torch.zeros(n - 1), (1, 0), value=float("nan")),
}


@pytest.mark.parametrize("name", NAMES)
@given(
    length=st.one_of(st.integers(0, 40), st.integers(41, 30_000)),
    sample_rate=st.one_of(st.sampled_from([4_000, 192_000]), st.integers(3_000, 193_000)),
    severity=st.integers(0, 5),
    shape=st.sampled_from(sorted(SHAPES)),
)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_result_or_a_refusal(name, length, sample_rate, severity, shape):
    clip = SHAPES[shape](max(1, length))[None, :length].float()
    try:
        corrupted = load_corruption(name).apply(clip, sample_rate, severity, keys(1))
    except CorruptionError:
        assert length < 2 or shape == "one NaN" or not 4_000 <= sample_rate <= 192_000
        return
    result = corrupted.waveform
    expected = corrupted.time_map.forward(length / sample_rate) * sample_rate
    assert abs(result.shape[1] - expected) <= 1
    assert torch.isfinite(result).all()
    assert severity == 0 or result.abs().max() <= 1 + 1e-6
