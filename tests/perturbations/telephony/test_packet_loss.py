import itertools

import numpy as np
import pytest
import torch

from perturbations.contract import check_corruption
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
PACKET = 320


@pytest.mark.parametrize("concealment", ["silence", "repeat", "extrapolate"])
def test_promises_kept_with_every_concealment(concealment):
    loss = load_corruption("packet-loss", concealment=concealment)
    check_corruption(loss)
    check_corruption(loss, speech_like(2, 0.6, 44_100), 44_100)


def test_what_it_tells_is_what_is_missing():
    loss = load_corruption("packet-loss", concealment="silence", mean_burst_packets=3.0)
    clip = torch.full((1, 60 * RATE), 0.5)
    before = torch.zeros_like(clip, dtype=torch.bool)
    for severity, percent in enumerate(loss.levels, 1):
        corrupted = loss.apply(clip, RATE, severity, keys(1))
        missing = corrupted.waveform == 0
        facts = corrupted.facts[0]
        assert missing.float().mean() == pytest.approx(facts["lost_share"], abs=2 / 3000)
        assert facts["packets_lost"] == round(facts["lost_share"] * 3001)
        assert abs(facts["lost_share"] - percent / 100) < 0.05
        assert not (before & ~missing).any()
        edges = missing[0].int().diff().nonzero()[:, 0].numpy() + 1
        assert len(set(edges % PACKET)) == 1
        before = missing


def test_clips_begin_anywhere_in_a_packet():
    loss = load_corruption("packet-loss", concealment="silence", levels=[50.0])
    clip = torch.full((1, 2 * RATE), 0.5)
    begins = []
    for repeat in range(40):
        missing = (loss.apply(clip, RATE, 1, [Key("clip", repeat)]).waveform == 0)[0]
        begins.append((int(missing.int().diff().nonzero()[0, 0]) + 1) % PACKET)
    assert len(set(begins)) > 30
    assert np.mean(begins) == pytest.approx(PACKET / 2, abs=4 * PACKET / (12 * 40) ** 0.5)


def test_a_loss_is_always_heard():
    clips = torch.zeros(30, RATE)
    clips[:, 4000:5000] = speech_like(1, 0.1)[:, :1000]
    loss = load_corruption("packet-loss", levels=[0.1])
    for row, clip in enumerate(clips):
        assert not torch.equal(loss.apply(clip[None], RATE, 1, [Key(str(row))]).waveform[0], clip)


def test_better_concealment_is_closer():
    clips = speech_like(4, 4.0)
    errors = []
    for concealment in ("silence", "extrapolate"):
        loss = load_corruption("packet-loss", concealment=concealment)
        corrupted = loss.apply(clips, RATE, 4, keys(4)).waveform
        errors.append((corrupted - clips).square().mean(1))
    assert (errors[1] < errors[0]).all()


def test_any_length_at_any_rate():
    loss = load_corruption("packet-loss")
    for rate, length in itertools.product((4_000, 11_025, 192_000), (2, 3, 79, 81, 1000)):
        for clip in (torch.zeros(1, length), torch.ones(1, length)):
            corrupted = loss.apply(clip, rate, 5, keys(1)).waveform
            assert corrupted.shape == clip.shape
            assert torch.isfinite(corrupted).all()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"levels": [0.0]}, "above 0"),
        ({"levels": [60.0]}, "bursts of 2.5"),
        ({"mean_burst_packets": 1.0}, "bursts of 1.43"),
        ({"mean_burst_packets": "long"}, "finite number"),
        ({"concealment": "magic"}, "silence"),
    ],
)
def test_settings_are_checked(settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption("packet-loss", **settings)
