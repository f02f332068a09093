"""A model that takes its time, for tests of stopping: a factory for the command line."""

import time

import torch
from torch import nn

from tests.xaudio.tiny import HighBandDetector

MODEL = "tests.dashboards.evaluation.slow_explainer:dawdling_detector"


class DawdlingDetector(nn.Module):
    """The tests' detector, each answer after some time."""

    labels = HighBandDetector.labels
    sample_rate = HighBandDetector.sample_rate

    def __init__(self) -> None:
        super().__init__()
        self.inner = HighBandDetector()

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        time.sleep(0.2)
        return self.inner(waveform)


def dawdling_detector() -> DawdlingDetector:
    return DawdlingDetector()
