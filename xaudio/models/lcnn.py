"""LCNN over LFCC: the bundled detector, small enough for a laptop, with evidence frame by frame.

Source: Wu et al., "A light CNN for deep face representation" (max-feature-map), and Lavrentyeva et
al., "STC antispoofing systems for the ASVspoof2019 challenge", Interspeech 2019. Ours keeps the
time axis to the end: the head judges every 20 ms, and the clip's logit is the log-mean-exp of the
frames', so one convincing stretch suffices and the frames say which.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from explainers.explainer import FrameEvidence
from xaudio.frontends import Framing, LinearFrequencyCepstrum
from xaudio.models.registry import ModelSource, register_model
from xaudio.models.weights import load_strictly, read_state_dict

SAMPLE_RATE = 16000
LABELS = ("spoof", "bonafide")
BUNDLED = Path(__file__).parent / "bundled" / "lcnn.safetensors"


@dataclass(frozen=True)
class LCNNShape:
    """The sizes of the network."""

    bands: int = 64
    coefficients: int = 60
    channels: tuple[int, ...] = (16, 24, 32, 48)
    context: int = 96


class MaxFeatureMap(nn.Module):
    """The larger of two halves of the channels."""

    def forward(self, features: Float[Tensor, "batch channels *rest"]) -> Tensor:
        """Half as many channels."""
        first, second = features.chunk(2, dim=1)
        return torch.maximum(first, second)


class LCNN(nn.Module):
    """Waveform at 16 kHz to the logits (spoof, bona fide)."""

    def __init__(self, shape: LCNNShape = LCNNShape()):
        super().__init__()
        self.framing = Framing()
        self.frontend = LinearFrequencyCepstrum(
            SAMPLE_RATE, shape.bands, shape.coefficients, self.framing
        )
        self.mix = nn.Conv1d(shape.coefficients, shape.bands, 1, bias=False)
        # Neighbouring cepstral coefficients have nothing in common, neighbouring bands do: what
        # the convolutions look at starts as the smoothed log spectrum and is learned from there.
        self.mix.weight.data.copy_(self.frontend.cosines.T[:, :, None])
        self.normalise = nn.BatchNorm1d(shape.bands)
        blocks: list[nn.Module] = []
        incoming, height = 1, shape.bands
        for number, channels in enumerate(shape.channels):
            # The first block halves both axes as it convolves: at full size it would cost as much
            # as all the others together.
            first = number == 0
            kernel, stride = (5, 2) if first else (3, 1)
            blocks += [
                nn.Conv2d(incoming, 2 * channels, kernel, stride, padding=kernel // 2),
                MaxFeatureMap(),
                nn.BatchNorm2d(channels),
                nn.Identity() if first else nn.MaxPool2d((2, 1)),
            ]
            incoming, height = channels, height // 2
        self.blocks = nn.Sequential(*blocks)
        self.context = nn.Sequential(
            nn.Conv1d(incoming * height, 2 * shape.context, 3, padding=1),
            MaxFeatureMap(),
            nn.BatchNorm1d(shape.context),
            nn.Dropout(0.3),
            nn.Conv1d(shape.context, 2 * shape.context, 5, padding=2),
            MaxFeatureMap(),
            nn.BatchNorm1d(shape.context),
            nn.Dropout(0.3),
        )
        self.head = nn.Conv1d(shape.context, 1, 1)

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch 2"]:
        """The clip's logits: plus and minus half the pooled evidence for synthesis."""
        return _both_logits(pool_evidence(self.evidence(waveform)))

    def evidence(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frames"]:
        """Log-odds of synthesis for each 20 ms."""
        features = self.normalise(self.mix(self.frontend(waveform)))
        maps = self.blocks(features[:, None])
        return self.head(self.context(maps.flatten(1, 2)))[:, 0]

    def frame_logits(self, waveform: Float[Tensor, "batch time"]) -> FrameEvidence:
        """The model's own evidence over time; averaged by log-mean-exp it is the clip's."""
        step = 2 * self.framing.hop / SAMPLE_RATE
        logits = _both_logits(self.evidence(waveform))
        # The first block's stride keeps every second column, centred on multiples of two hops.
        return FrameEvidence(logits=logits, start=-step / 2, step=step)


def attacks_never_heard() -> tuple[str, ...]:
    """What the bundled weights were not trained on, by their card."""
    card = json.loads(BUNDLED.with_suffix(".json").read_text(encoding="utf-8"))
    return tuple(card["recipe"]["held_out_attacks"])


def pool_evidence(evidence: Float[Tensor, "batch frames"]) -> Float[Tensor, " batch"]:
    """Log of the mean of the odds: the loudest frames speak for the clip."""
    return torch.logsumexp(evidence, dim=-1) - math.log(evidence.shape[-1])


def _both_logits(log_odds: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 2"]:
    return torch.stack([log_odds / 2, -log_odds / 2], dim=-1)


@register_model("lcnn")
def lcnn(weights: Path | None = None) -> ModelSource:
    """LFCC-LCNN, bundled with weights trained on copy synthesis and text-to-speech."""
    path = BUNDLED if weights is None else weights
    module = LCNN()
    load_strictly(module, read_state_dict(path), str(path))
    return ModelSource(
        module=module.eval(),
        sample_rate=SAMPLE_RATE,
        labels=LABELS,
        summary="LFCC-LCNN, bundled: synthetic or human speech, with evidence every 20 ms",
        weights=path,
    )
