import gc

import numpy as np
import pytest
import soundfile
import torch

from tests.xaudio.long_recordings.recordings import (
    CONTAINERS,
    RATE,
    detector,
    planted,
    sound,
    written,
)
from tests.xaudio.tiny import ThreeKinds
from xaudio.audio import clip_from_samples, read_clip
from xaudio.classifiers import Classifier
from xaudio.errors import AudioError, ModelError
from xaudio.explaining import decide
from xaudio.long_recordings import excerpt, scored


@pytest.mark.parametrize("container", CONTAINERS)
def test_every_window_has_the_score_of_that_cut_alone(tmp_path, container):
    path, classifier = written(tmp_path, container, 9.7), detector()
    scores = scored(path, classifier, window=2.0, hop=0.75)
    whole = read_clip(path).resampled(RATE)
    rows = scores.table.to_pylist()
    assert [row["start"] for row in rows[:-1]] == [0.75 * n for n in range(len(rows) - 1)]
    assert rows[-1]["end"] == pytest.approx(whole.seconds) == scores.seconds
    for row in rows:
        alone = decide(whole.cut(row["start"], row["end"]), classifier)
        assert row["score"] == pytest.approx(alone.score, abs=1e-4)
        assert row["label"] == alone.label


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_the_batch_size_changes_nothing(batch_size):
    clip = clip_from_samples(sound(21.0), RATE)
    one = scored(clip, detector(), batch_size=batch_size)
    other = scored(clip, detector(), batch_size=3)
    assert one.table.drop(["score"]) == other.table.drop(["score"])
    assert np.allclose(one.table["score"].to_numpy(), other.table["score"].to_numpy(), atol=1e-5)


def test_a_window_read_again_by_jumping_scores_the_same(tmp_path):
    path, classifier = written(tmp_path, "m4a", 30.0), detector()
    for row in scored(path, classifier).table.to_pylist():
        again = excerpt(path, row["start"], row["end"], RATE)
        assert decide(again, classifier).score == pytest.approx(row["score"], abs=1e-4)


@pytest.mark.parametrize("start, end", [(31.0, 45.0), (0.0, 12.0), (108.0, 120.0)])
def test_a_planted_stretch_is_found_where_it_is(tmp_path, start, end):
    path = planted(tmp_path / "planted.wav", 120.0, start, end)
    runs = [run for run in scored(path, detector()).runs() if run.label == "spoof"]
    (found,) = runs
    assert found.start == pytest.approx(start, abs=2.0)
    assert found.end == pytest.approx(end, abs=2.0)


def test_a_recording_shorter_than_a_window_is_one_window(tmp_path):
    path = planted(tmp_path / "short.wav", 0.3, 0.0, 0.3)
    scores = scored(path, detector())
    (row,) = scores.table.to_pylist()
    assert (row["start"], row["end"], row["label"]) == (0.0, 0.3, "spoof")
    assert row["remark"] is None
    assert row["score"] == pytest.approx(decide(read_clip(path), detector()).score)
    (run,) = scores.runs()
    assert (run.start, run.end, run.windows) == (0.0, 0.3, 1)


def test_silence_is_marked_and_not_scored():
    samples = np.concatenate([sound(8.0), np.zeros(20 * RATE, np.float32), sound(8.0)])
    scores = scored(clip_from_samples(samples, RATE), detector(), batch_size=4)
    silent = [row for row in scores.table.to_pylist() if row["remark"] == "silence"]
    assert [row["start"] for row in silent] == [8 + 2.0 * n for n in range(9)]
    assert all((row["score"], row["label"], row["level_db"]) == (None,) * 3 for row in silent)
    assert sum(scores.counts.values()) == len(scores) - len(silent)
    assert [run.label for run in scores.runs()] == ["bonafide", None, "bonafide"]


def test_a_model_without_an_answer_leaves_a_gap_and_goes_on():
    def forward(waveform):
        loud = waveform.abs().amax(1)
        logits = torch.stack([loud, -loud], 1)
        return torch.where(loud[:, None] < 0.001, torch.nan, logits)

    classifier = Classifier(forward, "gaps", RATE, ("spoof", "bonafide"))
    samples = np.concatenate([sound(10.0), 1e-3 * sound(10.0)])
    scores = scored(clip_from_samples(samples, RATE), classifier, hop=4.0, batch_size=5)
    assert scores.table["label"].to_pylist() == ["spoof", "spoof", "spoof", None, None]
    assert "The model has no answer to 2 windows." in list(scores.sentences())


def test_other_classifiers_give_their_winner_and_its_lead():
    classifier = Classifier(ThreeKinds(), "kinds", 8000, ThreeKinds.labels)
    clip = clip_from_samples(sound(9.0, 8000), 8000)
    scores = scored(clip, classifier)
    assert scores.threshold is None
    for row in scores.table.to_pylist():
        alone = decide(clip.cut(row["start"], row["end"]), classifier)
        assert (row["score"], row["label"]) == (pytest.approx(alone.score, abs=1e-6), alone.label)
    assert scores.counts == {"quiet": 0, "medium": 0, "loud": len(scores)}
    with pytest.raises(ModelError, match="no detector"):
        scores.at(1.0)


def test_progress_rises_to_one_and_may_stop_the_work(tmp_path):
    path = written(tmp_path, "flac", 40.0)
    told: list[float] = []
    scored(path, detector(), progress=told.append)
    assert told == sorted(told) and told[0] < 0.2 and told[-1] == pytest.approx(1.0, abs=1e-3)

    class Enough(BaseException):
        pass

    asked: list[int] = []

    def forward(waveform):
        asked.append(len(waveform))
        return torch.zeros(len(waveform), 2)

    def stop(share):
        if share > 0.3:
            raise Enough

    classifier = Classifier(forward, "counted", RATE, ("spoof", "bonafide"))
    with pytest.raises(Enough):
        scored(path, classifier, progress=stop)
    assert len(asked) < 10
    gc.collect()
    path.unlink()  # nothing holds it open on systems that would mind


@pytest.mark.parametrize("window, hop", [(0.0, 2.0), (4.0, 0.0), (-1.0, 2.0), (np.inf, 2.0)])
def test_windows_that_are_none_are_refused(window, hop):
    with pytest.raises(AudioError, match="give a length and a hop above 0"):
        scored(clip_from_samples(sound(5.0), RATE), detector(), float(window), hop)


def test_a_threshold_that_is_none_is_refused():
    with pytest.raises(ModelError, match="finite"):
        scored(clip_from_samples(sound(5.0), RATE), detector(), threshold=float("nan"))


def test_a_truncated_recording_is_refused(tmp_path):
    path = tmp_path / "long.flac"
    soundfile.write(path, sound(30.0), RATE)
    path.write_bytes(path.read_bytes()[:200_000])
    with pytest.raises(AudioError, match="truncated"):
        scored(path, detector())
