import time
from dataclasses import dataclass
from typing import ClassVar

import pytest

from perturbations.errors import CorruptionError
from tests.xaudio.sweeps.small import RATE, Loudness, Quieter, Slow, loudness, small_manifest
from xaudio.classifiers.classifier import Classifier
from xaudio.sweeps.cost import Cost, measure, workload_of
from xaudio.sweeps.estimate import estimate, extrapolate
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
        decode={8000: 1.0},
        corrupt={(each.digest, 8000): 10.0 * each.severity for each in plan.conditions},
        score={"loudness": 100.0, "slow": 1000.0},
        cell_bytes=7.0,
        clip_seconds=0.25,
    )
    load = workload_of(plan, ())
    whole = extrapolate(plan, load, cost, workers=2)
    assert (whole.clips, whole.cells, whole.waiting) == (24, len(plan), len(plan))
    assert whole.rows == 24 * 3 * 2
    assert whole.audio_seconds == whole.rows * 0.25
    assert whole.decode_seconds == 24.0
    assert whole.corrupt_seconds == 24 * (0 + 10 + 20)
    assert whole.score_seconds == {"loudness": 24 * 3 * 100.0, "slow": 24 * 3 * 1000.0}
    assert whole.wall_seconds == (24 + 720 + 7200 + 72000) / 2
    assert whole.disk_bytes == 7.0 * len(plan)
    on_device = extrapolate(plan, load, cost, workers=2, on_device=["slow"])
    assert on_device.wall_seconds == 72000
    tasks = 3 * len(plan.buckets)
    assert load.tasks == tasks
    crowd = extrapolate(plan, load, cost, workers=1000)
    assert crowd.workers == tasks, "more have nothing to do"
    assert crowd.wall_seconds == (24 + 720 + 7200 + 72000) / tasks


def test_each_rate_is_decoded_and_corrupted_for(manifest):
    other = Classifier(Loudness(), "other", 16000, ("spoof", "bonafide"))
    plan, classifiers = plan_of(manifest, [Quieter()], [1], [loudness(), other])
    load = workload_of(plan, ())
    assert load.decoded == {8000: 24, 16000: 24}
    assert set(load.corrupted) == {(c.digest, r) for c in plan.conditions for r in (8000, 16000)}
    assert set(load.corrupted.values()) == {24}
    assert load.scored == {"loudness": 48, "other": 48}
    cost = measure(plan, load, classifiers)
    assert cost.decode.keys() == load.decoded.keys()
    assert cost.corrupt.keys() == load.corrupted.keys()
    assert cost.score.keys() == load.scored.keys()


def test_what_is_finished_costs_nothing_and_is_not_measured(manifest, tmp_path):
    models = [loudness()]
    plan, classifiers = plan_of(manifest, [Quieter()], [1, 2], models)
    sweep(manifest, models, [Quieter()], [1], tmp_path / "out", bucket_size=6)
    finished = SweepStore(tmp_path / "out").finished()
    assert estimate(plan, classifiers, finished).rows == 24
    cost = measure(plan, workload_of(plan, finished), classifiers)
    assert set(cost.corrupt) == {(plan.conditions[2].digest, 8000)}
    Quieter.asked.clear()
    for done in (plan, plan.part(100, 100)):
        nothing = estimate(done, classifiers, frozenset(plan.ids()))
        assert (nothing.waiting, nothing.wall_seconds, nothing.rows) == (0, 0.0, 0)
    assert not Quieter.asked


def test_broken_files_are_not_taken_for_fast_ones(manifest):
    """Of a bucket's clips those that can be read are measured, those of middling length first."""
    for row in manifest.rows[:20]:
        row.path.unlink()
    swept = [SweptModel(loudness())]
    identities = [model.identity() for model in swept]
    plan = plan_sweep(manifest, identities, [Slow()], [1], bucket_size=100)
    expected = estimate(plan, loaded(swept))
    assert expected.corrupt_seconds > 0.9 * 24 * 0.010
    assert expected.audio_seconds == pytest.approx(2 * 24 * 0.25)


def test_what_fails_on_every_clip_is_told_before_the_start(manifest):
    class Broken(Loudness):
        def forward(self, waveform):
            if waveform.shape[1] < 2 * RATE:
                raise KeyError("no such layer")
            return super().forward(waveform)

    @dataclass(frozen=True)
    class Unplugged(Quieter):
        name = "unplugged"

        def corrupt(self, waveform, sample_rate: int, level: float, keys):
            raise CorruptionError("The device is not there.")

    plan, classifiers = plan_of(manifest, [Unplugged(), Quieter()], [1, 2], [loudness()])
    assert estimate(plan, classifiers).failing == {"unplugged": "The device is not there."}

    @dataclass(frozen=True)
    class Fussy(Quieter):
        name = "fussy"

        def corrupt(self, waveform, sample_rate: int, level: float, keys):
            self.asked.append(keys[0].clip)
            if keys[0].clip == self.asked[0]:
                raise CorruptionError("Not this one.")
            return waveform

    Quieter.asked.clear()
    plan, classifiers = plan_of(manifest, [Fussy()], [1, 2], [loudness()])
    assert estimate(plan, classifiers).failing == {}, "others passed"
    broken = Classifier(Broken(), "broken", RATE, ("spoof", "bonafide"))
    plan, classifiers = plan_of(manifest, [Quieter()], [1], [broken, loudness("fine", 0.1)])
    ((name, why),) = estimate(plan, classifiers).failing.items()
    assert name == "broken"
    assert "no such layer" in why
    for row in manifest:
        row.path.unlink()
    plan, classifiers = plan_of(manifest, [Unplugged()], [1, 2], [loudness()])
    ((name, why),) = estimate(plan, classifiers).failing.items()
    assert name == "reading"
    assert "There is no file" in why


@dataclass(frozen=True)
class Dragging(Quieter):
    """Takes 50 ms a clip on any machine at least, and the first time ten times as long."""

    name: ClassVar[str] = "dragging"

    def corrupt(self, waveform, sample_rate: int, level: float, keys):
        time.sleep(0.05 if self.asked else 0.5)
        return super().corrupt(waveform, sample_rate, level, keys)


def test_measures_what_takes_the_time(manifest):
    Quieter.asked.clear()
    plan, classifiers = plan_of(manifest, [Dragging()], [1, 2], [loudness()])
    expected = estimate(plan, classifiers)
    assert 0.9 * 2 * 24 * 0.05 < expected.corrupt_seconds < 2 * 2 * 24 * 0.05
    assert expected.wall_seconds >= expected.corrupt_seconds
    assert expected.audio_seconds == pytest.approx(3 * 24 * 0.25)


def test_the_disk_is_about_what_is_written(manifest, tmp_path):
    plan, classifiers = plan_of(manifest, [Quieter()], [1, 2], [loudness()])
    expected = estimate(plan, classifiers).disk_bytes
    sweep(manifest, [loudness()], [Quieter()], [1, 2], tmp_path / "out", bucket_size=6)
    written = sum(file.stat().st_size for file in (tmp_path / "out" / "cells").iterdir())
    assert expected == pytest.approx(written, rel=0.25)
