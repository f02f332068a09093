"""Work in parcels for other machines: one bucket and what is to be done with its clips."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from xaudio.sweeps.buckets import Bucket
from xaudio.sweeps.plan import Plan
from xaudio.sweeps.tasks import Task, tasks_of_bucket


@dataclass(frozen=True)
class Shard:
    """Tasks about one bucket, told by their places in the plan, so that a shard is small.

    Attributes:
        bucket: Whose clips.
        tasks: For each task its sample rate in hertz, the place of its condition in the plan, and
            the places of its models.
    """

    bucket: Bucket
    tasks: tuple[tuple[int, int, tuple[int, ...]], ...]

    def work(self, outline: Plan) -> Iterator[Task]:
        """The tasks, for whoever knows the plan's conditions and models."""
        for sample_rate, condition, models in self.tasks:
            yield Task(
                self.bucket,
                outline.conditions[condition],
                sample_rate,
                tuple(outline.models[model] for model in models),
            )

    def clip_by_clip(self) -> Iterator["Shard"]:
        """The same work, one clip at a time."""
        for row in range(len(self.bucket)):
            yield replace(self, bucket=replace(self.bucket, table=self.bucket.table.slice(row, 1)))


def outline_of(plan: Plan) -> Plan:
    """A plan's conditions and models, without its clips."""
    return replace(plan, clips=plan.clips.slice(0, 0), buckets=())


def waiting_shards(plan: Plan, finished: Collection[str], most: int) -> Iterator[Shard]:
    """What is still to do, bucket by bucket, in shards of up to `most` tasks."""
    conditions = {condition.digest: place for place, condition in enumerate(plan.conditions)}
    models = {model.digest: place for place, model in enumerate(plan.models)}
    for bucket in plan.buckets:
        places = [
            (
                task.sample_rate,
                conditions[task.condition.digest],
                tuple(models[model.digest] for model in task.models),
            )
            for task in tasks_of_bucket(plan, bucket, finished)
        ]
        for start in range(0, len(places), most):
            yield Shard(bucket, tuple(places[start : start + most]))
