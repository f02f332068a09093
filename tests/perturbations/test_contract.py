from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.contract import check_corruption
from perturbations.corrupted import Corrupted
from perturbations.corruption import Corruption, TimeMap, corruptions, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import speech_like

NEED_WEIGHTS = {"encodec", "dac", "mimi"}
WITHOUT_FILES = sorted(set(corruptions.names()) - NEED_WEIGHTS)


@pytest.mark.parametrize("name", WITHOUT_FILES)
def test_ours_keep_their_promises(name):
    check_corruption(load_corruption(name), speech_like(2, 0.6))


@pytest.mark.parametrize("name", ["white-noise", "mp3", "opus", "time-stretch", "high-pass"])
def test_at_another_rate(name):
    check_corruption(load_corruption(name), speech_like(2, 0.5, 44_100), 44_100)


@dataclass(frozen=True)
class Quieter(Corruption):
    """Keeps every promise; each test below breaks one."""

    name: ClassVar[str] = "quieter"
    summary: ClassVar[str] = "Turns it down."
    quantity: ClassVar[str] = "gain"

    levels: tuple[float, ...] = (0.9, 0.8, 0.7, 0.6, 0.5)

    def corrupt(
        self, waveform: Float[Tensor, "batch time"], sample_rate: int, level: float, keys: Sequence
    ) -> Float[Tensor, "batch new"]:
        return level * waveform


def test_a_foreign_corruption_that_keeps_them():
    check_corruption(Quieter())


class Unnamed(Quieter):
    summary = " "


class Taken(Quieter):
    name = "echo"


class Unreadable(Quieter):
    def parameters(self, severity):
        return {}


class Restless(Quieter):
    def apply(self, waveform, sample_rate, severity, keys):
        return Corrupted.alike(0.5 * waveform, TimeMap.identity())


class Global(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        return level * waveform + 0.01 * torch.randn_like(waveform)


class BatchDependent(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        return level * waveform / len(waveform)


class OrderDependent(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        return level * waveform * torch.linspace(1, 0.5, len(waveform))[:, None]


class NotRandom(Quieter):
    random = True


class SecretlyRandom(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        draws = [each.random() for each in self.generators(keys)]
        return waveform * torch.tensor(draws).to(waveform)[:, None]


class Nan(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        return waveform / 0


class Short(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        return waveform[:, :-100]


class WrongMap(Quieter):
    def time_map(self, level):
        return TimeMap.speed(2.0)


class Idle(Quieter):
    def corrupt(self, waveform, sample_rate, level, keys):
        return waveform


class Loud(Quieter):
    def apply(self, waveform, sample_rate, severity, keys):
        if severity == 0:
            return super().apply(waveform, sample_rate, 0, keys)
        return Corrupted.alike(50 * waveform, TimeMap.identity())


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (Unnamed, "summary"),
        (Taken, "its name is its own"),
        (Unreadable, "parameters"),
        (Restless, "severity 0"),
        (Global, "again"),
        (BatchDependent, "alone"),
        (OrderDependent, "alone|another order"),
        (NotRandom, "draws anew"),
        (SecretlyRandom, "changes nothing"),
        (Nan, "finite"),
        (Short, "length"),
        (WrongMap, "length"),
        (Idle, "something happens"),
        (Loud, r"within \[-1, 1\]"),
    ],
)
def test_each_broken_promise_is_named(broken, told):
    with pytest.raises(CorruptionError, match=told):
        check_corruption(broken())


def test_other_levels_pass_too():
    check_corruption(replace(load_corruption("low-pass"), levels=(7000.0, 5e3, 3e3, 1e3, 300.0)))
