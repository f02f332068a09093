import dataclasses

import numpy as np
import pytest

from xaudio.audio import Clip
from xaudio.verdicts.conditions import QUANTITIES, Conditions, measure_conditions


def clip(samples, rate=16000):
    return Clip(samples.astype(np.float32), rate, "clip.wav", "0" * 64)


def noise(seconds=2.0, rate=16000):
    return np.random.default_rng(0).normal(0, 0.1, int(seconds * rate))


def test_each_figure_follows_what_was_done():
    samples = noise()
    plain = measure_conditions(clip(samples))
    assert plain.seconds == 2.0
    assert plain.sample_rate == 16000
    assert plain.highest_hz == 8000
    assert plain.clipped_share == plain.silent_share == 0
    for offset in (0.05, -0.05):
        moved = measure_conditions(clip(samples + offset))
        assert moved.dc_offset == pytest.approx(0.05, abs=1e-3)
    clipped = measure_conditions(clip(samples.clip(-0.05, 0.05)))
    # A sample is beyond half a standard deviation with p = 0.31 on either side: three in a row.
    assert 0.1 < clipped.clipped_share < 0.31 * 2
    gap = samples.copy()
    gap[8000:16000] = 0
    assert measure_conditions(clip(gap)).silent_share == pytest.approx(0.25)
    louder = measure_conditions(clip(2 * samples))
    assert louder.loudness_lufs - plain.loudness_lufs == pytest.approx(6.02, abs=0.01)
    assert louder.snr_db == pytest.approx(plain.snr_db, abs=1e-3)


def test_an_offset_changes_no_other_figure():
    quiet = 0.01 * noise()
    plain, moved = (measure_conditions(clip(quiet + offset)) for offset in (0.0, 0.5))
    kept = ("highest_hz", "lowest_hz", "snr_db", "voiced_share")
    for name in kept:
        assert getattr(moved, name) == pytest.approx(getattr(plain, name), rel=1e-2)


@pytest.mark.parametrize("samples", [np.array([0.1, -0.1]), np.full(50, 0.3), noise(0.3)])
@pytest.mark.parametrize("rate", [50, 8000, 96000])
def test_what_is_too_short_is_measured_as_far_as_it_goes(samples, rate):
    found = measure_conditions(clip(samples, rate))
    for value in found.as_dict().values():
        assert value is None or np.isfinite(value)
    if len(samples) / rate < 0.4:
        assert found.loudness_lufs is None


def test_every_quantity_but_the_rate_can_be_spoken_of():
    names = {field.name for field in dataclasses.fields(Conditions)}
    assert set(QUANTITIES) == names - {"sample_rate"}
    assert QUANTITIES["seconds"].text(0.3) == "0.30 s"
    assert QUANTITIES["snr_db"].text(-3.14) == "-3.1 dB"
