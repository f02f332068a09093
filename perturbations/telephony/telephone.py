"""A telephone call: a narrow band, a codec, a network that loses packets, several times over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.chain import nth_key
from perturbations.codecs.alignment import in_place
from perturbations.codecs.amr_nb import amr_nb_coder
from perturbations.codecs.coder import Coder
from perturbations.codecs.g711 import ALawCoder, MuLawCoder
from perturbations.codecs.g723_1 import g723_1_coder
from perturbations.codecs.g726 import g726_coder
from perturbations.codecs.gsm import gsm_coder
from perturbations.codecs.tandem import LEG_SAMPLES, delayed, snr_db
from perturbations.codecs.transmission import sent
from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, register_corruption
from perturbations.errors import CorruptionError
from perturbations.filters import ButterworthBandPass, filter_by
from perturbations.telephony.concealment import concealment
from perturbations.telephony.gilbert import check_losses
from perturbations.telephony.packet_loss import Network
from perturbations.waveform import cut_or_pad, resample

RATE = 8_000
LOWEST_HZ, HIGHEST_HZ = 300.0, 3400.0
MOST_LEGS = 10

CODERS: Mapping[str, Callable[[], Coder]] = {
    "g711-mu": MuLawCoder,
    "g711-a": ALawCoder,
    "g723-1": g723_1_coder,
    "g726": partial(g726_coder, 32.0),
    "gsm": gsm_coder,
    "amr-nb": partial(amr_nb_coder, 12.2),
}


def in_telephone_band(samples: Float[np.ndarray, " time"]) -> Float[np.ndarray, " time"]:
    """Samples at 8 kHz through the telephone's 300 to 3400 Hz (Butterworth, order 5, 3 dB down)."""
    nyquist = RATE / 2
    band = ButterworthBandPass(LOWEST_HZ / nyquist, HIGHEST_HZ / nyquist)
    return filter_by(torch.from_numpy(samples)[None], band)[0].numpy()


@dataclass(frozen=True)
class Leg:
    """One network of a call.

    Attributes:
        coder: At 8 kHz, as its decoder.
        network: How packets are lost.
    """

    coder: Coder
    network: Network

    def carry(
        self, line: Float[np.ndarray, " time"], generator: np.random.Generator
    ) -> tuple[Float[np.ndarray, " time"], Bool[np.ndarray, " time"]]:
        """What leaves this network, and which of its samples had not come through."""
        arrived = self.network.carry(in_place(self.coder, line).samples, RATE, generator)
        missing = np.zeros(len(line), dtype=bool)
        for start, stop in arrived.gaps:
            missing[start:stop] = True
        return arrived.samples, missing


def call(
    line: Float[np.ndarray, " time"], leg: Leg, generators: list[np.random.Generator]
) -> tuple[Float[np.ndarray, " time"], float]:
    """A line through as many networks as there are generators, one after another.

    Between two networks lies a line that delays by no whole number of samples, so that a coder does
    not see the grid of the one before; the delay is taken out at the end.

    Returns:
        As many samples as were given, and the share of them lost on at least one leg.
    """
    shift = (len(generators) - 1) * LEG_SAMPLES
    heard = np.pad(line, (0, int(np.ceil(shift))))
    missing = np.zeros(len(heard), dtype=bool)
    for number, generator in enumerate(generators):
        if number:
            heard = delayed(heard, LEG_SAMPLES)
        heard, lost = leg.carry(heard, generator)
        missing |= np.roll(lost, -round(number * LEG_SAMPLES))
    if shift:
        heard = delayed(heard, -shift)
    return heard[: len(line)], float(missing[: len(line)].mean())


@register_corruption
@dataclass(frozen=True)
class Telephone(ClipCorruption):
    """A call over one to five networks, each of which codes the speech anew and loses packets.

    The clip is brought to 8 kHz and to 300 to 3400 Hz once; every network (leg) then encodes and
    decodes, loses packets (see `packet-loss`) and conceals them, in the decoded speech: what a
    codec has for it inside, these libraries do not offer. How many legs there are, and how much
    each loses, are our choice. The band's filter holds speech back by 1.1 to 1.4 ms, which the
    time map leaves out and a certificate tells as the delay.

    Tells `lost_share`, the share of the clip lost on at least one leg, and `in_band_snr_db`, the
    signal-to-noise ratio of the line at 8 kHz: what the narrow band leaves out takes no part.

    Attributes:
        codec: Of every leg: ``"g711-mu"``, ``"g711-a"``, ``"g723-1"``, ``"g726"`` (32 kbit/s),
            ``"gsm"``, or ``"amr-nb"`` (12.2 kbit/s).
        loss_percent: Of the packets of each leg.
        mean_burst_packets: See `packet-loss`.
        concealment: See `packet-loss`.
    """

    name: ClassVar[str] = "telephone"
    summary: ClassVar[str] = "Calls over networks that code, lose and conceal, one after another."
    quantity: ClassVar[str] = "legs"
    primary: ClassVar[str] = "in_band_snr_db"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0)
    codec: str = "gsm"
    loss_percent: float = 2.0
    mean_burst_packets: float = 2.0
    concealment: str = "extrapolate"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not all(legs in range(1, MOST_LEGS + 1) for legs in self.levels):
            raise CorruptionError(
                f"'{self.name}' was given the levels {self.levels}; they are numbers of networks, "
                f"whole and from 1 to {MOST_LEGS}."
            )
        if self.codec not in CODERS:
            raise CorruptionError(
                f"'{self.name}' was given the codec '{self.codec}'. "
                f"There are: {', '.join(sorted(CODERS))}."
            )
        check_losses(self.name, (self.loss_percent,), self.mean_burst_packets)
        concealment(self.concealment)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        coder = CODERS[self.codec]()
        network = Network(self.loss_percent, self.mean_burst_packets, self.concealment)
        line = in_telephone_band(sent(samples, sample_rate, coder).numpy())
        keys = [nth_key(key, number) for number in range(1, round(level) + 1)]
        heard, lost_share = call(line, Leg(coder, network), self.generators(keys))
        back = resample(torch.from_numpy(heard)[None], RATE, sample_rate)
        facts = {"lost_share": lost_share, "in_band_snr_db": snr_db(line, heard)}
        return CorruptedSamples(cut_or_pad(back, len(samples))[0].to(samples), facts=facts)
