"""A sweep on Ray: on this machine or on many, with results that stream back to this process.

Ray Data hands shards to a pool of actors and the actors' rows back; this process files them, so
that no disk needs to be shared for results. The audio, and weights given as files, must be readable
under the same paths on every node.
"""

import copy
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from xaudio.errors import SweepError
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.processes import cores
from xaudio.sweeps.progress import Listener, Tally
from xaudio.sweeps.ray_session import already_there, import_ray, joined, of_our_own
from xaudio.sweeps.ray_witness import start_witness
from xaudio.sweeps.ray_workers import (
    Corrupting,
    Evaluating,
    Scoring,
    Terms,
    packed,
    pickled,
    unpacked,
)
from xaudio.sweeps.shards import Shard, outline_of, waiting_shards
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import SweptModel
from xaudio.sweeps.tasks import Results, Task, failed, waiting_tasks

SHARDS_PER_WORKER = 16  # so that all are done at about the same time
DIED = "the process that worked on this clip died each time, crashed or out of memory"


@dataclass(frozen=True)
class RayCluster:
    """Actors that each do whole shards; with GPUs, some that corrupt and some that score.

    Attributes:
        address: Of a running cluster (``auto``, ``host:port``); None for a Ray of our own on this
            machine, which ends with the sweep. A process that is connected to Ray already stays
            with that.
        workers: Actors that decode, corrupt and, without GPUs, score; None for as many as there
            are processors.
        cpus_per_worker: Processors, and threads of the numerical libraries, of each.
        gpus_per_worker: GPUs of each actor that scores; a fraction where several share one. 0 for
            scoring on processors.
        gpu_workers: Actors that score; None for as many as fit on the cluster's GPUs.
        device: Where models are moved to before they score; None for ``cuda`` with GPUs, and for
            where they load without. Models are told apart where they load, so that a machine
            without a GPU can plan for those with one.
        store_bytes: Of a Ray of our own: shared memory for what goes from one process to another.
            Ray Data is held to half of it, on a cluster to half of what it has, and waits rather
            than spills.
    """

    address: str | None = None
    workers: int | None = None
    cpus_per_worker: int = 1
    gpus_per_worker: float = 0.0
    gpu_workers: int | None = None
    device: str | None = None
    store_bytes: int = 2**30

    def run(
        self,
        plan: Plan,
        models: Sequence[SweptModel],
        store: SweepStore,
        listener: Listener | None = None,
    ) -> None:
        """Finish every cell of the plan that the store does not hold yet; see `Serial.run`.

        What is lost with an actor or a node is done again. A task over which actors die twice is
        done clip by clip, and a clip over which they die even then becomes a failed row.

        Raises:
            SweepError: Ray is not installed, does not start or breaks down, a model of the plan was
                not given or is another one on the cluster, or the disk is full.
        """
        finished = store.finished()
        tally = Tally.of(plan, finished, listener)
        if not tally.waiting:
            return
        with self._session() as ray, _settings(ray, self.store_bytes):
            pool = _Pool(self, ray, plan, models)
            done = set(finished)
            for cell, rows in pool.everything(plan, done, tally.waiting):
                store.add(cell, rows)
                tally.count(rows)
                done.add(cell)

    def _session(self) -> AbstractContextManager[ModuleType]:
        if import_ray().is_initialized():
            return already_there()
        if self.address is not None:
            return joined(self.address)
        workers = self.workers or max(1, cores() // self.cpus_per_worker)
        return of_our_own(workers * self.cpus_per_worker, self.store_bytes)


class _Pool:
    """What makes rows of shards, whatever happens to its actors."""

    def __init__(
        self, settings: RayCluster, ray: ModuleType, plan: Plan, models: Sequence[SweptModel]
    ):
        self._settings, self._ray = settings, ray
        self._outline, self._models = pickled(outline_of(plan)), _sendable(models)
        there = ray.cluster_resources()
        fitting = int(there.get("CPU", 1) // settings.cpus_per_worker)
        self._workers = settings.workers or max(1, fitting)
        self._gpus = there.get("GPU", 0.0)

    def everything(
        self, plan: Plan, done: Collection[str], waiting: int
    ) -> Iterator[tuple[str, pa.Table]]:
        """Each lacking cell with its rows, once.

        Args:
            plan: What to do.
            done: Cells that are finished. Whoever takes a cell adds it before taking the next.
            waiting: How many cells are lacking.
        """
        tasks = waiting // len(plan.models)
        most = max(1, tasks // (SHARDS_PER_WORKER * self._workers))
        for results in self._made(waiting_shards(plan, done, most)):
            yield from (each for each in results if each[0] not in done)
        yield from self._clip_by_clip(plan, done)

    def _clip_by_clip(self, plan: Plan, done: Collection[str]) -> Iterator[tuple[str, pa.Table]]:
        """What actors died over, and what was lost on its way."""
        parts: dict[str, list[pa.Table]] = {}
        shards = waiting_shards(plan, done, 1)
        for results in self._made(clip for shard in shards for clip in shard.clip_by_clip()):
            for cell, rows in results:
                parts.setdefault(cell, []).append(rows)
        for task in waiting_tasks(plan, done):
            yield from completed(task, parts)

    def _made(self, shards: Iterable[Shard]) -> Iterator[Results]:
        """Results of the shards' tasks, but for those over which actors died."""
        parcels = [packed(shard) for shard in shards]
        if not parcels:
            return
        exceptions = self._ray.exceptions
        witness = start_witness(self._ray)
        try:
            made = self._pipeline(parcels, witness)
            for batch in made.iter_batches(batch_size=None, batch_format="pyarrow"):
                for outcome in unpacked(batch):
                    if outcome.failure is not None:
                        raise outcome.failure
                    yield outcome.made or []
        except (exceptions.RayError, ConnectionError) as error:
            raise SweepError(
                f"The Ray cluster broke down: {str(error).splitlines()[0]}. Finished cells are "
                "kept: start the same sweep again."
            ) from error
        finally:
            self._ray.kill(witness)

    def _pipeline(self, parcels: list[pa.Table], witness: Any) -> Any:
        """A Ray dataset of outcomes."""
        settings, data = self._settings, self._ray.data
        device = settings.device or ("cuda" if settings.gpus_per_worker else None)
        terms = Terms(self._outline, self._models, device, settings.cpus_per_worker, witness)
        each = {
            "fn_constructor_args": (terms,),
            "batch_size": 1,
            "batch_format": "pyarrow",
        }
        made = data.from_arrow(parcels).map_batches(
            Corrupting if settings.gpus_per_worker else Evaluating,
            compute=data.ActorPoolStrategy(size=self._workers),
            num_cpus=settings.cpus_per_worker,
            **each,
        )
        if not settings.gpus_per_worker:
            return made
        fitting = int(self._gpus // settings.gpus_per_worker)
        return made.map_batches(
            Scoring,
            compute=data.ActorPoolStrategy(size=settings.gpu_workers or max(1, fitting)),
            num_gpus=settings.gpus_per_worker,
            **each,
        )


def completed(task: Task, parts: dict[str, list[pa.Table]]) -> Results:
    """The task's cells put together from single clips; those that are missing have failed."""
    results = []
    for cell, none in failed(task, DIED):
        there = pa.concat_tables([none.slice(0, 0), *parts.get(cell, ())])
        missing = none.filter(pc.invert(pc.is_in(none["digest"], there["digest"].combine_chunks())))
        results.append((cell, pa.concat_tables([there, missing]).sort_by("digest")))
    return results


def _sendable(models: Sequence[SweptModel]) -> bytes:
    try:
        return pickled(tuple(models))
    except Exception as error:
        raise SweepError(
            f"A model cannot be sent to other processes ({type(error).__name__}: {error}). Give "
            "its name or file instead of the object."
        ) from error


def _settings(ray: ModuleType, store_bytes: int) -> AbstractContextManager[None]:
    """Ray Data's settings for the time of a sweep."""
    data = ray.data
    settings = copy.deepcopy(data.DataContext.get_current())
    settings.enable_progress_bars = False
    settings.print_on_execution_start = False
    settings.target_max_block_size = 1  # every task's rows go out as they come
    there = ray.cluster_resources().get("object_store_memory", store_bytes)
    limits = data.ExecutionResources.for_limits(object_store_memory=there / 2)
    settings.execution_options.resource_limits = limits
    return data.DataContext.current(settings)
