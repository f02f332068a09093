import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError, NotFiniteScore
from explainers.removal.batch_size import BatchSize
from explainers.removal.engine import Board, Engine
from explainers.removal.estimators.exact_shapley import ExactShapley
from explainers.removal.game import Estimates, Estimator
from tests.explainers.small_models import noise
from xaudio.errors import ModelError

LENGTH = 40
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Asking(Estimator):
    """Asks for the given rows of 0 and 1 in rounds of a few; its findings are the scores."""

    rows: int = 50
    each: int = 17
    chances: bool = False

    def play(self, players, random):
        coalitions = random.random((self.rows, players))
        coalitions = coalitions if self.chances else coalitions < 0.5
        scores = []
        for start in range(0, self.rows, self.each):
            scores.extend((yield coalitions[start : start + self.each]))
        findings = {"scores": scores, "coalitions": coalitions}
        return Estimates(np.zeros(players), np.zeros(players), findings=findings)


@dataclass(frozen=True)
class Repeating(Estimator):
    """All, none and one part, three times over."""

    def play(self, players, random):
        rows = np.stack([np.ones(players), np.zeros(players), np.arange(players) == 0]).astype(bool)
        for _ in range(3):
            scores = yield np.concatenate([rows, rows])
        return Estimates(scores[:3], np.zeros(3))


class Clip:
    """A clip of so many parts: what is left is a weighted sum of rows."""

    def __init__(self, parts, seed=0):
        self.mixing = noise(parts, LENGTH, seed=seed).double()
        self.names = tuple(f"part {number}" for number in range(parts))
        self.seed = seed

    def left(self, coalitions):
        return coalitions.to(self.mixing.dtype) @ self.mixing

    def board(self, **more):
        return Board(self.left, self.names, np.random.default_rng(self.seed), **more)

    def truth(self, coalitions):
        return loud(self.left(torch.from_numpy(coalitions))).numpy()


def loud(waveform):
    return (waveform.tanh() * torch.arange(waveform.shape[1])).sum(dim=1) - 1.5


class Counting:
    """A score that notes how many rows it is given at a time."""

    def __init__(self, most=10**9, error=None):
        self.rows, self.most, self.error = [], most, error

    def __call__(self, waveform):
        self.rows.append(len(waveform))
        if len(waveform) > self.most:
            raise self.error()
        return loud(waveform)


CLIPS = [Clip(3), Clip(7, seed=1), Clip(1, seed=2), Clip(12, seed=3)]


def play(score, clips=CLIPS, estimator=None, progress=lambda _: None, **settings):
    engine = Engine(score, CPU, **{"batch_size": BatchSize(16), **settings})
    boards = [clip.board() for clip in clips]
    return engine.play(estimator or Asking(), boards, progress, expected=50)


@pytest.mark.parametrize("chances", [False, True])
@pytest.mark.parametrize("size", [0, 1, 2, 7, 64])
def test_every_clip_gets_its_own_scores_at_any_batch_size(size, chances):
    score = Counting()
    played = play(score, batch_size=BatchSize(size), estimator=Asking(chances=chances))
    for clip, one in zip(CLIPS, played, strict=True):
        coalitions = np.random.default_rng(clip.seed).random((50, len(clip.names)))
        coalitions = coalitions if chances else coalitions < 0.5
        np.testing.assert_array_equal(one.estimates.findings["coalitions"], coalitions)
        np.testing.assert_allclose(one.estimates.findings["scores"], clip.truth(coalitions))
        none = np.zeros((1, len(clip.names)), dtype=bool)
        assert one.nothing == pytest.approx(float(clip.truth(none)[0]), abs=1e-12)
    if size:
        assert max(score.rows) <= size


def test_clips_share_batches():
    score = Counting()
    play(score, [Clip(70, seed) for seed in range(6)], batch_size=BatchSize(20))
    # Six clips: none of each at once, then rounds of 17, 17 and 16.
    assert score.rows == [6, *[20] * 5, 2, *[20] * 5, 2, *[20] * 4, 16]


def test_nothing_is_scored_twice():
    score, clip = Counting(), Clip(5)
    found = play(score, [clip], Repeating())[0]
    assert sum(score.rows) == 3
    rows = np.array([[1] * 5, [0] * 5, [1, 0, 0, 0, 0]], dtype=bool)
    np.testing.assert_allclose(found.estimates.values, clip.truth(rows))
    known = Counting()
    engine = Engine(known, CPU)
    board = clip.board(score=2.5)
    assert engine.play(Repeating(), [board], lambda _: None, 3)[0].estimates.values[0] == 2.5
    assert sum(known.rows) == 2
    shapley = Counting()
    play(shapley, [clip], ExactShapley())
    assert sum(shapley.rows) == 2**5


def wrapped(error):
    def raised():
        try:
            raise error
        except Exception as cause:
            told = ModelError("'small' cannot take 40 samples")
            told.__cause__ = cause
            return told

    return raised


SHORTAGES = {
    "cuda": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    "cpu": lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: ..."),
    "python": MemoryError,
    "cublas": lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling ..."),
    "onnxruntime": lambda: ModelError("Failed to allocate memory for requested buffer of size 9"),
    "behind another": wrapped(torch.OutOfMemoryError("CUDA out of memory")),
    "behind two": wrapped(wrapped(MemoryError())()),
}


