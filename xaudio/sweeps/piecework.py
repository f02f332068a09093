"""Pieces of work done one after another, here or on processes that may die over one of them."""

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from xaudio.sweeps.worker_pool import Death, WorkerPool, check_started

MOST_DEATHS = 2

Piece = TypeVar("Piece")


def piecework(
    performer: Callable[[Piece], Any], pieces: Sequence[Piece], workers: int
) -> Iterator[tuple[Piece, Any]]:
    """Every piece with what the performer made of it, as it comes in.

    A piece over which processes end twice comes back with the last `Death` instead.

    Args:
        performer: Called with each piece; sent to the workers once.
        pieces: What is to be done.
        workers: Processes; 1 does everything here.

    Raises:
        SweepError: Workers cannot start.
        Exception: Whatever the performer raises.
    """
    if workers == 1 or not pieces:
        return ((piece, performer(piece)) for piece in pieces)
    return _on_workers(performer, pieces, min(workers, len(pieces)))


def _on_workers(
    performer: Callable[[Piece], Any], pieces: Sequence[Piece], workers: int
) -> Iterator[tuple[Piece, Any]]:
    waiting, deaths = deque(pieces), Counter[int]()
    with WorkerPool(performer, workers) as pool:
        for worker in pool.workers:
            worker.ask(waiting.popleft())
        while any(worker.asked for worker in pool.workers):
            for told in pool.told():
                worker = told.worker
                if isinstance(told, Death):
                    check_started(told)
                    (piece,) = worker.asked
                    deaths[id(piece)] += 1
                    worker = pool.replace(worker)
                    if deaths[id(piece)] < MOST_DEATHS:
                        waiting.appendleft(piece)
                    else:
                        yield piece, told
                elif told.failure is not None:
                    raise told.failure
                else:
                    yield told.work, told.value
                if waiting:
                    worker.ask(waiting.popleft())
