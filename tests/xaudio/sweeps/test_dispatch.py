"""What becomes of work whose workers die, without a single process."""

import signal
from collections import Counter

import pytest

from tests.xaudio.sweeps.fake_pool import FakePool
from tests.xaudio.sweeps.small import Quieter, loudness, small_manifest
from xaudio.errors import SweepError
from xaudio.sweeps import Pipelined, Processes, pipelined, processes, sweep
from xaudio.sweeps.agenda import agenda_of
from xaudio.sweeps.dispatch import Crash, work_through
from xaudio.sweeps.identity import identify
from xaudio.sweeps.piecework import piecework
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.worker_pool import Death

LETHAL = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, 3)


@pytest.fixture
def plan(tmp_path):
    manifest = small_manifest(tmp_path / "audio")
    return plan_sweep(manifest, [identify(loudness())], [Quieter()], [1, 3], bucket_size=3)


def clips_of(task):
    return tuple(clip.digest for clip in task.bucket.clips)


def done(plan, workers, deaths, finished=()):
    """Every result, by condition and clip, and how often workers were started."""
    FakePool.started = 0
    pool = FakePool(clips_of, workers, deaths=deaths)
    found = {}
    for task, made in work_through(pool, agenda_of(plan, finished)):
        for digest in clips_of(task):
            assert (task.condition.name, task.condition.severity, digest) not in found
            found[task.condition.name, task.condition.severity, digest] = made
    assert pool.most_asked == 2, "one being done, one waiting; no more, for the others' sake"
    assert not any(worker.asked for worker in pool.workers)
    return found, FakePool.started


def everything(plan):
    return {
        (condition.name, condition.severity, clip.digest)
        for condition in plan.conditions
        for bucket in plan.buckets
        for clip in bucket.clips
    }


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_everything_once_when_nobody_dies(plan, workers):
    found, started = done(plan, workers, lambda work, time: None)
    assert found.keys() == everything(plan)
    assert started == workers


@pytest.mark.parametrize(("workers", "how"), [(3, signal.SIGSEGV), *((1, how) for how in LETHAL)])
def test_the_clip_to_blame_for_crashes_is_found_and_the_others_are_done(plan, workers, how):
    victim = plan.buckets[1].clips[1].digest

    def deaths(task, time):
        hit = victim in clips_of(task) and task.condition.severity == 3
        return how if hit else None

    name = "exit code 3" if how == 3 else how.name
    found, started = done(plan, workers, deaths)
    crashes = {where for where, made in found.items() if isinstance(made, Crash)}
    assert crashes == {("quieter", 3, victim)}
    assert found["quieter", 3, victim].reason.endswith(f"crashed ({name})")
    assert found.keys() == everything(plan)
    assert started == workers + 3, "twice with the bucket, once with the clip alone"


@pytest.mark.parametrize("how", [signal.SIGABRT, signal.SIGKILL, signal.SIGTERM])
def test_a_crash_or_kill_that_does_not_come_again_leaves_no_trace(plan, how):
    target = plan.buckets[0].digest

    def deaths(task, time):
        return how if task.bucket.digest == target and time == 0 else None

    found, started = done(plan, 2, deaths)
    assert found.keys() == everything(plan)
    assert not any(isinstance(made, Crash) for made in found.values())
    assert started == 2 + len(plan.conditions)


def test_work_that_gets_workers_killed_three_times_ends_the_sweep(plan):
    target = plan.buckets[0].digest

    def often(times):
        def deaths(task, time):
            return signal.SIGKILL if task.bucket.digest == target and time < times else None

        return deaths

    assert done(plan, 1, often(2))[0].keys() == everything(plan)
    with pytest.raises(SweepError, match=r"keep being killed \(SIGKILL\).*fewer workers"):
        done(plan, 1, often(3))


def test_workers_that_cannot_start_end_the_sweep(plan):
    with pytest.raises(SweepError, match=r"could not start \(exit code 1\): last line"):
        done(plan, 1, lambda task, time: -1)


def test_what_a_worker_raises_is_raised_here(plan):
    def fail(task):
        raise SweepError("no such thing")

    with pytest.raises(SweepError, match="no such thing"):
        list(work_through(FakePool(fail, 2), agenda_of(plan, ())))


@pytest.mark.parametrize(
    ("executor", "module"), [(Processes(2), processes), (Pipelined(2), pipelined)]
)
def test_a_crash_is_a_failed_row_beside_the_right_ones(tmp_path, monkeypatch, executor, module):
    manifest = small_manifest(tmp_path / "audio")
    settings = {"corruptions": [Quieter()], "severities": [1], "bucket_size": 6}
    models = [loudness(), loudness("strict", threshold=0.005)]
    plain = sweep(manifest, models, out=tmp_path / "plain", **settings).rows()
    victim = plain["digest"][5].as_py()

    def pool(performer, count, threads=1):
        assert count == 2
        return FakePool(
            performer,
            count,
            deaths=lambda task, time: signal.SIGSEGV if victim in clips_of(task) else None,
        )

    monkeypatch.setattr(module, "WorkerPool", pool)
    store = sweep(manifest, models, out=tmp_path / "out", executor=executor, **settings)
    rows = store.rows().to_pylist()
    assert Counter(row["digest"] for row in rows if row["score"] is None) == {victim: 4}
    assert all("crashed (SIGSEGV)" in row["error"] for row in rows if row["digest"] == victim)
    assert [row for row in rows if row["digest"] != victim] == [
        row for row in plain.to_pylist() if row["digest"] != victim
    ]


@pytest.mark.parametrize("executor", [Processes(0), Pipelined(0), Processes(-1)])
def test_no_workers_are_refused(tmp_path, executor):
    manifest = small_manifest(tmp_path / "audio", clips=2)
    with pytest.raises(SweepError, match="At least one worker"):
        sweep(manifest, [loudness()], [], out=tmp_path / "out", executor=executor)


def test_piecework_tries_twice_and_tells_the_last_death(monkeypatch):
    def deaths(piece, time):
        return {"unlucky": [signal.SIGSEGV, None], "bad": [signal.SIGSEGV, signal.SIGBUS]}.get(
            piece, [None]
        )[time]

    monkeypatch.setattr(
        "xaudio.sweeps.piecework.WorkerPool",
        lambda performer, count: FakePool(performer, count, deaths=deaths),
    )
    pieces = ["a", "bad", "b", "unlucky", "c"]
    found = dict(piecework(str.upper, pieces, 3))
    death = found.pop("bad")
    assert isinstance(death, Death)
    assert death.why == "SIGBUS"
    assert found == {"a": "A", "b": "B", "unlucky": "UNLUCKY", "c": "C"}
    assert dict(piecework(str.upper, pieces, 1)) == {piece: piece.upper() for piece in pieces}
    assert list(piecework(str.upper, [], 3)) == []


def test_piecework_ends_where_workers_cannot_start_or_raise(monkeypatch):
    monkeypatch.setattr(
        "xaudio.sweeps.piecework.WorkerPool",
        lambda performer, count: FakePool(performer, count, deaths=lambda piece, time: -1),
    )
    with pytest.raises(SweepError, match=r"could not start \(exit code 1\): last line"):
        list(piecework(str.upper, ["a", "b"], 2))
    monkeypatch.setattr("xaudio.sweeps.piecework.WorkerPool", FakePool)
    with pytest.raises(ZeroDivisionError):
        list(piecework(lambda piece: 1 // piece, [1, 0], 2))
