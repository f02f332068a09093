"""What a sweep will take, told before it starts."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.cost import Cost, Workload, measure, workload_of
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.tasks import check_models


@dataclass(frozen=True)
class Estimate:
    """What is still to do, and what it will take.

    Attributes:
        clips: In the manifest.
        cells: In the plan; two names for one corruption share theirs.
        waiting: Cells that are not finished.
        rows: Scores they will bring.
        audio_seconds: Sound the models will hear.
        decode_seconds: Of one core.
        corrupt_seconds: Of one core.
        score_seconds: By the name of a model, of one core, or of its device.
        wall_seconds: On so many workers; on a device the larger of scoring and the rest.
        disk_bytes: Of the results.
        workers: For which `wall_seconds` is meant.
        failing: Models and corruptions that failed on every clip that was tried, and why.
    """

    clips: int
    cells: int
    waiting: int
    rows: int
    audio_seconds: float
    decode_seconds: float
    corrupt_seconds: float
    score_seconds: Mapping[str, float]
    wall_seconds: float
    disk_bytes: float
    workers: int
    failing: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """In plain values."""
        return asdict(self)


def estimate(
    plan: Plan,
    classifiers: Mapping[str, Classifier],
    finished: Collection[str] = (),
    workers: int = 1,
) -> Estimate:
    """How long the cells of a plan that are not finished will take on this machine.

    A few clips are decoded, corrupted under every condition and scored by every model that still
    has something to do, on one thread; the rest is arithmetic.

    Args:
        plan: What is to be done.
        classifiers: Its models, by the digests of their identities.
        finished: Ids of cells that are done.
        workers: Processes that will share the work.

    Raises:
        SweepError: A model of the plan is missing.
    """
    check_models(plan, classifiers)
    on_device = [
        model.name for model in plan.models if classifiers[model.digest].device.type != "cpu"
    ]
    workload = workload_of(plan, finished)
    return extrapolate(plan, workload, measure(plan, workload, classifiers), workers, on_device)


def extrapolate(
    plan: Plan, load: Workload, cost: Cost, workers: int, on_device: Collection[str] = ()
) -> Estimate:
    """The arithmetic of `estimate`, for a cost that is known.

    Args:
        plan: What is to be done.
        load: What of it is still to do.
        cost: Per clip.
        workers: Processes that will share what runs on processors.
        on_device: Names of the models that run on a device, beside the processors' work.
    """
    decode = float(sum(clips * cost.decode[rate] for rate, clips in load.decoded.items()))
    corrupt = float(sum(clips * cost.corrupt[what] for what, clips in load.corrupted.items()))
    score = {name: clips * cost.score[name] for name, clips in load.scored.items()}
    device = sum(seconds for name, seconds in score.items() if name in on_device)
    workers = max(1, min(workers, load.tasks))
    conditions = {condition.digest for condition in plan.conditions}
    processors = (decode + corrupt + sum(score.values()) - device) / workers
    return Estimate(
        clips=plan.clips.num_rows,
        cells=len(plan.models) * len(conditions) * len(plan.buckets),
        waiting=load.cells,
        rows=load.scored.total(),
        audio_seconds=load.scored.total() * cost.clip_seconds,
        decode_seconds=decode,
        corrupt_seconds=corrupt,
        score_seconds=score,
        wall_seconds=max(processors, device),
        disk_bytes=load.cells * cost.cell_bytes,
        workers=workers,
        failing=cost.failing,
    )
