import numpy as np
import pytest

from xaudio.long_recordings.merging import LEFT_OVER, OVERLAP, WindowRelevance, merged


def in_windows(edges, places, seed=0):
    """Windows between whole cells with relevance, biases and a score that adds up."""
    draw = np.random.default_rng(seed)
    found = []
    for first, last in places:
        relevance, bias = draw.normal(size=last - first), float(draw.normal())
        start, end = float(edges[first]), float(edges[last])
        score = float(relevance.sum()) + bias
        found.append(WindowRelevance(start, end, score, {"bias": bias}, first, relevance))
    return found


EDGES = np.linspace(0.0, 10.0, 101)
PLACES = {
    "side by side": [(0, 40), (40, 80), (80, 100)],
    "half overlapping": [(n, n + 40) for n in range(0, 61, 20)],
    "three at once": [(n, n + 30) for n in range(0, 71, 10)],
    "drawn back at the end": [(0, 40), (20, 60), (40, 80), (60, 100), (55, 95)],
    "only some": [(0, 40), (60, 100), (50, 90)],
}


@pytest.mark.parametrize("name", PLACES)
def test_every_bit_is_accounted_for(name):
    windows = in_windows(EDGES, PLACES[name])
    found = merged(windows, EDGES)
    assert found.relevance.sum() + sum(found.ledger.values()) == pytest.approx(found.score)
    assert LEFT_OVER not in found.ledger
    assert found.ledger["bias"] == pytest.approx(
        sum(s * w.ledger["bias"] for s, w in zip(found.shares, windows, strict=True))
    )


@pytest.mark.parametrize("name", PLACES)
def test_a_cell_has_the_mean_of_the_windows_that_hear_it(name):
    windows = in_windows(EDGES, PLACES[name])
    found = merged(windows, EDGES)
    for cell in range(len(EDGES) - 1):
        given = [
            window.relevance[cell - window.first_cell]
            for window in windows
            if window.first_cell <= cell < window.first_cell + len(window.relevance)
        ]
        assert found.coverage[cell] == pytest.approx(len(given))
        assert found.relevance[cell] == pytest.approx(np.mean(given) if given else 0.0)


@pytest.mark.parametrize("name", PLACES)
def test_shares_add_up_to_the_time_that_was_heard(name):
    windows = in_windows(EDGES, PLACES[name])
    found = merged(windows, EDGES)
    seconds = [window.end - window.start for window in windows]
    heard = np.diff(EDGES)[found.coverage > 0].sum()
    assert (found.shares * seconds).sum() == pytest.approx(heard)


def test_without_overlap_totals_are_kept_as_they_are():
    windows = in_windows(EDGES, PLACES["side by side"])
    found = merged(windows, EDGES)
    assert found.shares.tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert found.relevance.sum() == pytest.approx(sum(window.total for window in windows))
    assert found.score == pytest.approx(sum(window.score for window in windows))
    assert OVERLAP not in found.ledger


def test_a_window_that_hears_half_a_cell_counts_half():
    edges = np.array([0.0, 1.0, 2.0])
    whole = WindowRelevance(0.0, 2.0, 6.0, {}, 0, np.array([3.0, 3.0]))
    half = WindowRelevance(1.5, 2.0, 3.0, {}, 1, np.array([3.0]))
    both = merged([whole, half], edges)
    assert both.relevance.tolist() == [3.0, 4.0]
    assert both.coverage.tolist() == [1.0, 1.5]
    alone = merged([half], edges)
    assert alone.relevance.tolist() == [0.0, 3.0]
    assert alone.shares.tolist() == [1.0]


def test_what_a_method_leaves_over_is_said():
    window = WindowRelevance(0.0, 10.0, 5.0, {"bias": 1.0}, 0, np.full(100, 0.01))
    assert merged([window], EDGES).ledger == pytest.approx({"bias": 1.0, LEFT_OVER: 3.0})
