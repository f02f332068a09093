import pytest

from tests.xaudio.sweeps.small import Quieter, Slow, loudness, small_manifest
from xaudio.sweeps.estimate import Cost, estimate, extrapolate
from xaudio.sweeps.plan import plan_sweep
from xaudio.sweeps.store import SweepStore
from xaudio.sweeps.sweeping import sweep
from xaudio.sweeps.swept_model import SweptModel, loaded


@pytest.fixture
def manifest(tmp_path):
    return small_manifest(tmp_path / "audio", clips=24)


def plan_of(manifest, corruptions, severities, models):
    swept = [SweptModel(model) for model in models]
    identities = [model.identity() for model in swept]
    return plan_sweep(manifest, identities, corruptions, severities, bucket_size=6), loaded(swept)


def test_the_arithmetic(manifest):
    models = [loudness(), loudness("slow", threshold=0.5)]
    plan, _ = plan_of(manifest, [Quieter()], [1, 2], models)
    cost = Cost(
        decode=1.0,
        corrupt={condition.digest: 10.0 * condition.severity for condition in plan.conditions},
        score={"loudness": 100.0, "slow": 1000.0},
        cell_bytes=7.0,
        clip_seconds=0.25,
    )
    whole = extrapolate(plan, cost, (), workers=2)
    assert (whole.clips, whole.cells, whole.waiting) == (24, len(plan), len(plan))
    assert whole.rows == 24 * 3 * 2
    assert whole.audio_seconds == whole.rows * 0.25
    assert whole.decode_seconds == 24.0
    assert whole.corrupt_seconds == 24 * (0 + 10 + 20)
    assert whole.score_seconds == {"loudness": 24 * 3 * 100.0, "slow": 24 * 3 * 1000.0}
    assert whole.wall_seconds == (24 + 720 + 7200 + 72000) / 2
    assert whole.disk_bytes == 7.0 * len(plan)
    on_device = extrapolate(plan, cost, (), workers=2, on_device=["slow"])
    assert on_device.wall_seconds == 72000


def test_what_is_finished_costs_nothing(manifest, tmp_path):
    models = [loudness()]
    plan, classifiers = plan_of(manifest, [Quieter()], [1, 2], models)
    sweep(manifest, models, [Quieter()], [1], tmp_path / "out", bucket_size=6)
    rest = estimate(plan, classifiers, SweepStore(tmp_path / "out").finished())
    assert rest.rows == 24
    done = extrapolate(plan, Cost(1.0, {}, {}, 1.0, 1.0), frozenset(plan.ids()), workers=1)
    assert (done.waiting, done.wall_seconds, done.rows) == (0, 0.0, 0)


def test_measures_what_takes_the_time(manifest):
    """Slow takes 10 ms a clip at every severity, on any machine at least."""
    plan, classifiers = plan_of(manifest, [Slow()], [1, 2], [loudness()])
    expected = estimate(plan, classifiers)
    assert 0.9 * 2 * 24 * 0.010 < expected.corrupt_seconds < 20 * 24 * 0.010
    assert expected.wall_seconds >= expected.corrupt_seconds
    assert expected.audio_seconds == pytest.approx(3 * 24 * 0.25)


def test_the_disk_is_about_what_is_written(manifest, tmp_path):
    plan, classifiers = plan_of(manifest, [Quieter()], [1, 2], [loudness()])
    expected = estimate(plan, classifiers).disk_bytes
    sweep(manifest, [loudness()], [Quieter()], [1, 2], tmp_path / "out", bucket_size=6)
    written = sum(file.stat().st_size for file in (tmp_path / "out" / "cells").iterdir())
    assert expected == pytest.approx(written, rel=0.25)
