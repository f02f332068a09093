import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.chain import Chain, Step, merged
from perturbations.contract import check_corruption
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.time_map import TimeMap
from tests.perturbations.signals import keys, speech_like

RATE = 16_000


@dataclass(frozen=True)
class LateStart(ClipCorruption):
    """Takes a keyed length off the beginning."""

    name: ClassVar[str] = "late-start"
    summary: ClassVar[str] = "Begins later."
    quantity: ClassVar[str] = "seconds"
    random: ClassVar[bool] = True
    levels: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        cut = int(level * self.generator(key).uniform(0.5, 1) * sample_rate)
        return CorruptedSamples(
            samples[cut:], TimeMap.later(-cut / sample_rate), {"cut": float(cut)}
        )


@dataclass(frozen=True)
class EarlyEnd(ClipCorruption):
    """Takes a keyed length off the end, which no time map says."""

    name: ClassVar[str] = "early-end"
    summary: ClassVar[str] = "Ends earlier."
    quantity: ClassVar[str] = "seconds"
    random: ClassVar[bool] = True
    levels: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        cut = int(level * self.generator(key).uniform(0.5, 1) * sample_rate)
        left = samples[: len(samples) - cut]
        return CorruptedSamples(left, facts={"cut": float(cut), "seconds": len(left) / sample_rate})


@dataclass(frozen=True)
class Backwards(ClipCorruption):
    """Plays from the end: what follows the end would come first."""

    name: ClassVar[str] = "backwards"
    summary: ClassVar[str] = "Plays backwards."
    quantity: ClassVar[str] = "nothing"
    levels: tuple[float, ...] = (1.0,) * 5

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        end = len(samples) / sample_rate
        return CorruptedSamples(samples.flip(0), TimeMap((0.0, end), (end, 0.0)), {"cut": 0.0})


def chain_of(*steps, name="trial"):
    """Names or corruptions that follow, or pairs with a severity."""
    made = []
    for step in steps:
        corruption, severity = step if isinstance(step, tuple) else (step, None)
        if isinstance(corruption, str):
            corruption = load_corruption(corruption)
        made.append(Step(corruption, severity))
    return Chain(name=name, steps=tuple(made))


@pytest.mark.parametrize(
    "steps",
    [
        ("low-pass", "white-noise", ("mp3", 3)),
        ("time-stretch", "packet-loss", "opus"),
        ("echo", "packet-loss", ("packet-loss", 1)),
        (("packet-loss", 2), "time-stretch", "time-stretch", "time-stretch"),
    ],
)
def test_chains_keep_the_promises_of_corruptions(steps):
    check_corruption(chain_of(*steps), speech_like(2, 0.9))


def test_a_chain_is_its_steps_by_hand():
    chain = chain_of("white-noise", ("time-stretch", 3), "mp3", ("white-noise", 5))
    clips = speech_like(2, 0.7)
    chained = chain.apply(clips, RATE, 2, keys(2))
    for row, key in enumerate(keys(2)):
        second = replace(key, clip=key.clip + "\0" + "2")
        by_hand = clips[row : row + 1].clone()
        for name, severity, own in (
            ("white-noise", 2, key),
            ("time-stretch", 3, key),
            ("mp3", 2, key),
            ("white-noise", 5, second),
        ):
            by_hand = load_corruption(name).apply(by_hand, RATE, severity, [own]).waveform
        assert torch.equal(chained.clip(row).samples, by_hand[0])


def test_the_first_of_a_kind_draws_as_it_does_alone():
    alone = load_corruption("white-noise")
    clips = speech_like(2, 0.5)
    expected = alone.apply(clips, RATE, 3, keys(2)).waveform
    assert torch.equal(chain_of("white-noise").apply(clips, RATE, 3, keys(2)).waveform, expected)


def test_two_of_a_kind_draw_apart():
    loss = replace(load_corruption("packet-loss"), concealment="silence", levels=(20.0,))
    clip = torch.full((1, 10 * RATE), 0.5)
    once = chain_of((loss, 1)).apply(clip, RATE, 1, keys(1))
    twice = chain_of((loss, 1), (loss, 1)).apply(clip, RATE, 1, keys(1))
    first, both = once.waveform == 0, twice.waveform == 0
    assert (both & first).sum() == first.sum()
    added = (both & ~first).sum() / (~first).sum()
    assert 0.1 < added < 0.3
    facts = twice.facts[0]
    assert facts["packet-loss.lost_share"] == once.facts[0]["lost_share"]
    assert facts["packet-loss-2.lost_share"] != once.facts[0]["lost_share"]
    packets = facts["packet-loss.packets_lost"] / facts["packet-loss.lost_share"]
    assert packets == pytest.approx(500, abs=1.5)


