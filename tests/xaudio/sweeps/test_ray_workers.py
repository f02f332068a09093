"""What actors do, without Ray: they are classes like any others."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

import xaudio.sweeps.ray_workers as ray_workers
from tests.xaudio.sweeps.small import RATE, Loudness, Noisy, Quieter, loudness, small_manifest
from xaudio.errors import SweepError
from xaudio.sweeps.identity import identify
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.ray_cluster import DIED, completed
from xaudio.sweeps.ray_witness import AskedWitness, Witness
from xaudio.sweeps.ray_workers import Corrupting, Evaluating, Scoring, Terms, packed, unpacked
from xaudio.sweeps.shards import outline_of, waiting_shards
from xaudio.sweeps.swept_model import SweptModel
from xaudio.sweeps.tasks import Decoder, perform, waiting_tasks

MODELS = [loudness(), loudness("strict", threshold=0.005)]


def another_each_time() -> Loudness:
    return Loudness(float.fromhex(os.urandom(4).hex()))


class Remembered(AskedWitness):
    """The witness, in this process."""

    def wanted(self, work):
        return self._witness.wanted(work)

    def finish(self, work):
        self._witness.finish(work)


@pytest.fixture(autouse=True)
def no_ray(monkeypatch):
    monkeypatch.setattr(ray_workers, "AskedWitness", Remembered)
    monkeypatch.setattr(ray_workers, "_limit_threads", lambda threads: None)


@pytest.fixture
def plan(tmp_path):
    models = [identify(model) for model in MODELS]
    manifest = small_manifest(tmp_path / "audio", 6)
    return plan_sweep(manifest, models, [Quieter(), Noisy()], [2], bucket_size=6)


def terms_of(plan, models, witness):
    pickled = ray_workers.pickled
    swept = tuple(SweptModel(model) for model in models)
    return Terms(pickled(outline_of(plan)), pickled(swept), None, 1, witness)


def outcomes(batches):
    return [outcome for batch in batches for outcome in unpacked(batch)]


def here(plan, task):
    classifiers = {identify(model).digest: model for model in MODELS}
    return perform(task, Decoder().clips(task), classifiers)


def same(found, expected):
    return len(found) == len(expected) and all(
        a[0] == b[0] and a[1].equals(b[1]) for a, b in zip(found, expected, strict=True)
    )


def test_an_actor_makes_the_rows_of_each_task(plan):
    witness = Witness()
    evaluate = Evaluating(terms_of(plan, MODELS, witness))
    made = [o for s in waiting_shards(plan, (), 9) for o in outcomes(evaluate(packed(s)))]
    tasks = list(waiting_tasks(plan, ()))
    assert len(made) == len(tasks) == 3
    assert all(same(o.made, here(plan, task)) for o, task in zip(made, tasks, strict=True))


def test_two_stages_make_the_same_rows(plan):
    terms = terms_of(plan, MODELS, Witness())
    corrupt, score = Corrupting(terms), Scoring(terms)
    made = [
        outcome
        for shard in waiting_shards(plan, (), 9)
        for corrupted in corrupt(packed(shard))
        for outcome in outcomes(score(corrupted))
    ]
    for outcome, task in zip(made, waiting_tasks(plan, ()), strict=True):
        assert same(outcome.made, here(plan, task))


def test_what_is_finished_or_hopeless_is_passed_over_in_its_place(plan):
    witness = Witness()
    shard = next(waiting_shards(plan, (), 9))
    first, second, third = (ray_workers.name_of(task) for task in shard.work(plan))
    witness.finish(first)
    while witness.wanted(second):
        pass
    made = outcomes(Evaluating(terms_of(plan, MODELS, witness))(packed(shard)))
    assert [outcome.made is None for outcome in made] == [True, True, False]
    assert all(outcome.failure is None for outcome in made)
    assert third in witness._finished


def test_single_clips_have_names_of_their_own(plan):
    shard = next(waiting_shards(plan, (), 9))
    names = {ray_workers.name_of(task) for task in shard.work(plan)}
    for single in shard.clip_by_clip():
        names |= {ray_workers.name_of(task) for task in single.work(plan)}
    assert len(names) == 3 + 3 * len(shard.bucket)


def test_another_model_than_planned_is_a_failure_and_not_a_row(tmp_path):
    model = SweptModel(f"{__name__}:another_each_time", None, ("spoof", "bonafide"), RATE)
    plan = plan_sweep(small_manifest(tmp_path / "a", 3), [model.identity()], [])
    terms = terms_of(plan, [], Witness())
    terms = Terms(terms.outline, ray_workers.pickled((model,)), None, 1, terms.witness)
    (outcome,) = outcomes(Evaluating(terms)(packed(next(waiting_shards(plan, (), 9)))))
    assert isinstance(outcome.failure, SweepError)
    assert "not among those that were given" in str(outcome.failure)


def test_a_plan_that_cannot_be_read_is_a_failure(plan):
    terms = Terms(b"\x80no pickle", b"", None, 1, Witness())
    (outcome,) = outcomes(Evaluating(terms)(packed(next(waiting_shards(plan, (), 9)))))
    assert outcome.failure is not None


def test_clips_that_came_through_alone_are_put_together_and_the_others_failed(plan):
    shard = next(waiting_shards(plan, (), 9))
    task = next(shard.work(plan))
    whole = here(plan, task)
    singles = [next(single.work(plan)) for single in shard.clip_by_clip()]
    parts = {cell: [] for cell, _ in whole}
    for single in (singles[2], singles[0]):
        for cell, rows in here(plan, single):
            parts[cell].append(rows)
    for (cell, rows), (name, expected) in zip(completed(task, parts), whole, strict=True):
        assert cell == name
        assert rows["digest"].equals(expected["digest"])
        assert rows.take([0, 2]).equals(expected.take([0, 2]))
        assert rows["error"].to_pylist() == [None, DIED, None, DIED, DIED, DIED]
    nothing = completed(task, {})
    assert [rows["error"].to_pylist() for _, rows in nothing] == [[DIED] * 6] * 2
    assert isinstance(nothing[0][1], pa.Table)


def test_a_disk_that_is_missing_here_makes_no_failed_rows(plan):
    for path in plan.clips["path"].to_pylist():
        Path(path).unlink()
    evaluate = Evaluating(terms_of(plan, MODELS, Witness()))
    (outcome,) = outcomes(evaluate(packed(next(waiting_shards(plan, (), 9)))))
    assert "cannot see it" in str(outcome.failure)
