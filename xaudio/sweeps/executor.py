"""What runs a plan: here, on processes, with a device, or on a cluster."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from xaudio.sweeps.pipelined import Pipelined
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.processes import Processes
from xaudio.sweeps.progress import Listener
from xaudio.sweeps.serial import Serial
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel


@runtime_checkable
class Executor(Protocol):
    """All executors finish the same cells with the same rows; they differ in where and how fast."""

    def run(
        self,
        plan: Plan,
        models: Sequence[SweptModel],
        store: SweepStore,
        listener: Listener | None = None,
    ) -> None:
        """Finish every cell of the plan that the store does not hold yet."""


def executor_for(models: Sequence[SweptModel], workers: int | None) -> Executor:
    """The executor that suits where the models run.

    Args:
        models: The sweep's.
        workers: Processes; 0 for none beside this one, None for one per core.
    """
    if workers == 0:
        return Serial()
    if all(model.on_processor for model in models):
        return Processes(workers)
    return Pipelined(workers)