def test_what_follows_a_shorter_clip_is_not_heard():
    clips = torch.ones(3, RATE)
    chained = chain_of(LateStart(), Backwards()).apply(clips, RATE, 5, keys(3))
    assert len(set(chained.lengths)) == 3
    for row in range(3):
        assert bool((chained.clip(row).samples == 1).all())
        assert bool((chained.waveform[row, chained.lengths[row] :] == 0).all())
        facts = chained.facts[row]
        assert facts["late-start.cut"] == RATE - chained.lengths[row]
        assert facts["backwards.cut"] == 0


def test_a_length_that_no_map_tells_is_told():
    chained = chain_of(EarlyEnd(), "time-stretch").apply(torch.ones(2, RATE), RATE, 3, keys(2))
    for row in range(2):
        clip = chained.clip(row)
        left = RATE - clip.facts["cut"]
        assert clip.facts["seconds"] == len(clip.samples) / RATE == round(left / 1.3) / RATE
    untouched = chain_of("low-pass", "time-stretch").apply(torch.ones(1, RATE), RATE, 3, keys(1))
    assert untouched.facts[0] == {}
    assert merged([("padding", {"seconds": 2.0}), ("codec", {"seconds": 2.0})]) == {}


def test_the_composed_map_finds_each_click():
    clicks = torch.zeros(1, 4 * RATE)
    said_at = np.arange(1, 8) * 0.5
    clicks[0, (said_at * RATE).astype(int)] = 0.9
    stretch = replace(load_corruption("time-stretch"), levels=(0.8, 1.25))
    chain = chain_of((stretch, 1), (LateStart(), 4), (stretch, 2), (Backwards(), 1))
    corrupted = chain.apply(clicks, RATE, 1, keys(1)).clip(0)
    heard_at = corrupted.time_map.forward(said_at)
    assert (np.diff(heard_at) < 0).all()
    for second in heard_at:
        near = corrupted.samples[round((second - 0.1) * RATE) : round((second + 0.1) * RATE)]
        found = second - 0.1 + int(near.abs().argmax()) / RATE
        assert found == pytest.approx(second, abs=0.004)
    assert corrupted.time_map.inverse(heard_at) == pytest.approx(said_at, abs=1e-9)


def test_parameters_name_every_step_in_order():
    chain = chain_of("mp3", ("low-pass", 2), "mp3", name="line")
    assert (chain.name, chain.quantity, chain.severities) == ("line", "severity", (1, 2, 3, 4, 5))
    assert chain.parameters(4) == {
        "severity": 4,
        "steps": "mp3, low-pass, mp3-2",
        "mp3.bitrate_kbps": 16.0,
        "low-pass.cutoff_hz": 3200.0,
        "mp3-2.bitrate_kbps": 16.0,
    }
    turned = chain_of(("low-pass", 2), "mp3", "mp3", name="line")
    assert turned.parameters(4) != chain.parameters(4)
    assert not chain.random
    assert chain_of("mp3", ("packet-loss", 1)).random


def test_a_raised_version_of_a_step_raises_the_chains():
    class Mended(Backwards):
        version = 3

    assert chain_of(Mended(), "mp3").version == chain_of(Backwards(), "mp3").version + 2


def test_severities_are_those_of_the_steps_that_follow():
    assert chain_of(("mp3", 2), ("echo", 1)).severities == (1,)
    three = replace(load_corruption("mp3"), levels=(40.0, 32.0, 8.0))
    assert chain_of(three, ("echo", 5)).severities == (1, 2, 3)
    with pytest.raises(CorruptionError, match="3 and 5 severities"):
        chain_of(three, "echo")
    with pytest.raises(CorruptionError, match="'echo' was given the severity 6"):
        chain_of(("echo", 6))
    with pytest.raises(CorruptionError, match="severity 0"):
        chain_of(("echo", 0))


def test_no_steps_change_nothing():
    clips = speech_like(2, 0.3)
    nothing = Chain(name="none", steps=())
    corrupted = nothing.apply(clips, RATE, 1, keys(2))
    assert torch.equal(corrupted.waveform, clips)
    assert corrupted.time_map.is_identity
    assert nothing.severities == (1,)


def test_a_chain_in_a_chain_is_its_steps():
    inner = chain_of("packet-loss", ("echo", 4))
    clips = speech_like(2, 0.5)
    for severity, flat in (
        (None, chain_of("packet-loss", "packet-loss", ("echo", 4))),
        (3, chain_of("packet-loss", ("packet-loss", 3), ("echo", 4))),
    ):
        nested = chain_of("packet-loss", inner if severity is None else (inner, severity))
        assert nested == flat
        for made in (1, 5):
            one, other = (each.apply(clips, RATE, made, keys(2)) for each in (nested, flat))
            assert torch.equal(one.waveform, other.waveform)


def test_a_chain_can_be_differentiated():
    clips = speech_like(1, 0.2).requires_grad_()
    chain_of("low-pass", "white-noise").apply(clips, RATE, 2, keys(1)).waveform.sum().backward()
    assert math.isfinite(float(clips.grad.abs().sum())) and clips.grad.abs().sum() > 0
