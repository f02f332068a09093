"""Where a sweep's time goes: its pure functions one by one, on one thread, in this process."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cloudpickle
import torch

from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps import SweptModel
from xaudio.sweeps.cells import LoadedClip, corrupt_clips, load_clip, score_clips
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.swept_model import loaded
from xaudio.sweeps.tasks import Results, Task, tasks_of_bucket

PARTS = ("decoding", "corrupting", "scoring", "posting", "writing")


@dataclass
class Parts:
    """Seconds of each part for some clips under all conditions with all models.

    Attributes:
        clips: How many.
        corrupted: How many came of them.
        rows: Scores, one per corrupted clip and model.
        processor: By part, of one core.
        clock: By part; more than the processor's where a disk or a device is waited for.
    """

    clips: int
    corrupted: int = 0
    rows: int = 0
    processor: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    clock: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))

    def of(self, part: str, function: Callable[..., Any], *given: Any) -> Any:
        """Call the function and count its time."""
        clock, processor = time.perf_counter(), time.process_time()
        made = function(*given)
        self.processor[part] += time.process_time() - processor
        self.clock[part] += time.perf_counter() - clock
        return made

    @property
    def seconds_per_row(self) -> float:
        """Of one core, everything counted."""
        return sum(self.processor.values()) / self.rows

    @property
    def corruption_over_model(self) -> float:
        """Cost of corrupting a clip over that of one model's score, by the clock."""
        each = self.clock["corrupting"] / self.corrupted
        return each / (self.clock["scoring"] / self.rows)


def parts_of(plan: Plan, models: Sequence[SweptModel], clips: int, folder: Path) -> Parts:
    """A few of a plan's clips taken through everything a sweep does with them.

    One clip goes ahead of each timing, so that filters, impulse responses and memory are there.
    """
    bucket = max(plan.buckets, key=len)
    bucket = replace(bucket, table=bucket.table.slice(0, clips))
    classifiers, store = loaded(models), SweepStore(folder)
    found = Parts(len(bucket))
    decoded: dict[int, list[LoadedClip]] = {}
    with one_thread():
        for task in tasks_of_bucket(plan, bucket, ()):
            if task.sample_rate not in decoded:
                decoded[task.sample_rate] = found.of("decoding", _load, task)
            clips_now = decoded[task.sample_rate]
            _score(task, _corrupt(task, clips_now[:1]), classifiers)
            corrupted = found.of("corrupting", _corrupt, task, clips_now)
            results = found.of("scoring", _score, task, corrupted, classifiers)
            for cell, rows in found.of("posting", _post, task, results):
                found.of("writing", store.add, cell, rows)
                found.rows += rows.num_rows
            found.corrupted += len(corrupted)
    return found


@contextmanager
def one_thread():
    """As a worker computes; afterwards as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _load(task: Task) -> list[LoadedClip]:
    return [load_clip(clip, task.sample_rate) for clip in task.bucket.clips]


def _corrupt(task: Task, clips: Sequence[LoadedClip]) -> list:
    return corrupt_clips(task.condition, task.sample_rate, clips)


def _score(task: Task, clips: list, classifiers: Mapping[str, Classifier]) -> Results:
    return [
        (cell.id, score_clips(cell, clips, classifiers[cell.model.digest])) for cell in task.cells
    ]


def _post(task: Task, results: Results) -> Results:
    """A task's way to a worker, and its results' way back."""
    cloudpickle.loads(cloudpickle.dumps(task))
    return cloudpickle.loads(cloudpickle.dumps((results, None)))[0]
