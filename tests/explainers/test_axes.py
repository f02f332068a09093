import numpy as np
import pytest

from explainers.axes import check_edges, covering_edges, halfway_edges, regular_edges
from explainers.errors import ExplanationError


@pytest.mark.parametrize("length", [0.01, 1.0, 4.0, 4.01])
@pytest.mark.parametrize("step", [0.02, 0.3, 1.0, 7.0])
@pytest.mark.parametrize("start", [0.0, 0.013, 2.5, -0.4])
def test_a_regular_grid_covers_the_clip_and_passes_through_its_start(length, step, start):
    edges = regular_edges(length, step, start)
    assert edges[0] == 0
    assert edges[-1] == length
    assert (np.diff(edges) > 0).all()
    offsets = (edges[1:-1] - start) / step
    np.testing.assert_allclose(offsets, np.round(offsets), atol=1e-9)
    if len(edges) > 3:
        np.testing.assert_allclose(np.diff(edges)[1:-1], step)
    assert edges[1] - edges[0] <= step + 1e-9
    assert edges[-1] - edges[-2] <= step + 1e-9


def test_steps_that_fit_make_no_sliver_at_the_end():
    assert len(regular_edges(4.0, 0.1)) == 41
    assert len(regular_edges(0.3, 0.1)) == 4


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(ExplanationError, match="step"):
        regular_edges(1.0, step)


def test_bands_are_completed_to_the_whole_range():
    np.testing.assert_array_equal(
        covering_edges(np.array([0.0, 300.0, 3400.0]), 8000.0), [0, 300, 3400, 8000]
    )
    with pytest.raises(ExplanationError, match="between 0 and 8000"):
        covering_edges(np.array([100.0, 9000.0]), 8000.0)
    with pytest.raises(ExplanationError, match="increase"):
        covering_edges(np.array([300.0, 100.0]), 8000.0)


def test_points_reach_halfway_to_their_neighbours():
    np.testing.assert_allclose(halfway_edges(3, 1000.0, 2500.0), [0, 500, 1500, 2500])
    np.testing.assert_allclose(halfway_edges(1, 1.0, 0.3), [0, 0.3])


@pytest.mark.parametrize("edges", [[1.0], [0.0, np.nan], [0.0, 0.0], [1.0, 0.0]])
def test_edges_must_increase(edges):
    with pytest.raises(ExplanationError):
        check_edges(np.array(edges), "edges")
