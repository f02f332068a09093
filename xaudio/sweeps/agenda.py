"""Who does what next: every worker its own bucket, and in the end whatever is left."""

from collections import deque
from collections.abc import Collection, Hashable, Iterable
from typing import Generic, TypeVar

from xaudio.sweeps.plan import Plan
from xaudio.sweeps.tasks import Task, tasks_of_bucket
from xaudio.sweeps.worker_pool import Worker

Name = TypeVar("Name", bound=Hashable)
Work = TypeVar("Work")


class Agenda(Generic[Name, Work]):
    """Hands out tasks so that each bucket's clips are decoded by one worker as long as possible.

    A worker gets the tasks of one bucket after the other. When no bucket is left that nobody has
    begun, it helps with the longest list there is. Of millions of tasks only those of begun
    buckets exist.

    >>> agenda = Agenda([["a1", "a2", "a3"], ["b1"]])
    >>> [agenda.next_for(worker) for worker in (0, 1, 1, 0, 0)]
    ['a1', 'b1', 'a3', 'a2', None]
    """

    def __init__(self, buckets: Iterable[Iterable[Work]]):
        """What is to do, in lists, one per bucket; a list is looked at when it is begun."""
        self._buckets = iter(buckets)
        self._lists: dict[Name, deque[Work]] = {}
        self._returned: deque[Work] = deque()

    def next_for(self, worker: Name) -> Work | None:
        """The task this worker should do next; None when everything is handed out."""
        mine = self._lists.setdefault(worker, deque())
        if mine:
            return mine.popleft()
        if self._returned:
            return self._returned.popleft()
        for bucket in self._buckets:
            mine.extend(bucket)
            if mine:
                return mine.popleft()
        longest = max(self._lists.values(), key=len)
        return longest.pop() if longest else None

    def give_back(self, tasks: Iterable[Work]) -> None:
        """Tasks that were handed out and not done."""
        self._returned.extend(tasks)

    def leave(self, worker: Name) -> None:
        """This worker is gone; its list is for the others."""
        self._returned.extend(self._lists.pop(worker, ()))


def agenda_of(plan: Plan, finished: Collection[str]) -> Agenda[Worker, Task]:
    """What is still to do of a plan, for the workers of a pool."""
    return Agenda(tasks_of_bucket(plan, bucket, finished) for bucket in plan.buckets)
