"""A sweep on several processes of this machine, each of which decodes, corrupts and scores."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from xaudio.classifiers.classifier import Classifier
from xaudio.errors import SweepError
from xaudio.sweeps.agenda import agenda_of
from xaudio.sweeps.dispatch import Crash, work_through
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel, loaded
from xaudio.sweeps.tasks import Decoder, Results, Task, failed, perform
from xaudio.sweeps.worker_pool import WorkerPool


@dataclass(frozen=True)
class Processes:
    """Workers that each do whole tasks on one bucket after another.

    Attributes:
        workers: How many; None for one per core this process may use.
        threads: Of the numerical libraries in each; more than one only where there are more cores
            than workers.
    """

    workers: int | None = None
    threads: int = 1

    def run(
        self,
        plan: Plan,
        models: Sequence[SweptModel],
        store: SweepStore,
        listener: Listener | None = None,
    ) -> None:
        """Finish every cell of the plan that the store does not hold yet; see `Serial.run`.

        A clip over which workers crash, inside a codec perhaps, becomes a failed row. A worker
        that is killed from outside is replaced and its work done again.

        Raises:
            SweepError: A model of the plan was not given or cannot be sent to other processes, the
                disk is full, or workers keep being killed.
        """
        finished = store.finished()
        tally = Tally.of(plan, finished, listener)
        if not tally.waiting:
            return
        workers = min(cores() if self.workers is None else self.workers, tally.waiting)
        gathered = Gathered()
        with WorkerPool(Evaluator(tuple(models)), workers, self.threads) as pool:
            for task, made in work_through(pool, agenda_of(plan, finished)):
                results = failed(task, made.reason) if isinstance(made, Crash) else made
                for cell, rows in gathered.add(task, results):
                    store.add(cell, rows)
                    tally.count(rows)


class Evaluator:
    """What a worker does with a task; it loads the models when it is first asked."""

    def __init__(self, models: tuple[SweptModel, ...]):
        self._models = models
        self._classifiers: Mapping[str, Classifier] | None = None
        self._decoder = Decoder()

    def __call__(self, task: Task) -> Results:
        """Score rows of the task's cells."""
        if self._classifiers is None:
            self._classifiers = loaded(self._models)
        missing = [model.name for model in task.models if model.digest not in self._classifiers]
        if missing:
            raise SweepError(
                f"The plan's model '{missing[0]}' is not among those that were given, or is "
                "another when loaded in another process."
            )
        return perform(task, self._decoder.clips(task), self._classifiers)


@dataclass
class Gathered:
    """Puts the rows of tasks that were done clip by clip together again."""

    _parts: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, task: Task, results: Results) -> Iterator[tuple[str, pa.Table]]:
        """The cells that are complete with these results."""
        for cell, rows in results:
            parts = self._parts.setdefault(cell, [])
            parts.append(rows)
            if sum(part.num_rows for part in parts) == task.bucket.size:
                yield cell, pa.concat_tables(self._parts.pop(cell)).sort_by("digest")


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
