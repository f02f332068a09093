"""What Ray's actors do: shards come in, rows go out, task by task.

Work and results are pickled here and not by Ray, because what cannot be read or done is a result
as well: it is told to whoever asked, and no actor dies of it.
"""

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from xaudio.classifiers.classifier import Classifier
from xaudio.classifiers.scoring_form import scoring_form
from xaudio.datasets.manifest import rows_of
from xaudio.errors import SweepError
from xaudio.sweeps.buckets import Bucket
from xaudio.sweeps.cells import CorruptedClip, corrupt_clips, score_clips
from xaudio.sweeps.digests import missing_digest
from xaudio.sweeps.identity import identify
from xaudio.sweeps.ray_witness import AskedWitness
from xaudio.sweeps.shards import Shard
from xaudio.sweeps.swept_model import SweptModel
from xaudio.sweeps.tasks import Decoder, Results, Task, check_models, perform

PARCEL = "parcel"

Corrupted = tuple[Task, list[CorruptedClip]]


@dataclass(frozen=True)
class Terms:
    """What all actors of a sweep are told once.

    Attributes:
        outline: The plan without its clips, pickled.
        models: The sweep's, pickled.
        device: Where models are moved to; None for where they load.
        threads: Of the numerical libraries in an actor on processors.
        witness: Of what is begun and finished.
    """

    outline: bytes
    models: bytes
    device: str | None
    threads: int
    witness: Any


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Attributes:
        made: Rows, or corrupted clips; None where the task was passed over.
        failure: What was raised instead, which ends the sweep: what is wrong with a clip is a row.
    """

    made: Any
    failure: Exception | None = None


class Evaluating:
    """Decodes, corrupts and scores, all in one actor."""

    def __init__(self, terms: Terms):
        """Prepare; the models are loaded when there is something to score."""
        _limit_threads(terms.threads)
        self._terms, self._models, self._decoder = terms, _Models(terms), Decoder()

    def __call__(self, parcels: pa.Table) -> Iterator[pa.Table]:
        """Outcomes with the rows of the shards' tasks."""
        return _of_shards(parcels, self._terms, self._evaluate)

    def _evaluate(self, task: Task) -> Results:
        return perform(task, self._decoder.clips(task), self._models.loaded())


class Corrupting:
    """Decodes and corrupts, for actors with a device that score."""

    def __init__(self, terms: Terms):
        """Prepare."""
        _limit_threads(terms.threads)
        self._terms, self._decoder = terms, Decoder()

    def __call__(self, parcels: pa.Table) -> Iterator[pa.Table]:
        """Outcomes with the shards' tasks and their clips as the models will hear them."""
        return _of_shards(parcels, self._terms, self._corrupt)

    def _corrupt(self, task: Task) -> Corrupted:
        clips = self._decoder.clips(task)
        return task, corrupt_clips(task.condition, task.sample_rate, clips)


class Scoring:
    """Scores what other actors corrupted, on a device."""

    def __init__(self, terms: Terms):
        """Prepare; the models are loaded when there is something to score."""
        self._models, self._witness = _Models(terms), AskedWitness(terms.witness)

    def __call__(self, parcels: pa.Table) -> Iterator[pa.Table]:
        """Outcomes with the tasks' rows."""
        for corrupted in unpacked(parcels):
            if corrupted.made is None:
                yield packed(corrupted)
            else:
                work = f"score {name_of(corrupted.made[0])}"
                yield _done(self._witness, work, self._score, corrupted.made)

    def _score(self, made: Corrupted) -> Results:
        task, clips = made
        classifiers = self._models.loaded()
        return [
            (cell.id, score_clips(cell, clips, classifiers[cell.model.digest]))
            for cell in task.cells
        ]


class _Models:
    """The sweep's classifiers, loaded once and when they are first asked for."""

    def __init__(self, terms: Terms):
        self._terms = terms
        self._classifiers: Mapping[str, Classifier] | None = None

    def loaded(self) -> Mapping[str, Classifier]:
        """By the digests of their identities.

        Raises:
            SweepError: One of the plan is missing, or is another one here.
        """
        if self._classifiers is None:
            models = unpickled(self._terms.models)
            classifiers = dict(self._ready(model) for model in models)
            check_models(unpickled(self._terms.outline), classifiers)
            self._classifiers = classifiers
        return self._classifiers

    def _ready(self, model: SweptModel) -> tuple[str, Classifier]:
        classifier = model.load()
        digest = identify(classifier, model.precision).digest
        return digest, scoring_form(classifier.to(self._terms.device or classifier.device))


def name_of(task: Task) -> str:
    """What the witness calls a task."""
    first = task.bucket.table["digest"][0].as_py()
    return f"{task.cells[0].id} {first} {len(task.bucket)}"


def packed(thing: Any) -> pa.Table:
    """Anything as a table of one row, as Ray Data hands it on."""
    return pa.table({PARCEL: pa.array([pickled(thing)], pa.large_binary())})


def unpacked(parcels: pa.Table) -> Iterator[Any]:
    """What was packed."""
    for parcel in parcels[PARCEL]:
        yield unpickled(parcel.as_buffer())


def pickled(thing: Any) -> bytes:
    """Its bytes; classes of scripts and notebooks go along."""
    import cloudpickle

    return cloudpickle.dumps(thing)


def unpickled(pickle: Any) -> Any:
    """What was pickled."""
    import cloudpickle

    return cloudpickle.loads(pickle)


def _of_shards(
    parcels: pa.Table, terms: Terms, perform_task: Callable[[Task], Any]
) -> Iterator[pa.Table]:
    """One outcome for each task, also where it is passed over: Ray counts them."""
    witness, outline = AskedWitness(terms.witness), terms.outline
    try:
        tasks = [
            task for shard in unpacked(parcels) for task in _checked(shard).work(unpickled(outline))
        ]
    except Exception as error:
        yield packed(Outcome(None, _sendable(error)))
        return
    for task in tasks:
        yield _done(witness, name_of(task), perform_task, task)


def _checked(shard: Shard) -> Shard:
    check_reach(shard.bucket)
    return shard


def check_reach(bucket: Bucket) -> None:
    """Refuse to work where none of a bucket's clips can be seen that somebody saw elsewhere.

    A file that is missing everywhere is a failed row; a disk that is missing here would make failed
    rows of clips that are fine.

    Raises:
        SweepError: Names the machine and a clip.
    """
    rows = list(rows_of(bucket.table))
    if any(row.path.exists() for row in rows):
        return
    seen = [row for row in rows if row.digest != missing_digest(row)]
    if seen:
        raise SweepError(
            f"'{seen[0].path}' was there when the sweep was planned, but '{platform.node()}' "
            "cannot see it. Audio must lie under the same path on every node of the cluster."
        )


def _done(
    witness: AskedWitness, name: str, perform_work: Callable[[Any], Any], work: Any
) -> pa.Table:
    if not witness.wanted(name):
        return packed(Outcome(None))
    try:
        outcome = packed(Outcome(perform_work(work)))
    except Exception as error:
        return packed(Outcome(None, _sendable(error)))
    witness.finish(name)
    return outcome


def _sendable(error: Exception) -> Exception:
    """The error, or its words where it cannot travel."""
    try:
        unpickled(pickled(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _limit_threads(threads: int) -> None:
    import threadpoolctl
    import torch

    torch.set_num_threads(threads)
    threadpoolctl.threadpool_limits(threads)
