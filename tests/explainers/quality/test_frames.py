import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explainer import FrameEvidence
from explainers.explanation import Explanation
from explainers.quality.frames import evidence_values, frame_truth, frame_values, moving_average
from explainers.targets import parse_target

RATE = 1000


def on_samples(relevance):
    return Explanation(
        relevance=relevance,
        domain="waveform",
        sample_rate=RATE,
        seconds=len(relevance) / RATE,
        target="spoof",
        score=0.0,
        method="by-hand",
        signed=True,
    )


def test_frames_are_true_where_more_than_half_is_covered():
    truth = frame_truth([(0.03, 0.0701), (0.1, 0.11), (0.15, 0.1599), (0.18, 0.5)], 0.02, 11)
    expected = [0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1]
    np.testing.assert_array_equal(truth, np.array(expected, dtype=bool))


def test_half_a_frame_is_no_majority_whatever_the_rounding():
    for start in np.arange(0, 3, 0.02):
        assert not frame_truth([(start, start + 0.01)], 0.02, 200).any()
        assert frame_truth([(start, start + 0.0101)], 0.02, 200).sum() == 1


def test_truth_agrees_with_counting_fine_points():
    random = np.random.default_rng(0)
    for _ in range(20):
        segments = [(s, s + d) for s, d in random.uniform(0.005, 0.8, size=(3, 2))]
        times = (np.arange(20000) + 0.5) / 10000
        inside = np.any([(times >= s) & (times < e) for s, e in segments], axis=0)
        share = inside.reshape(100, 200).mean(axis=1)
        clear = np.abs(share - 0.5) > 0.01
        np.testing.assert_array_equal(frame_truth(segments, 0.02, 100)[clear], (share > 0.5)[clear])


def test_pieces_of_segments_in_one_frame_are_added():
    assert frame_truth([(0.0, 0.006), (0.01, 0.016)], 0.02, 1).all()
    assert not frame_truth([(0.0, 0.009), (0.002, 0.0095)], 0.02, 1).any()


@pytest.mark.parametrize("segment", [(0.5, 0.5), (1.0, 0.0), (float("nan"), 1.0)])
def test_a_segment_must_be_one(segment):
    with pytest.raises(ExplanationError, match="start must be before end"):
        frame_truth([segment], 0.02, 10)


def test_frame_values_are_sums_of_whole_frames():
    relevance = np.arange(110.0)
    np.testing.assert_allclose(
        frame_values(on_samples(relevance)), relevance[:100].reshape(5, 20).sum(axis=1)
    )
    assert len(frame_values(on_samples(np.ones(4000)))) == 200
    with pytest.raises(ExplanationError, match="no whole frame"):
        frame_values(on_samples(np.ones(10)))


def test_the_average_is_centred():
    values = np.random.default_rng(0).normal(size=40)
    for width in (1, 5, 25, 99):
        half = width // 2
        expected = [values[max(0, i - half) : i + half + 1].mean() for i in range(len(values))]
        np.testing.assert_allclose(moving_average(values, width), expected)


def test_the_average_takes_rows_and_keeps_ties():
    rows = np.random.default_rng(1).normal(size=(2, 3, 30))
    found = moving_average(rows, 7)
    for place in np.ndindex(2, 3):
        np.testing.assert_array_equal(found[place], moving_average(rows[place], 7))
    even = np.concatenate([np.random.default_rng(2).normal(size=50), np.full(50, 0.1)])
    assert len(np.unique(moving_average(even, 9)[56:])) == 1


def evidence(values, start, step):
    logits = torch.stack([torch.zeros(len(values)), torch.tensor(values)], dim=1)[None]
    return FrameEvidence(logits, start, step)


def test_evidence_is_averaged_over_our_frames():
    target = parse_target("b - a", ("a", "b"))
    fine = evidence([float(i) for i in range(100)], 0.0, 0.01)
    (found,) = evidence_values(fine, target, 1.0)
    np.testing.assert_allclose(found, np.arange(100.0).reshape(50, 2).mean(axis=1))
    coarse = evidence([1.0, 3.0], 0.0, 0.05)
    (found,) = evidence_values(coarse, target, 0.1)
    np.testing.assert_allclose(found, [1, 1, 2, 3, 3])


def test_evidence_reaches_to_the_ends():
    target = parse_target("b", ("a", "b"))
    (found,) = evidence_values(evidence([1.0, 3.0], 0.04, 0.02), target, 0.13)
    np.testing.assert_allclose(found, [1, 1, 1, 3, 3, 3])
    (found,) = evidence_values(evidence([1.0, 3.0, 5.0], -0.02, 0.02), target, 0.04)
    np.testing.assert_allclose(found, [3, 5])


def test_steps_that_do_not_fit_share():
    target = parse_target("b", ("a", "b"))
    (found,) = evidence_values(evidence([0.0, 3.0], 0.0, 0.03), target, 0.06)
    np.testing.assert_allclose(found, [0.0, 1.5, 3.0])
