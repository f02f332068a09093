"""A sweep with models on a device: processes decode and corrupt while this one scores.

On a GPU the two overlap, and the wall time is that of the slower.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Full, Queue
from typing import Any

from xaudio.sweeps.agenda import Agenda, agenda_of
from xaudio.sweeps.cells import CorruptedClip, corrupt_clips, score_clips
from xaudio.sweeps.dispatch import Crash, work_through
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.processes import Gathered, cores
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel, loaded
from xaudio.sweeps.tasks import Decoder, Task, check_models
from xaudio.sweeps.worker_pool import Worker, WorkerPool

AHEAD = 2  # corrupted buckets that may wait per worker, which bounds memory


@dataclass(frozen=True)
class Pipelined:
    """Corruption on processes, inference here, where the models' device is.

    Attributes:
        workers: Processes that corrupt; None for one per core this process may use.
    """

    workers: int | None = None

    def run(
        self,
        plan: Plan,
        models: Sequence[SweptModel],
        store: SweepStore,
        listener: Listener | None = None,
    ) -> None:
        """Finish every cell of the plan that the store does not hold yet; see `Processes.run`."""
        classifiers = loaded(models)
        check_models(plan, classifiers)
        finished = store.finished()
        tally = Tally.of(plan, finished, listener)
        if not tally.waiting:
            return
        workers = min(cores() if self.workers is None else self.workers, tally.waiting)
        gathered = Gathered()
        with (
            WorkerPool(Corruptor(), workers) as pool,
            _ahead(pool, agenda_of(plan, finished), AHEAD * workers) as made,
        ):
            for task, clips in made:
                heard = _silenced(task, clips) if isinstance(clips, Crash) else clips
                results = [
                    (cell.id, score_clips(cell, heard, classifiers[cell.model.digest]))
                    for cell in task.cells
                ]
                for cell, rows in gathered.add(task, results):
                    store.add(cell, rows)
                    tally.count(rows)


class Corruptor:
    """What a worker does with a task: decode and corrupt its clips."""

    def __init__(self) -> None:
        self._decoder = Decoder()

    def __call__(self, task: Task) -> list[CorruptedClip]:
        """The task's clips as its models will hear them."""
        return corrupt_clips(task.condition, task.sample_rate, self._decoder.clips(task))


def _silenced(task: Task, crash: Crash) -> list[CorruptedClip]:
    return [CorruptedClip(planned, None, error=crash.reason) for planned in task.bucket.clips]


@contextmanager
def _ahead(pool: WorkerPool, agenda: Agenda[Worker, Task], most: int) -> Iterator[Iterator[Any]]:
    """What the pool makes of the agenda, in a thread, up to `most` results ahead of the taker."""
    queue: Queue[Any] = Queue(most)
    over, stopped = object(), threading.Event()

    def put(item: Any) -> None:
        while not stopped.is_set():
            with suppress(Full):
                queue.put(item, timeout=0.1)
                return

    def make() -> None:
        try:
            for made in work_through(pool, agenda):
                put(made)
            put(over)
        except BaseException as error:
            put(error)

    def taken() -> Iterator[Any]:
        while (item := queue.get()) is not over:
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        stopped.set()
        pool.close()  # the thread may be waiting for workers
        thread.join()
