"""Scores coalitions of many clips in full batches: the one engine under everything that removes."""

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from explainers.errors import ExplanationError, NotFiniteScore
from explainers.explainer import Progress
from explainers.removal.batch_size import BatchSize
from explainers.removal.game import Coalitions, Estimates, Estimator, Memory, Play, Scores
from explainers.removal.parts import Remover

Score = Callable[[Tensor], Float[Tensor, " rows"]]
ENDS = 2
"""Evaluations of the clip itself, and of what is left with no part."""

PRECISIONS = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
OUT_OF_MEMORY = (
    "out of memory",  # CUDA, MPS
    "can't allocate memory",  # torch on a CPU
    "not enough memory",  # torch on Windows
    "failed to allocate memory",  # onnxruntime
    "alloc_failed",  # cuBLAS, cuDNN
    "bad_alloc",  # C++
)
"""What is said where memory is short: runtimes have no class of error in common."""


@dataclass(frozen=True, eq=False)
class Board:
    """One clip's game: what is left of it, by coalition.

    Attributes:
        remover: From coalitions to the clips that are left.
        names: Of the parts.
        random: Where the estimator's chance comes from.
        score: Of the clip with all its parts, if it is known.
    """

    remover: Remover
    names: tuple[str, ...]
    random: np.random.Generator
    score: float | None = None


@dataclass(frozen=True, eq=False)
class Played:
    """How a game ended.

    Attributes:
        estimates: What each part is worth.
        nothing: The score with all parts gone.
    """

    estimates: Estimates
    nothing: float


@dataclass
class Engine:
    """Scores what is left of clips, in batches as large as pays and as memory allows.

    Attributes:
        score: The target as a function of what a remover makes.
        device: Where clips are.
        batch_size: How many at once.
        precision: ``float32``, or ``bfloat16`` or ``float16`` where the device computes so.
        limit: The most evaluations a clip may take, beside those of the clip itself and of what is
            left with no part; 0 for no limit.
    """

    score: Score
    device: torch.device
    batch_size: BatchSize = field(default_factory=BatchSize)
    precision: str = "float32"
    limit: int = 0

    def __post_init__(self) -> None:
        check_precision(self.precision)

    def play(
        self,
        estimator: Estimator,
        boards: Sequence[Board],
        progress: Progress,
        expected: int,
    ) -> "list[Played]":
        """One estimator on many clips, all clips' questions in the same batches.

        Args:
            estimator: The way to value parts.
            boards: One per clip.
            progress: Told the share done, 0 to 1; it may raise to stop the work.
            expected: Evaluations that a clip is expected to take, for the progress.

        Raises:
            ExplanationError: The estimator asks for more than `limit`, or even one waveform needs
                more memory than there is.
            NotFiniteScore: The model's answer to some coalition is not finite; the message says
                where the coalition is kept.
        """
        games = [_Game(board, estimator.play(len(board.names), board.random)) for board in boards]
        done, everything = 0, max(1, expected * len(boards))
        while waiting := [game for game in games if game.finished is None]:
            rows = [game.board.remover for game in waiting]
            fresh = [game.fresh for game in waiting]
            self._check_limit(waiting)

            def tell(count: int, before: int = done) -> None:
                progress(min((before + count) / everything, 0.99))

            scores = self.scores(rows, fresh, tell, [game.board.names for game in waiting])
            for game, own in zip(waiting, scores, strict=True):
                game.answer(own)
            done += sum(map(len, fresh))
        progress(1.0)
        return [game.finished for game in games if game.finished is not None]

    def scores(
        self,
        removers: Sequence[Remover],
        coalitions: Sequence[Bool[np.ndarray, "_ _"] | Float[np.ndarray, "_ _"]],
        tell: Callable[[int], None],
        names: Sequence[tuple[str, ...]],
    ) -> list[Float[np.ndarray, " _"]]:
        """The score of each coalition of each clip.

        Args:
            removers: One per clip.
            coalitions: Those asked about, for each clip.
            tell: Told how many waveforms are scored.
            names: Of each clip's parts, for what goes wrong.
        """
        asked = [torch.from_numpy(one).to(self.device) for one in coalitions]
        clip = np.repeat(np.arange(len(asked)), [len(one) for one in asked])
        row = np.concatenate([np.arange(len(one)) for one in asked]) if asked else clip
        found, first = np.empty(len(clip)), 0
        while first < len(clip):
            batch = slice(first, min(first + self.batch_size.current, len(clip)))
            started = time.perf_counter()
            try:
                left = self._left(removers, asked, clip[batch], row[batch])
                found[batch] = self._scored(left)
            except NotFiniteScore as error:
                which = self._not_finite(left)
                broken = clip[first + which], row[first + which]
                _refuse(error, left[which], coalitions[broken[0]][broken[1]], names[broken[0]])
            except Exception as error:
                if not _out_of_memory(error):
                    raise
                self._halve(batch.stop - first, error)
                continue
            self.batch_size.took(batch.stop - first, time.perf_counter() - started)
            first = batch.stop
            tell(first)
        return np.split(found, np.cumsum([len(one) for one in asked])[:-1])

    def _left(
        self,
        removers: Sequence[Remover],
        asked: Sequence[Tensor],
        clip: Int[np.ndarray, " rows"],
        row: Int[np.ndarray, " rows"],
    ) -> Tensor:
        """What is left of the clips, side by side; rows of a clip lie together."""
        bounds = [0, *(np.flatnonzero(np.diff(clip)) + 1), len(clip)]
        pieces = [
            removers[clip[start]](asked[clip[start]][row[start] : row[stop - 1] + 1])
            for start, stop in pairwise(bounds)
        ]
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)

    def _scored(self, left: Tensor) -> Float[np.ndarray, " rows"]:
        dtype = PRECISIONS[self.precision]
        with (
            torch.no_grad(),
            torch.autocast(self.device.type, dtype=dtype, enabled=dtype is not None),
        ):
            return self.score(left).double().cpu().numpy()

    def _not_finite(self, left: Tensor) -> int:
        """The first row whose score is not finite."""
        for number, one in enumerate(left.split(1)):
            try:
                self._scored(one)
            except NotFiniteScore:
                return number
        return 0

    def _halve(self, rows: int, error: Exception) -> None:
        if not self.batch_size.ran_out(rows):
            raise ExplanationError(
                "The model needs more memory for one clip than there is. Give a shorter clip, or "
                "a device with more memory."
            ) from error
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _check_limit(self, waiting: Sequence["_Game"]) -> None:
        asked = max(game.asked + len(game.fresh) for game in waiting) - ENDS
        if self.limit and asked > self.limit:
            raise ExplanationError(
                f"This asks for {asked} evaluations of a clip; {self.limit} are allowed. Allow "
                "more evaluations, or give fewer and longer segments."
            )


