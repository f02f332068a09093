"""Workers that are no processes: what a pool does, in no time, and with deaths on request."""

import signal
from collections import Counter

from xaudio.sweeps.worker_pool import Answer, Death, Worker, WorkerPool


class FakeWorker(Worker):
    def __init__(self):
        self.asked = []
        self.is_ready = True

    def ask(self, work):
        self.asked.append(work)


class FakePool(WorkerPool):
    """Does the oldest piece of every worker in turn.

    `deaths` says of a piece of work how a worker dies over it for the n-th time (0 at first): a
    signal, an exit code, minus one where it cannot even start, or None where it does not.
    """

    started = 0

    def __init__(self, performer, count, threads=1, deaths=lambda work, time: None):
        self.performer, self.deaths = performer, deaths
        self.workers = [FakeWorker() for _ in range(count)]
        self.times = Counter()
        self.most_asked = 0
        FakePool.started += count

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.workers = []

    def replace(self, dead):
        FakePool.started += 1
        place = self.workers.index(dead)
        self.workers[place] = FakeWorker()
        return self.workers[place]

    def told(self):
        for worker in [worker for worker in self.workers if worker.asked]:
            self.most_asked = max(self.most_asked, len(worker.asked))
            work = worker.asked[0]
            how = self.deaths(work, self.times[id(work)])
            self.times[id(work)] += 1
            if how is not None:
                code = -how if isinstance(how, signal.Signals) else abs(how)
                worker.is_ready = how != -1
                yield Death(worker, code, "first line\nlast line")
                continue
            worker.asked.pop(0)
            try:
                yield Answer(worker, work, self.performer(work), None)
            except Exception as error:
                yield Answer(worker, work, None, error)
