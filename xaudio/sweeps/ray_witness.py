"""Keeps count of what actors begin and finish, since one that dies can say nothing.

Ray gives the shard of a dead actor to its successor, from the beginning, as often as it takes. The
witness lets the successor pass over what is finished, and over a task that kills each time.
"""

from collections import Counter
from types import ModuleType
from typing import Any

MOST_ATTEMPTS = 2


class Witness:
    """An actor of its own, asked by all others."""

    def __init__(self) -> None:
        self._begun: Counter[str] = Counter()
        self._finished: set[str] = set()

    def wanted(self, work: str) -> bool:
        """Whether somebody should do this work now; who asks begins it if so."""
        if work in self._finished or self._begun[work] >= MOST_ATTEMPTS:
            return False
        self._begun[work] += 1
        return True

    def finish(self, work: str) -> None:
        """It is done, and is nobody's to do again."""
        self._finished.add(work)


class AskedWitness:
    """The witness as an actor meets it; where it is gone, all work is wanted."""

    def __init__(self, witness: Any):
        """For the handle of a `Witness`."""
        self._witness = witness

    def wanted(self, work: str) -> bool:
        """See `Witness.wanted`."""
        import ray

        try:
            return bool(ray.get(self._witness.wanted.remote(work)))
        except ray.exceptions.RayError:
            return True

    def finish(self, work: str) -> None:
        """See `Witness.finish`."""
        self._witness.finish.remote(work)


def start_witness(ray: ModuleType) -> Any:
    """The handle of a witness beside this process, which lives as long as the handle."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(Witness).options(num_cpus=0, scheduling_strategy=here).remote()
