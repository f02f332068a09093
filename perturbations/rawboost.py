"""RawBoost: three kinds of noise drawn anew for each clip, and their combinations.

After H. Tak, M. Kamble, J. Patino, M. Todisco, N. Evans, "RawBoost", ICASSP 2022,
arXiv 2111.04433: linear and non-linear convolutive noise (LnL), impulsive signal-dependent noise
(ISD), stationary signal-independent noise (SSI). What is published is severity 3, with `spread`
where the level itself is drawn. Taps are counted at 16 kHz; at other rates there are more or fewer,
so that a filter means the same in hertz. What is filtered stays where it was in time; the published
program brings it one sample too early.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from perturbations.convolution import convolve
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.noise import mix_at_snr
from perturbations.quantisation import check_whole_numbers

TAPS_RATE = 16_000
MOST_NOTCHES = 50
MOST_ORDERS = 20
MOST_TAPS = 1000
LARGEST_BIAS_DB = 120.0
LARGEST_SPREAD_DB = 100.0
HIGHEST_HZ = 96_000.0
GRID = 4096


@dataclass(frozen=True)
class Notch:
    """A band taken away: its edges in hertz, and the length of the filter in samples (odd)."""

    low_hz: float
    high_hz: float
    taps: int


def notch_filter(notch: Notch, sample_rate: int) -> Float[np.ndarray, " taps"]:
    """A band-stop filter of linear phase: the ideal one under a Hamming window."""
    instants = np.arange(notch.taps) - notch.taps // 2
    low, high = 2 * notch.low_hz / sample_rate, 2 * notch.high_hz / sample_rate
    ideal = low * np.sinc(low * instants) - high * np.sinc(high * instants)
    ideal[notch.taps // 2] += 1
    return ideal * np.hamming(notch.taps)


def notch_chain(notches: Sequence[Notch], sample_rate: int) -> Float[np.ndarray, " taps"]:
    """Notch filters one after another, the highest point of their response brought to 0 dB."""
    taps = np.ones(1)
    for notch in notches:
        taps = np.convolve(taps, notch_filter(notch, sample_rate))
    grid = max(GRID, 1 << len(taps).bit_length())
    return taps / np.abs(np.fft.rfft(taps, grid)).max()


@dataclass(frozen=True)
class NotchedNoise(ClipCorruption):
    """What is coloured by notch filters drawn for each clip; the published ranges.

    Attributes:
        lowest_hz: Lowest centre of a notch.
        highest_hz: Highest centre of a notch, held at the Nyquist frequency.
        narrowest_hz: Least bandwidth of a notch.
        widest_hz: Greatest bandwidth of a notch.
        fewest_taps: Least length of a notch filter, in samples at 16 kHz.
        most_taps: Greatest length.
    """

    random: ClassVar[bool] = True

    lowest_hz: float = 20.0
    highest_hz: float = 8000.0
    narrowest_hz: float = 100.0
    widest_hz: float = 1000.0
    fewest_taps: int = 10
    most_taps: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        ranges = {
            "centre": (self.lowest_hz, self.highest_hz, HIGHEST_HZ),
            "bandwidth": (self.narrowest_hz, self.widest_hz, HIGHEST_HZ),
            "taps": (self.fewest_taps, self.most_taps, MOST_TAPS),
        }
        for what, (least, greatest, limit) in ranges.items():
            if not 0 < least <= greatest <= limit:
                raise CorruptionError(
                    f"'{self.name}' was given a {what} from {least:g} to {greatest:g}; it must be "
                    f"above 0, at most {limit:g}, and the first no greater than the second."
                )

    def notches(self, draws: Float[np.ndarray, "count 3"], sample_rate: int) -> list[Notch]:
        """Notches out of uniform numbers: where, how wide, how many taps."""
        return [self.notch(*draw, sample_rate=sample_rate) for draw in draws.tolist()]

    def notch(self, place: float, width: float, length: float, *, sample_rate: int) -> Notch:
        """One notch out of three numbers from 0 to 1."""
        nyquist = sample_rate / 2
        highest = min(self.highest_hz, nyquist)
        centre = between(min(self.lowest_hz, highest), highest, place)
        half_width = between(self.narrowest_hz, self.widest_hz, width) / 2
        taps = between(self.fewest_taps, self.most_taps, length) * sample_rate / TAPS_RATE
        return Notch(
            max(0.0, centre - half_width), min(nyquist, centre + half_width), 2 * int(taps / 2) + 1
        )


def between(low: float | int, high: float | int, share: float) -> float:
    """So much of the way from `low` to `high`."""
    return low + share * (high - low)


@register_corruption
@dataclass(frozen=True)
class RawboostLnL(NotchedNoise):
    """The clip and its powers, each through notch filters of its own, added: a bad microphone.

    y = g_1 b_1 * x + g_2 b_2 * x^2 + ... (equation 2), then without its mean. The published
    setting, 5 notches in each filter, is severity 3; the other counts are ours.

    Attributes:
        orders: Powers of the clip; 1 leaves the linear part alone.
        least_bias_db: How far the powers are below the linear part, at least.
        most_bias_db: And at most; drawn for each power.
    """

    name: ClassVar[str] = "rawboost-lnl"
    summary: ClassVar[str] = "Convolves with notch filters, and distorts (RawBoost's LnL)."
    quantity: ClassVar[str] = "notch_count"
    primary: ClassVar[str] = "log_spectral_distance_db"

    levels: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 20.0)
    orders: int = 5
    least_bias_db: float = 5.0
    most_bias_db: float = 20.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole_numbers(self.name, self.levels, 1, MOST_NOTCHES)
        if not 1 <= self.orders <= MOST_ORDERS:
            raise CorruptionError(
                f"'{self.name}' was given {self.orders} orders; it takes 1 to {MOST_ORDERS}."
            )
        if not 0 <= self.least_bias_db <= self.most_bias_db <= LARGEST_BIAS_DB:
            raise CorruptionError(
                f"'{self.name}' was given a bias from {self.least_bias_db} to "
                f"{self.most_bias_db} dB; it must be from 0 to {LARGEST_BIAS_DB:g} dB, the first "
                "no greater than the second."
            )

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        random = self.generator(key)
        biases = random.uniform(self.least_bias_db, self.most_bias_db, self.orders)
        biases[0] = 0.0
        draws = random.random((int(level), self.orders, 3))
        drawn = [self.notches(draws[:, order], sample_rate) for order in range(self.orders)]
        chains = [notch_chain(notches, sample_rate) for notches in drawn]
        gained = [chain * 10 ** (-bias / 20) for chain, bias in zip(chains, biases, strict=True)]
        powers = torch.cumprod(samples.expand(self.orders, -1), 0)
        taps = side_by_side(gained)
        convolved = convolve(powers, taps, lead=taps.shape[1] // 2).sum(0)
        facts = {
            "linear_notches_hz": told(drawn[0]),
            "power_gains_db": " ".join(f"{-bias:.2f}" for bias in biases[1:]),
        }
        return CorruptedSamples(convolved - convolved.mean(), facts=facts)


def side_by_side(filters: Sequence[Float[np.ndarray, "_"]]) -> Float[Tensor, "filters longest"]:
    """Filters of odd lengths about one middle, zeros around the shorter ones."""
    longest = max(map(len, filters))
    padded = [np.pad(taps, (longest - len(taps)) // 2) for taps in filters]
    return torch.from_numpy(np.stack(padded)).float()


def told(notches: Sequence[Notch]) -> str:
    """Bands in words: ``"120-410 3000-3900"``."""
    return " ".join(f"{notch.low_hz:.0f}-{notch.high_hz:.0f}" for notch in notches)


@register_corruption
@dataclass(frozen=True)
class RawboostIsd(ClipCorruption):
    """Some samples, drawn one by one, are changed in proportion to themselves: crackling.

    y[n] = x[n] + g D[n] x[n] at a share of the samples (equation 3). The published share is 10 %,
    severity 3; the other ones are ours. D is the product of two numbers drawn evenly from -1 to 1,
    as in the published program. At least one sample is changed.

    Attributes:
        gain: g.
        spread: 0 takes the share as it is; 1 draws it from 0 to the level for each clip, as is
            published.
    """

    name: ClassVar[str] = "rawboost-isd"
    summary: ClassVar[str] = "Changes some samples in proportion to themselves (RawBoost's ISD)."
    quantity: ClassVar[str] = "share"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.4)
    gain: float = 2.0
    spread: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(0 < share <= 1 for share in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a share of the samples must be "
                "above 0 and at most 1."
            )
        if not (0 < self.gain <= 100 and 0 <= self.spread <= 1):
            raise CorruptionError(
                f"'{self.name}' was given a gain of {self.gain} and a spread of {self.spread}; the "
                "gain must be above 0 and at most 100, the spread from 0 to 1."
            )

    def corrupt_clip(
        self,
        samples: Float[Tensor, " time"],
        sample_rate: int,  # noqa: ARG002
        level: float,
        key: Key,
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        random = self.generator(key)
        length = len(samples)
        share = level * (1 - self.spread * random.random())
        count = max(1, math.floor(share * length))
        places = random.permutation(length)[:count]
        first, second = random.uniform(-1, 1, (2, length))[:, :count]
        factors = np.ones(length, dtype=np.float32)
        factors[places] += self.gain * first * second
        changed = samples * torch.from_numpy(factors).to(samples)
        return CorruptedSamples(changed, facts={"touched_share": count / length})


@register_corruption
@dataclass(frozen=True)
class RawboostSsi(NotchedNoise):
    """White noise through notch filters, added: a channel's own noise.

    y = x + g z, g from the ratio of their norms (equation 4). The published ratio is drawn from 10
    to 40 dB: severity 3 with a spread of 30 dB. By default each severity has one.

    Attributes:
        notch_count: Notch filters that the noise goes through.
        spread_db: The ratio is drawn so widely about the level for each clip.
    """

    name: ClassVar[str] = "rawboost-ssi"
    summary: ClassVar[str] = "Adds noise coloured by notch filters (RawBoost's SSI)."
    quantity: ClassVar[str] = "snr_db"

    levels: tuple[float, ...] = (40.0, 32.5, 25.0, 17.5, 10.0)
    notch_count: int = 5
    spread_db: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(abs(snr) <= LARGEST_BIAS_DB for snr in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; a signal-to-noise ratio must "
                f"be from {-LARGEST_BIAS_DB:g} to {LARGEST_BIAS_DB:g} dB."
            )
        if not (1 <= self.notch_count <= MOST_NOTCHES and 0 <= self.spread_db <= LARGEST_SPREAD_DB):
            raise CorruptionError(
                f"'{self.name}' was given {self.notch_count} notches and a spread of "
                f"{self.spread_db} dB; it takes 1 to {MOST_NOTCHES}, and 0 to "
                f"{LARGEST_SPREAD_DB:g} dB."
            )

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        random = self.generator(key)
        snr_db = level + self.spread_db * (random.random() - 0.5)
        notches = self.notches(random.random((self.notch_count, 3)), sample_rate)
        taps = torch.from_numpy(notch_chain(notches, sample_rate)).float()
        length = len(samples)
        white = random.standard_normal(len(taps) - 1 + length, dtype=np.float32)
        coloured = convolve(torch.from_numpy(white)[None].to(samples), taps[None])[:, -length:]
        facts: dict[str, float | int | str] = {
            "noise_snr_db": snr_db,
            "noise_notches_hz": told(notches),
        }
        return CorruptedSamples(mix_at_snr(samples[None], coloured, snr_db)[0], facts=facts)


@register_corruption
@dataclass(frozen=True)
class Rawboost(ClipCorruption):
    """The three combined as published: algorithms 4 to 8 of the program.

    Each part is at the severity that the level names; at 3 all settings are the published ones.
    Between the parts a clip that exceeds full scale is turned down, as there.

    Attributes:
        algorithm: The parts ``lnl``, ``isd`` and ``ssi``: joined by ``+`` one after another (4:
            ``lnl+isd+ssi``, 5: ``lnl+isd``, 6: ``lnl+ssi``, 7: ``isd+ssi``), by ``|`` side by side
            and added (8: ``lnl|isd``).
    """

    name: ClassVar[str] = "rawboost"
    summary: ClassVar[str] = "RawBoost's noises one after another, or side by side."
    quantity: ClassVar[str] = "part_severity"
    primary: ClassVar[str] = "si_sdr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0)
    algorithm: str = "lnl+isd+ssi"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole_numbers(self.name, self.levels, 1, 5)
        mixed = "+" in self.algorithm and "|" in self.algorithm
        if mixed or not set(self.part_names) <= set(published_parts()):
            raise CorruptionError(
                f"'{self.name}' was given the algorithm {self.algorithm!r}; it is made of "
                f"{', '.join(published_parts())}, joined either by '+' or by '|'."
            )

    @property
    def part_names(self) -> list[str]:
        """What the algorithm is made of, in its order."""
        return self.algorithm.replace("|", "+").split("+")

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        parts = published_parts()
        facts: dict[str, float | int | str] = {}
        heard, branches = samples[None], []
        for name in self.part_names:
            before = samples[None] if "|" in self.algorithm else heard
            corrupted = parts[name].apply(before, sample_rate, int(level), [key])
            heard = corrupted.waveform
            branches.append(heard)
            facts.update(corrupted.facts[0])
        combined = torch.stack(branches).sum(0) if "|" in self.algorithm else heard
        return CorruptedSamples(combined[0], facts=facts)


def published_parts() -> dict[str, ClipCorruption]:
    """The three with what is drawn drawn as widely as published."""
    return {
        "lnl": RawboostLnL(),
        "isd": RawboostIsd(spread=1.0),
        "ssi": RawboostSsi(spread_db=30.0),
    }
