"""Detectors small enough for tests, whose evidence is known by construction."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.explainer import FrameEvidence

FRAME = 320  # samples: 20 ms at 16 kHz


class HighBandDetector(nn.Module):
    """Says spoof where neighbouring samples differ more than they agree: high frequencies."""

    labels = ("spoof", "bonafide")
    sample_rate = 16000

    def __init__(self) -> None:
        super().__init__()
        self.difference = nn.Conv1d(1, 1, 2, bias=False)
        self.difference.weight.data = torch.tensor([[[-1.0, 1.0]]])

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch 2"]:
        return self.frames(waveform).mean(1)

    def frames(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frames 2"]:
        steep = self.difference(waveform[:, None])[:, 0].square()
        odds = 50 * nn.functional.avg_pool1d(steep[:, None], FRAME, FRAME, ceil_mode=True)[:, 0] - 1
        return torch.stack([odds / 2, -odds / 2], dim=-1)

    def frame_logits(self, waveform: Float[Tensor, "batch time"]) -> FrameEvidence:
        return FrameEvidence(self.frames(waveform), start=0.0, step=FRAME / self.sample_rate)


class ThreeKinds(nn.Module):
    """No detector: three classes by level."""

    labels = ("quiet", "medium", "loud")
    sample_rate = 8000

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch 3"]:
        level = waveform.abs().mean(1)
        return torch.stack([-level, 0.5 * level, 2 * level], dim=1)


def high_band_detector() -> HighBandDetector:
    return HighBandDetector()


def three_kinds() -> ThreeKinds:
    return ThreeKinds()
