"""Packets lost on the way, and what the receiver makes of it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from perturbations.corrupted import CorruptedSamples
from perturbations.corruption import ClipCorruption, Key, register_corruption
from perturbations.telephony.concealment import PACKET_SECONDS, conceal, concealment
from perturbations.telephony.gilbert import check_losses, lost_packets, runs, with_one_heard

QUIET = 0.01


@dataclass(frozen=True, eq=False)
class Arrived:
    """What came through a network.

    Attributes:
        samples: As they are played.
        lost: Whether each packet was lost.
        gaps: From which sample to which nothing came.
    """

    samples: Float[np.ndarray, " time"]
    lost: Bool[np.ndarray, " packet"]
    gaps: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Network:
    """How packets of 20 ms are lost, and what is played instead.

    Attributes:
        loss_percent: Of the packets, in the mean.
        mean_burst_packets: Mean length of a run of losses.
        concealment: See `perturbations.telephony.concealment`.
    """

    loss_percent: float
    mean_burst_packets: float
    concealment: str

    def carry(
        self,
        samples: Float[np.ndarray, " time"],
        sample_rate: int,
        generator: np.random.Generator,
    ) -> Arrived:
        """What arrives of a clip.

        The clip begins somewhere in its first packet, as if cut out of a call.
        """
        packet = round(PACKET_SECONDS * sample_rate)
        offset = int(generator.random() * packet)
        draws = generator.random(-(-(len(samples) + offset) // packet))
        lost = lost_packets(draws, self.loss_percent / 100, self.mean_burst_packets)
        lost = with_one_heard(lost, draws, sounding_packets(samples, packet, offset))
        gaps = tuple(
            (max(0, first * packet - offset), min(after * packet - offset, len(samples)))
            for first, after in runs(lost)
        )
        heard = samples.copy()
        for start, stop in gaps:
            conceal(heard, start, stop, sample_rate, self.concealment)
        return Arrived(heard, lost, gaps)


def sounding_packets(
    samples: Float[np.ndarray, " time"], packet: int, offset: int
) -> Bool[np.ndarray, " packet"]:
    """Which packets come within 40 dB of the clip's peak."""
    loud = np.abs(np.pad(samples, (offset, -(len(samples) + offset) % packet)))
    return loud.reshape(-1, packet).max(axis=1) > QUIET * loud.max()


@register_corruption
@dataclass(frozen=True)
class PacketLoss(ClipCorruption):
    """Speech over a network that loses packets of 20 ms, in bursts (Gilbert-Elliott).

    The packets lost at a severity are lost at the next one too. Of any clip at least one is lost
    that is no pause. The shares and the mean burst are ours: networks differ, and no published set
    was found that names both; audits of deepfake detectors use up to 10 %. Facts: `lost_share` of
    the packets, `packets_lost`.

    Attributes:
        mean_burst_packets: Mean length of a run of losses, in packets; at least that of
            independent losses, 1 / (1 - share).
        concealment: What is played instead: ``"silence"``; ``"repeat"``, the last packet fading
            out; ``"extrapolate"``, the last periods of the voice after ITU-T G.711 Appendix I.
    """

    name: ClassVar[str] = "packet-loss"
    summary: ClassVar[str] = "Loses packets of 20 ms in bursts and conceals the gaps."
    quantity: ClassVar[str] = "loss_percent"
    primary: ClassVar[str] = "lost_share"
    random: ClassVar[bool] = True

    levels: tuple[float, ...] = (1.0, 3.0, 10.0, 20.0, 30.0)
    mean_burst_packets: float = 2.0
    concealment: str = "extrapolate"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_losses(self.name, self.levels, self.mean_burst_packets)
        concealment(self.concealment)

    def corrupt_clip(
        self, samples: Float[Tensor, " time"], sample_rate: int, level: float, key: Key
    ) -> CorruptedSamples:
        """See `ClipCorruption.corrupt_clip`."""
        network = Network(level, self.mean_burst_packets, self.concealment)
        sent = samples.detach().cpu().numpy()
        arrived = network.carry(sent, sample_rate, self.generator(key))
        facts = {
            "lost_share": float(arrived.lost.mean()),
            "packets_lost": int(arrived.lost.sum()),
        }
        return CorruptedSamples(torch.from_numpy(arrived.samples).to(samples), facts=facts)
