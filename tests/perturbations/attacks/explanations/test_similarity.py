import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, rankdata, spearmanr

from perturbations.attacks.explanations.similarity import (
    correlation,
    cosine_similarity,
    middle_ranks,
    rank_correlation,
    strongest_cells,
    top_overlap,
)
from perturbations.errors import CorruptionError


def maps(rows=5, cells=37, seed=0):
    random = np.random.default_rng(seed)
    # Whole numbers, so that there are ties.
    return [torch.from_numpy(random.integers(-6, 7, (rows, cells)).astype(float)) for _ in "ab"]


def test_correlations_are_scipys():
    first, second = maps()
    for row in range(len(first)):
        one, other = first[row].numpy(), second[row].numpy()
        ranked = float(rank_correlation(first, second)[row])
        assert ranked == pytest.approx(spearmanr(abs(one), abs(other)).statistic)
        assert float(correlation(first, second)[row]) == pytest.approx(pearsonr(one, other)[0])
        assert np.array_equal(middle_ranks(first)[row], rankdata(one))


def test_the_cosine_knows_no_scale_and_nothing_is_like_silence():
    first, second = maps()
    expected = (first * second).sum(1) / first.norm(dim=1) / second.norm(dim=1)
    assert torch.allclose(cosine_similarity(first, second), expected)
    faint = (1e-30 * first).float(), (1e20 * second).float()
    assert torch.allclose(cosine_similarity(*faint), expected.float(), atol=1e-6)
    assert cosine_similarity(0 * first, second).tolist() == [0] * 5
    assert correlation(0 * first + 0.1, second).tolist() == [0] * 5


def test_the_cosines_gradient_is_that_of_finite_differences():
    first, second = maps(2, 6)
    first = (first + 0.3).requires_grad_()
    assert torch.autograd.gradcheck(lambda moved: cosine_similarity(moved, second), first)


def test_overlap_counts_cells_in_common_by_magnitude():
    first = torch.tensor([[9.0, -8.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]])
    second = torch.tensor([[0.0, 7.0, 0.0, 0.0, 0.0, 6.0, 1.0, 0.0, 0.0, 0.0]])
    shared = {0.1: 0.0, 0.2: 0.5, 0.3: 2 / 3, 1.0: 1.0}
    for share, expected in shared.items():
        assert float(top_overlap(first, second, share)) == pytest.approx(expected)
    # A tenth of 21 cells is three, and of two equal ones the first counts.
    assert strongest_cells(torch.ones(1, 21)).nonzero()[:, 1].tolist() == [0, 1, 2]
    with pytest.raises(CorruptionError, match=r"0\.0.*above 0"):
        top_overlap(first, second, 0.0)