def check_precision(name: str) -> None:
    """There is such a precision.

    Raises:
        ExplanationError: There is none; the message lists those there are.
    """
    if name not in PRECISIONS:
        raise ExplanationError(
            f"There is no precision '{name}'; there are: {', '.join(PRECISIONS)}."
        )


class _Game:
    """One clip's play, its memory, and what it waits for."""

    def __init__(self, board: Board, play: Play) -> None:
        self.board, self.asked = board, 0
        self.finished: Played | None = None
        self._play, self._memory = _from_nothing(play, len(board.names)), Memory()
        if board.score is not None:
            everything = np.ones((1, len(board.names)), dtype=bool)
            self._memory.answer(everything, np.array([0]), np.array([board.score]))
        self._ask(next(self._play))

    def answer(self, scores: Float[np.ndarray, " fresh"]) -> None:
        """Send the scores of the fresh coalitions; take the next question or the end."""
        self.asked += len(scores)
        try:
            self._ask(self._play.send(self._memory.answer(self._coalitions, self._rows, scores)))
        except StopIteration as stopped:
            self.finished = stopped.value

    def _ask(self, coalitions: Coalitions) -> None:
        self._coalitions = coalitions
        self._rows = self._memory.unasked(coalitions)
        self.fresh = coalitions[self._rows]


def _from_nothing(play: Play, players: int) -> Generator[Coalitions, Scores, Played]:
    """The play, after the score with all parts gone was asked."""
    nothing = yield np.zeros((1, players), dtype=bool)
    estimates = yield from play
    return Played(estimates, float(nothing[0]))


def _refuse(
    error: NotFiniteScore, left: Tensor, coalition: np.ndarray, names: tuple[str, ...]
) -> None:
    """Say which parts were gone when the answer was not finite, and keep what was scored."""
    path = Path(mkdtemp(prefix="xaudio-")) / "not_finite.npz"
    gone = [name for name, there in zip(names, coalition, strict=True) if there < 1]
    waveform = left.detach().float().cpu().numpy()
    np.savez(path, coalition=coalition, parts=np.array(names), waveform=waveform)
    shown = ", ".join(gone[:4]) + (f" and {len(gone) - 4} more" if len(gone) > 4 else "")
    raise NotFiniteScore(
        f"The model's answer is not finite where {shown or 'nothing'} is taken away ({error}) "
        f"The coalition and what was scored are kept in {path}. Another fill may help."
    ) from error


def _out_of_memory(error: BaseException | None) -> bool:
    """Whether memory was short, by the words of the devices' errors, also behind another error."""
    while error is not None:
        told = str(error).lower()
        if isinstance(error, MemoryError) or any(words in told for words in OUT_OF_MEMORY):
            return True
        error = error.__cause__
    return False