@pytest.mark.parametrize("most", [1, 3, 11])
@pytest.mark.parametrize("kind", SHORTAGES)
def test_batches_are_halved_until_memory_suffices(kind, most):
    score = Counting(most, SHORTAGES[kind])
    played = play(score, batch_size=BatchSize(64))
    for clip, one in zip(CLIPS, played, strict=True):
        coalitions = one.estimates.findings["coalitions"]
        np.testing.assert_allclose(one.estimates.findings["scores"], clip.truth(coalitions))
    refused = [number for number, rows in enumerate(score.rows) if rows > most]
    # It is halved at once, tries the same waveforms again, and never asks for that much again.
    assert refused == [*range(refused[0], refused[0] + len(refused))]
    sizes = [score.rows[number] for number in (*refused, refused[-1] + 1)]
    assert all(after == before // 2 for before, after in pairwise(sizes))


def test_one_waveform_too_many_is_a_clear_error():
    score = Counting(0, SHORTAGES["cpu"])
    with pytest.raises(ExplanationError, match="more memory for one clip"):
        play(score)
    assert score.rows[-1] == 1


def test_other_failures_are_not_tried_again():
    score = Counting(0, lambda: RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes"):
        play(score)
    assert len(score.rows) == 1


def fragile(waveform):
    """Cannot bear to be without both part 1 and part 4."""
    broken = (waveform[:, 1] == 0) & (waveform[:, 4] == 0)
    if bool(broken.any()):
        raise NotFiniteScore("The model gave NaN.")
    return waveform.sum(dim=1)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_what_makes_the_answer_not_finite_is_named_and_kept(size, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where it is kept
    names = tuple("abcdefgh")
    sound = Board(lambda coalitions: coalitions.float() + 1, tuple("stuvwxyz"), seeded())
    boards = [sound, Board(lambda coalitions: coalitions.float(), names, seeded()), sound]

    @dataclass(frozen=True)
    class Given(Estimator):
        def play(self, players, random):
            coalitions = np.ones((20, players), dtype=bool)
            coalitions[13, [1, 4]] = False
            coalitions[14, [1, 2, 3, 4, 5, 6]] = False
            coalitions[:13, 4] = False
            yield coalitions
            raise AssertionError("not reached")

    # With nothing left the answer would not be finite either: it is asked about first.
    with pytest.raises(NotFiniteScore, match=r"a, b, c, d and 4 more .* NaN"):
        Engine(fragile, CPU, BatchSize(size)).play(Given(), boards, lambda _: None, 20)

    def bearing_nothing(waveform):
        return fragile(torch.where((waveform == 0).all(1, keepdim=True), 1.0, waveform))

    with pytest.raises(NotFiniteScore, match="where b, e is taken away") as refused:
        Engine(bearing_nothing, CPU, BatchSize(size)).play(Given(), boards, lambda _: None, 20)
    path = str(refused.value).split("kept in ")[1].split(".npz")[0] + ".npz"
    kept = np.load(path, allow_pickle=False)
    assert kept["parts"].tolist() == [*names]
    assert kept["coalition"].tolist() == [True, False, True, True, False, True, True, True]
    np.testing.assert_array_equal(kept["waveform"], kept["coalition"].astype(np.float32))
    with pytest.raises(NotFiniteScore):
        fragile(torch.from_numpy(kept["waveform"])[None])


def seeded():
    return np.random.default_rng(0)


def test_progress_rises_to_one():
    told = []
    play(Counting(), batch_size=BatchSize(4), progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and max(told[:-1]) < 1
    assert told[0] == pytest.approx(4 / (50 * len(CLIPS)))
    assert len(told) == len(set(told)) > 20


def test_progress_that_raises_stops_the_work_at_once():
    def cancel(share):
        if share > 0.2:
            raise KeyboardInterrupt

    score = Counting()
    with pytest.raises(KeyboardInterrupt):
        play(score, batch_size=BatchSize(4), progress=cancel)
    assert 40 < sum(score.rows) <= 44  # a fifth of 200, and not a batch more


def test_more_evaluations_than_allowed_are_refused_before_they_are_made():
    score = Counting()
    with pytest.raises(ExplanationError, match="asks for 16 evaluations of a clip; 15 are allowed"):
        play(score, [Clip(12)], limit=15)
    assert sum(score.rows) == 1
    assert play(Counting(), [Clip(12)], limit=49)


class Layer:
    """A score with a matrix product in it, which mixed precision rounds."""

    def __init__(self):
        self.weights = noise(LENGTH, 3)

    def __call__(self, waveform):
        return (waveform @ self.weights).sum(dim=1)


def test_mixed_precision_is_near_and_not_the_same():
    clip = Clip(7)
    clip.mixing = clip.mixing.float()
    precise, rounded = (
        play(Layer(), [clip], precision=precision)[0].estimates.findings["scores"]
        for precision in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(rounded, precise, atol=0.03)
    assert not np.allclose(rounded, precise, atol=1e-4)


def test_there_is_no_other_precision():
    with pytest.raises(ExplanationError, match="float32, bfloat16, float16"):
        Engine(loud, CPU, precision="int8")


def test_scores_are_made_without_gradients():
    weight = torch.ones(LENGTH, dtype=torch.float64, requires_grad=True)
    play(lambda waveform: waveform @ weight, [Clip(3)])
    assert weight.grad is None


def test_batches_grow_where_that_makes_a_waveform_cheaper():
    rows = []

    def slow_to_start(waveform):
        rows.append(len(waveform))
        time.sleep(0.01)
        return loud(waveform)

    play(slow_to_start, [Clip(70)], Asking(rows=200, each=100), batch_size=BatchSize())
    assert rows[:2] == [1, 1] and max(rows) >= 8
