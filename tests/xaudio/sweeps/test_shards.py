import pyarrow as pa
import pytest

from tests.xaudio.sweeps.small import RATE, Noisy, Quieter, loudness, small_manifest
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import SweepError
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.ray_workers import check_reach, pickled, unpickled
from xaudio.sweeps.shards import outline_of, waiting_shards
from xaudio.sweeps.tasks import waiting_tasks


def a_plan(folder):
    models = [identify(loudness()), identify(loudness("strict", threshold=0.005))]
    manifest = small_manifest(folder / "audio")
    return plan_sweep(manifest, models, [Quieter(), Noisy()], [1, 3], bucket_size=3)


def a_plan_of(path):
    row = ManifestRow(clip="gone", path=path, label="spoof")
    return plan_sweep(Manifest.of([row]), [identify(loudness())], [])


def ids(tasks):
    return [cell.id for task in tasks for cell in task.cells]


def test_shards_hold_the_waiting_tasks_in_order(tmp_path):
    plan = a_plan(tmp_path)
    finished = frozenset(list(plan.ids())[3::4])
    expected = ids(waiting_tasks(plan, finished))
    for most in (1, 2, 100):
        shards = list(waiting_shards(plan, finished, most))
        assert max(len(shard.tasks) for shard in shards) == min(most, 5)
        tasks = [task for shard in shards for task in shard.work(outline_of(plan))]
        assert ids(tasks) == expected
        assert {task.sample_rate for task in tasks} == {RATE}


def test_a_shard_travels_without_the_rest_of_the_plan(tmp_path):
    plan = a_plan(tmp_path)
    shards = list(waiting_shards(plan, (), 100))
    whole = len(pickled(plan.clips))
    for shard in shards:
        there = unpickled(pickled(shard))
        assert len(pickled(shard)) < whole
        assert ids(there.work(unpickled(pickled(outline_of(plan))))) == ids(shard.work(plan))
        assert there.bucket.table.equals(shard.bucket.table)
    assert outline_of(plan).clips.num_rows == 0


def test_clip_by_clip_keeps_the_cells_names(tmp_path):
    plan = a_plan(tmp_path)
    shard = next(iter(waiting_shards(plan, (), 100)))
    singles = list(shard.clip_by_clip())
    assert [len(single.bucket) for single in singles] == [1] * len(shard.bucket)
    assert pa.concat_tables([s.bucket.table for s in singles]).equals(shard.bucket.table)
    assert ids(singles[0].work(plan)) == ids(shard.work(plan))


def test_a_machine_that_sees_no_clip_of_a_bucket_refuses_it(tmp_path):
    (bucket, *_) = a_plan(tmp_path).buckets
    for clip in bucket.clips[1:]:
        clip.path.unlink()
    check_reach(bucket)
    bucket.clips[0].path.unlink()
    with pytest.raises(SweepError, match="was there when the sweep was planned"):
        check_reach(bucket)
    (missing_everywhere, *_) = a_plan_of(bucket.clips[0].path).buckets
    check_reach(missing_everywhere)
