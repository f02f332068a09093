"""A sweep in this process, task after task."""

from collections.abc import Sequence
from dataclasses import dataclass

from xaudio.sweeps.plan import Plan
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel, loaded
from xaudio.sweeps.tasks import Decoder, check_models, perform, waiting_tasks


@dataclass(frozen=True)
class Serial:
    """Everything here, with as many threads as torch takes."""

    def run(
        self,
        plan: Plan,
        models: Sequence[SweptModel],
        store: SweepStore,
        listener: Listener | None = None,
    ) -> None:
        """Finish every cell of the plan that the store does not hold yet.

        The clips of one bucket are decoded once for all conditions and corrupted once for all
        models that listen at the same rate; no more than one bucket lies in memory.

        Args:
            plan: What to do.
            models: The plan's.
            store: Where rows go. What it holds already is not done again.
            listener: Told after every cell. Whatever it raises ends the run: finished cells stay,
                and the next run goes on from there.

        Raises:
            SweepError: A model of the plan was not given, or the disk is full.
        """
        classifiers = loaded(models)
        check_models(plan, classifiers)
        finished = store.finished()
        tally = Tally.of(plan, finished, listener)
        decoder = Decoder()
        for task in waiting_tasks(plan, finished):
            for cell, rows in perform(task, decoder.clips(task), classifiers):
                store.add(cell, rows)
                tally.count(rows)
