import numpy as np
import pytest

from xaudio.metrics import MetricError, bootstrap, eer, labelled_segments, range_eer, segment_eer
from xaudio.metrics.uncertainty.ranking import EqualErrorRate

STEP = 0.02


@pytest.fixture(scope="module")
def clips():
    """Scores per frame, stretches on a grid of milliseconds, lengths in seconds."""
    random = np.random.default_rng(0)
    scores, stretches, seconds = [], [], []
    for _ in range(12):
        frames = int(random.integers(40, 90))
        ends = np.sort(random.choice(np.arange(1, frames * 20 - 1), 4, replace=False)) / 1000
        stretches.append([(ends[0], ends[1]), (ends[2], ends[3])])
        times = (np.arange(frames) + 0.5) * STEP
        inside = ((times > ends[0]) & (times < ends[1])) | ((times > ends[2]) & (times < ends[3]))
        scores.append(np.round(random.normal(size=frames) - 1.5 * inside, 1))
        seconds.append(frames * STEP)
    stretches[3] = []
    return scores, stretches, seconds


def milliseconds(clips):
    """Every millisecond on its own: its frame's score and whether it is human."""
    scores, human = [], []
    for values, stretches, seconds in zip(*clips, strict=True):
        times = np.arange(round(seconds * 1000)) / 1000 + 0.0005
        scores.append(values[np.minimum((times / STEP).astype(int), len(values) - 1)])
        human.append(~np.any([(times > a) & (times < b) for a, b in [(0, 0), *stretches]], axis=0))
    return np.concatenate(scores), np.concatenate(human)


def test_range_eer_is_the_eer_of_a_fine_grid(clips):
    scores, human = milliseconds(clips)
    expected = eer(scores[human], scores[~human])
    assert range_eer(clips[0], clips[1], STEP) == pytest.approx(expected, abs=1e-9)
    assert 0.2 < expected < 0.4


def test_the_last_frame_reaches_to_the_clips_end_and_frames_behind_it_are_left_out(clips):
    scores, stretches, seconds = clips
    longer = [length + 0.013 for length in seconds]
    fine, human = milliseconds((scores, stretches, longer))
    expected = eer(fine[human], fine[~human])
    assert range_eer(scores, stretches, STEP, longer) == pytest.approx(expected, abs=1e-9)
    padded = [np.append(values, [9.0, 9.0]) for values in scores]
    ours = range_eer(padded, stretches, STEP, seconds)
    assert ours == pytest.approx(range_eer(scores, stretches, STEP), abs=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 8, 32])
def test_segments_with_any_synthetic_part_are_spoof(clips, frames):
    lowest, human = [], []
    for values, stretches in zip(clips[0], clips[1], strict=True):
        for start in range(0, len(values), frames):
            lowest.append(min(values[start : start + frames]))
            begin, end = start * STEP, min(start + frames, len(values)) * STEP
            overlap = [min(end, b) - max(begin, a) for a, b in stretches]
            human.append(max(overlap, default=0) < 1e-9)
    lowest, human = np.array(lowest), np.array(human)
    found = segment_eer(clips[0], clips[1], STEP, resolution=frames * STEP)
    assert found == eer(lowest[human], lowest[~human])


def test_labelled_segments_go_into_the_bootstrap_with_their_clips(clips):
    found = labelled_segments(clips[0], clips[1], STEP, 0.08)
    estimate = bootstrap(found.scores, found.is_bonafide, EqualErrorRate(), found.clip, samples=50)
    assert estimate.value == segment_eer(clips[0], clips[1], STEP, 0.08)
    assert estimate.interval().low < estimate.value < estimate.interval().high


@pytest.mark.parametrize(
    ("scores", "stretches", "settings", "part"),
    [
        ([[1.0]], [[], []], {}, "scores of 1, stretches of 2"),
        ([], [], {}, "one clip or more"),
        ([[1.0, 2.0]], [[]], {}, "given 2 and 0"),
        ([[1.0, 2.0]], [[(0.02, 0.01)]], {}, "runs forward"),
        ([[1.0, 2.0]], [[(0.0, 0.02)]], {"resolution": 0.03}, "whole number of frames"),
        ([[1.0, 2.0]], [[(0.0, 0.02)]], {"seconds": [0.0]}, "above 0 s"),
    ],
)
def test_unusable_input_is_refused_in_a_sentence(scores, stretches, settings, part):
    with pytest.raises(MetricError, match=part):
        segment_eer(scores, stretches, STEP, **settings)


def test_a_range_eer_needs_both_kinds_of_time():
    with pytest.raises(MetricError, match="bona fide time with synthetic"):
        range_eer([[1.0, 2.0]], [[]], STEP)
