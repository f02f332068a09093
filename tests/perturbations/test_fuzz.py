"""Any clip at any rate: a result of the promised shape and range; what is no clip is refused.

Few clips in ``make test``, always the same; as many as one likes, longer and drawn anew, in
``make soak`` (`SOAK` is the number of clips per corruption).
"""

import json
import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from perturbations.certificates import certify, quality
from perturbations.contract import Trial, check_clock
from perturbations.corruption import corruptions, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, speech_like

NEED_FILES = {"dac", "encodec", "impulse-response", "mimi"}
NAMES = sorted(set(corruptions.names()) - NEED_FILES)
SOAK = int(os.environ.get("SOAK", "0"))
LONGEST_SAMPLES = 30_000
LONGEST_SECONDS = 60
RATES = [4_000, 8_000, 11_025, 16_000, 44_100, 192_000]

SHAPES = {
    "silence": torch.zeros,
    "full scale": lambda n: torch.ones(n) * (-1) ** torch.arange(n),
    "constant": torch.ones,
    "click": lambda n: torch.nn.functional.one_hot(torch.tensor(n // 2), n).float(),
    "faint": lambda n: torch.full((n,), 1e-30),
    "too loud": lambda n: torch.full((n,), 30.0),
    "noise": lambda n: torch.sin(torch.arange(n) ** 2.0),
    "speech": lambda n: speech_like(1, n / 16_000)[0][:n],
    "mostly silence": lambda n: torch.sin(torch.arange(n) / 9) * (torch.arange(n) > 0.9 * n),
}
NO_CLIPS = {
    "no sample": (torch.zeros(1, 0), 16_000),
    "one sample": (torch.zeros(1, 1), 16_000),
    "one NaN": (torch.tensor([[0.0, float("nan"), 0.0]]), 16_000),
    "infinite": (torch.full((2, 400), float("inf")), 16_000),
    "16-bit samples": (torch.full((1, 400), 20_000.0), 16_000),
    "too low a rate": (torch.zeros(1, 400), 3_999),
    "too high a rate": (torch.zeros(1, 400), 192_001),
}


@st.composite
def lengths_and_rates(draw):
    rate = draw(st.one_of(st.sampled_from(RATES), st.integers(4_000, 192_000)))
    lengths = [st.integers(2, 40), st.integers(41, LONGEST_SAMPLES)]
    if SOAK:
        lengths.append(st.integers(LONGEST_SAMPLES, LONGEST_SECONDS * rate))
    return draw(st.one_of(lengths)), rate


@pytest.fixture(autouse=True)
def without_slow_quality_measures(monkeypatch):
    monkeypatch.setattr(quality, "find_spec", lambda name: None)


@pytest.mark.parametrize("name", NAMES)
@given(
    size=lengths_and_rates(),
    severity=st.integers(1, 5),
    shapes=st.lists(st.sampled_from(sorted(SHAPES)), min_size=1, max_size=2),
)
@example((2, 4_000), 5, ["full scale"])
@example((2, 192_000), 5, ["silence"])
@example((3_000, 8_000), 5, ["click", "silence"])
@example((20_000, 44_100), 3, ["speech", "too loud"])
@settings(
    max_examples=SOAK or 12,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_any_clip_becomes_what_was_promised(name, size, severity, shapes):
    length, rate = size
    batch = torch.stack([SHAPES[shape](length)[:length].float() for shape in shapes])
    corruption, named = load_corruption(name), keys(len(batch))
    corrupted = corruption.apply(batch, rate, severity, named)
    assert corrupted.waveform.dtype == torch.float32
    assert len(corrupted.waveform) == len(corrupted.lengths) == len(batch)
    assert torch.isfinite(corrupted.waveform).all()
    assert corrupted.waveform.abs().max() <= 1 + 1e-6
    trial = Trial(corruption, severity, batch, rate, named, corrupted)
    for row, clip in enumerate(batch):
        check_clock(trial, row)
        facts = corrupted.facts[row].values()
        assert all(isinstance(fact, str) or math.isfinite(fact) for fact in facts)
        figures = certify(clip, corrupted.clip(row), rate)
        json.dumps(figures.as_dict(), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("severity", [0, 5])
def test_what_is_no_clip_is_refused(name, severity):
    corruption = load_corruption(name)
    for batch, rate in NO_CLIPS.values():
        with pytest.raises(CorruptionError):
            corruption.apply(batch, rate, severity, keys(len(batch)))


def test_threads_do_not_get_in_each_others_way():
    """Every corruption at once, each twice; in batches of two.

    Without audiomentations, which draws from Python's global random numbers: so do the run-time
    checks of these tests, in the other threads.
    """
    clips, rate = speech_like(2, 0.4), 16_000
    names = [name for name in NAMES if name != "audiomentations"]

    def made(name):
        return load_corruption(name).apply(clips, rate, 3, keys(2)).waveform.numpy()

    alone = {name: made(name) for name in names}
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(made, names * 2))
    for name, result in zip(names * 2, together, strict=True):
        assert np.allclose(result, alone[name], rtol=0, atol=1e-6), name
