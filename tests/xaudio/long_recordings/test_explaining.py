from itertools import pairwise

import numpy as np
import pytest

from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.explanation import load_explanation
from explainers.targets import parse_target
from tests.xaudio.long_recordings.recordings import RATE, detector, planted, sound, written
from tests.xaudio.tiny import ThreeKinds
from xaudio.audio import clip_from_samples, read_clip
from xaudio.classifiers import Classifier
from xaudio.long_recordings import explained, scored

METHOD = load_explainer("input-x-gradient")


def alone(clip, method=METHOD):
    """The explanation of a clip by itself."""
    target = parse_target("spoof - bonafide", detector().labels)
    return method.explain(detector(), clip.waveform, target)[0]


@pytest.mark.parametrize("container, step", [("wav", 0.1), ("flac", 0.25), ("m4a", 0.3)])
def test_every_cell_is_the_mean_of_its_windows_explained_alone(tmp_path, container, step):
    path = written(tmp_path, container, 9.3)
    found = explained(path, detector(), METHOD, window=3.0, hop=1.5, step=step)
    whole = read_clip(path).resampled(RATE)
    summed, count = np.zeros(len(whole.samples)), np.zeros(len(whole.samples))
    for row in found.table.to_pylist():
        first = round(row["start"] * RATE)
        cut = alone(whole.cut(row["start"], row["end"])).relevance
        summed[first : first + len(cut)] += cut
        count[first : first + len(cut)] += 1
    cells = np.round(found.edges * RATE).astype(int)
    expected = np.add.reduceat(summed / count, cells[:-1])
    # Where windows begin or end inside a cell the rule divides the cell's sum.
    whole_cells = np.array([len(set(count[a:b])) == 1 for a, b in pairwise(cells)])
    assert whole_cells.mean() > 0.5
    off = np.abs(found.explanation.relevance[0] - expected)[whole_cells]
    assert off.max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", ["input-x-gradient", "lrp", "occlusion"])
def test_totals_are_kept(name):
    clip = clip_from_samples(sound(11.0), RATE)
    explanation = explained(clip, detector(), load_explainer(name)).explanation
    kept = explanation.total + sum(explanation.ledger.values())
    assert kept == pytest.approx(explanation.score, rel=1e-4)


def test_side_by_side_windows_sum_to_their_scores():
    clip = clip_from_samples(sound(12.0), RATE)
    found = explained(clip, detector(), load_explainer("lrp"), window=4.0, hop=4.0)
    scores = -scored(clip, detector(), window=4.0, hop=4.0).table["score"].to_numpy()
    assert found.table["score"].to_numpy() == pytest.approx(scores, abs=1e-5)
    assert found.explanation.score == pytest.approx(scores.sum(), abs=1e-4)


def test_relevance_finds_a_planted_stretch(tmp_path):
    path = planted(tmp_path / "planted.wav", 60.0, 31.3, 33.9)
    found = explained(path, detector(), load_explainer("lrp"), step=0.1)
    inside = found.explanation.over_segments({"planted": [(31.3, 33.9)]})
    assert inside["planted"] > 5 * abs(inside["rest"])
    for start, end, _ in found.explanation.strongest(10, 0.2):
        assert 31.1 < start < end < 34.1


def test_only_the_windows_asked_for(tmp_path):
    path = planted(tmp_path / "planted.wav", 30.0, 11.0, 14.0)
    labels = scored(path, detector()).table["label"].to_pylist()
    spoof = [number for number, label in enumerate(labels) if label == "spoof"]
    some, every = (
        explained(path, detector(), METHOD, only=only) for only in (frozenset(spoof), None)
    )
    assert some.table["window"].to_pylist() == spoof
    assert some.explanation.seconds == every.explanation.seconds == 30.0
    first, last = spoof[0] * 2.0, spoof[-1] * 2.0 + 4.0
    outside = (some.edges[1:] <= first) | (some.edges[:-1] >= last)
    assert not some.coverage[outside].any() and some.coverage[~outside].all()
    assert np.isnan(some.curve().values[outside]).all()
    assert np.isfinite(every.curve().values).all()
    deep = (some.edges[:-1] >= first + 4) & (some.edges[1:] <= last - 4)
    assert some.explanation.relevance[0][deep] == pytest.approx(
        every.explanation.relevance[0][deep], rel=1e-4
    )


@pytest.mark.parametrize("batch_size", [2, 5, 50])
def test_the_batch_size_changes_nothing(batch_size):
    clip = clip_from_samples(sound(21.0), RATE)
    one = explained(clip, detector(), METHOD).explanation.relevance
    other = explained(clip, detector(), METHOD, batch_size=batch_size).explanation.relevance
    assert np.allclose(one, other, atol=1e-5 * np.abs(one).max())


def test_a_recording_shorter_than_a_window(tmp_path):
    path = planted(tmp_path / "short.wav", 0.3, 0.0, 0.1)
    found = explained(path, detector(), METHOD)
    assert found.edges.tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    own = alone(read_clip(path)).over_time(0.1).relevance
    assert found.explanation.relevance[0] == pytest.approx(own, rel=1e-4)


def test_silence_has_no_relevance():
    samples = np.concatenate([sound(8.0), np.zeros(12 * RATE, np.float32)])
    found = explained(clip_from_samples(samples, RATE), detector(), METHOD)
    assert found.table["end"].to_pylist()[-1] == 10.0
    assert found.explanation.seconds == 20.0 and not found.coverage[101:].any()


def test_it_can_be_saved_and_says_how_it_was_made(tmp_path):
    clip = clip_from_samples(sound(10.0), RATE, "noise")
    explanation = explained(clip, detector(), METHOD, only={0, 2}).explanation
    explanation.save(tmp_path / "relevance.npz")
    again = load_explanation(tmp_path / "relevance.npz")
    assert again.equals(explanation)
    assert again.provenance["clip"] == "noise"
    assert again.provenance["windows"] == {"seconds": 4.0, "hop": 2.0, "explained": [0, 2]}


def test_progress_and_stopping():
    told = []
    explained(clip_from_samples(sound(20.0), RATE), detector(), METHOD, progress=told.append)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)

    class Enough(BaseException):
        pass

    def stop(share):
        raise Enough

    with pytest.raises(Enough):
        explained(clip_from_samples(sound(20.0), RATE), detector(), METHOD, progress=stop)


def test_what_cannot_be_asked_is_refused():
    clip = clip_from_samples(sound(6.0), RATE)
    with pytest.raises(ExplanationError, match="changes a voice as a whole"):
        explained(clip, detector(), load_explainer("voice", properties="loudness", repeats=2))
    with pytest.raises(ExplanationError, match="name the label to explain: quiet, medium, loud"):
        explained(clip, Classifier(ThreeKinds(), "kinds", RATE, ThreeKinds.labels), METHOD)
    with pytest.raises(ExplanationError, match="No window of 'array' was explained"):
        explained(clip, detector(), METHOD, only={99})
    with pytest.raises(ExplanationError, match="step"):
        explained(clip, detector(), METHOD, step=0.0)
    with pytest.raises(ExplanationError, match="names no label"):
        explained(clip, detector(), METHOD, "robot")
