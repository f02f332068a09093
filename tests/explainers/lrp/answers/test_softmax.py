"""Softmax and its relatives: the plain gradient, and the rest by its own formula."""

import pytest
import torch
from torch.nn import functional as F

from tests.explainers.lrp.answers.operations import noise, plainly, through

X = noise(3, 5, 4, scale=2.0)
MASKED = X.masked_fill(noise(3, 5, 4, seed=1) > 0.5, -torch.inf)
OPERATIONS = {
    "softmax": lambda x: torch.softmax(x, 1),
    "F.softmax": lambda x: F.softmax(x, dim=-1),
    "x.softmax": lambda x: x.softmax(2),
    "softmin": lambda x: F.softmin(x, dim=1),
    "log_softmax": lambda x: x.log_softmax(1),
    "F.log_softmax": lambda x: F.log_softmax(x, dim=-1),
    "logsumexp": lambda x: torch.logsumexp(x, 2),
    "logsumexp keepdim": lambda x: torch.logsumexp(x, (1, 2), keepdim=True),
    "special": lambda x: torch.special.softmax(x, 1) + torch.special.log_softmax(x, 1),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_relevance_is_the_plain_gradients_and_the_rest_is_in_the_ledger(operation):
    arriving = noise(*operation(X).shape, seed=2)
    found = through(operation, X, arriving=arriving)
    torch.testing.assert_close(found.relevance, plainly(operation, X, arriving=arriving))
    rest = (found.value * arriving).flatten(1).sum(1) - found.relevance[0].flatten(1).sum(1)
    torch.testing.assert_close(sum(found.sinks.values()), rest)
    assert set(found.sinks) == {"softmax"}


def test_the_rest_is_the_taylor_expansions_constant():
    """Achtibat et al. 2024, proposition 3.1, output by output with a plain Jacobian."""
    x = X[0, 0]
    weights = x.softmax(0)
    jacobian = torch.diag(weights) - torch.outer(weights, weights)
    for output in range(4):
        arriving = torch.zeros(1, 4, dtype=torch.float64)
        arriving[0, output] = 1 / weights[output]
        found = through(lambda x: x.softmax(-1), x[None], arriving=arriving)
        expected = x * jacobian[output] / weights[output]
        torch.testing.assert_close(found.relevance[0][0], expected)
        constant = (weights[output] - jacobian[output] @ x) / weights[output]
        torch.testing.assert_close(found.sinks["softmax"][0], constant)
        # R_i = x_i (R_i - s_i sum R): of a one-hot relevance of one.
        one_hot = torch.eye(4, dtype=torch.float64)[output]
        torch.testing.assert_close(expected, x * (one_hot - weights))


@pytest.mark.parametrize("operation", [OPERATIONS["softmax"], OPERATIONS["F.softmax"]])
def test_what_is_masked_takes_nothing_and_gives_no_nan(operation):
    given = MASKED.clone()
    given[:, 0, 0] = 1.0
    given[:, :, 0] = given[:, :, 0].nan_to_num(neginf=0.3)
    given[:, 0] = given[:, 0].nan_to_num(neginf=0.3)
    found = through(lambda x: operation(x.masked_fill(given == -torch.inf, -torch.inf)), X)
    masked = given == -torch.inf
    assert found.relevance[0].isfinite().all()
    assert not found.relevance[0][masked].any()
    assert found.total.item() == pytest.approx(float(found.value.sum()))


def test_cp_holds_the_weights_constant():
    values = noise(3, 4, 6, seed=3)
    found = through(lambda x, v: x.softmax(-1) @ v, X, values, composite="cp")
    assert not found.relevance[0].any()
    (expected,) = plainly(lambda v: X.softmax(-1) @ v, values)
    torch.testing.assert_close(found.relevance[1], expected)
    assert found.sinks == {}


def test_attnlrp_gives_half_to_the_weights():
    values = noise(3, 4, 6, seed=3)
    arriving = noise(3, 5, 6, seed=4)
    found = through(
        lambda x, v: x.softmax(-1) @ v, X, values, composite="attnlrp", arriving=arriving
    )
    expected = plainly(lambda x, v: x.softmax(-1) @ v, X, values, arriving=arriving)
    torch.testing.assert_close(found.relevance[0], expected[0] / 2)
    torch.testing.assert_close(found.relevance[1], expected[1] / 2)
    assert found.total.item() == pytest.approx(float((found.value * arriving).sum()))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_softmax_may_change_the_precision(dtype):
    found = through(lambda x: F.softmax(x.to(dtype), dim=1, dtype=torch.float64), X)
    assert found.value.dtype == torch.float64
    assert found.total.item() == pytest.approx(float(found.value.sum()), rel=0.05)


def test_the_axis_that_is_not_told_is_torchs_own():
    for x in (X[0], X, noise(2, 3, 4, 2)):
        with pytest.warns(UserWarning, match="Implicit dimension"):
            found = through(F.softmax, x, arriving=noise(*x.shape, seed=5))
        rest = (found.value * noise(*x.shape, seed=5)).sum() - found.relevance[0].sum()
        torch.testing.assert_close(sum(found.sinks.values()).sum(), rest)
