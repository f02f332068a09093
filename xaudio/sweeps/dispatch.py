"""Works through an agenda with a pool, whatever happens to its workers."""

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from xaudio.errors import SweepError
from xaudio.sweeps.agenda import Agenda
from xaudio.sweeps.tasks import Task
from xaudio.sweeps.worker_pool import Death, Worker, WorkerPool, check_started

IN_FLIGHT = 2  # one being done, one waiting, so that a worker never waits for the post
MOST_CRASHES = 2
MOST_KILLS = 3
# A crash inside a codec or a model, as is an exit; every other signal comes from outside.
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


@dataclass(frozen=True)
class Crash:
    """In place of a result: over this clip a worker dies each time."""

    reason: str


def work_through(pool: WorkerPool, agenda: Agenda[Worker, Task]) -> Iterator[tuple[Task, Any]]:
    """Every task with what the pool made of it, as it comes in.

    A task over which workers crash twice is done clip by clip, and the clip that is to blame comes
    back with a `Crash`. Work of a killed worker is done again.

    Raises:
        SweepError: Workers cannot start, or keep being killed.
        Exception: Whatever the performer raises.
    """
    deaths: Counter[tuple[str, str]] = Counter()
    for worker in pool.workers:
        _keep_busy(worker, agenda)
    while any(worker.asked for worker in pool.workers):
        for told in pool.told():
            if isinstance(told, Death):
                yield from _take_over(told, pool, agenda, deaths)
                continue
            if told.failure is not None:
                raise told.failure
            # First the worker, then whoever takes the result.
            _keep_busy(told.worker, agenda)
            yield told.work, told.value


def _keep_busy(worker: Worker, agenda: Agenda[Worker, Task]) -> None:
    while len(worker.asked) < IN_FLIGHT:
        task = agenda.next_for(worker)
        if task is None:
            return
        worker.ask(task)


def _take_over(
    death: Death, pool: WorkerPool, agenda: Agenda[Worker, Task], deaths: Counter[tuple[str, str]]
) -> Iterator[tuple[Task, Crash]]:
    """Find out what to do with the task a worker died over, and go on with a fresh one."""
    task, *untouched = death.worker.asked
    agenda.leave(death.worker)
    agenda.give_back(untouched)
    check_started(death)
    work = (task.bucket.digest, task.condition.digest)
    deaths[work] += 1
    if death.exit_code < 0 and -death.exit_code not in CRASHES:
        if deaths[work] >= MOST_KILLS:
            raise SweepError(
                f"Workers keep being killed ({death.why}), most likely for lack of memory. "
                "Finished cells are kept: start the same sweep again with fewer workers."
            )
        agenda.give_back([task])
    elif task.is_one_clip:
        yield task, Crash(f"the process that worked on this clip crashed ({death.why})")
    elif deaths[work] >= MOST_CRASHES:
        agenda.give_back(task.clip_by_clip())
    else:
        agenda.give_back([task])
    pool.replace(death.worker)
    for worker in pool.workers:
        _keep_busy(worker, agenda)
