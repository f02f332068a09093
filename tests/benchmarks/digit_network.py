"""A small network that hears whether a "seven" is said, and says so for every 20 ms.

It sees half a second around each frame, as much before as after, so that its evidence lies on the
word and not at the word's end. No average over the clip enters: what is far from a frame cannot
change it. The clip's logit is the log-mean-exp of the frames', so one word suffices.

    load_classifier("tests.benchmarks.digit_network:digit_spotter", weights="seven.safetensors")
"""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from explainers.explainer import FrameEvidence
from xaudio.frontends import Framing, power_spectrogram
from xaudio.models.lcnn import pool_evidence
from xaudio.training.loop import detector_loss

SAMPLE_RATE = 8000
LABELS = ("seven", "other")
TARGET = "seven - other"

Batches = Iterable[tuple[Float[Tensor, "batch time"], Float[Tensor, "batch frames"]]]


class LogMel(nn.Module):
    """Logarithms of the energies of mel bands, their level and all."""

    def __init__(self, bands: int, framing: Framing, floor: float = 1e-6):
        import librosa

        super().__init__()
        self.framing = framing
        self.floor = floor
        bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=framing.transform, n_mels=bands, norm=None)
        self.register_buffer("bank", torch.from_numpy(bank), persistent=False)

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch bands frames"]:
        return torch.log(self.bank @ power_spectrogram(waveform, self.framing) + self.floor)


class DigitSpotter(nn.Module):
    """Waveform at 8 kHz to the logits (seven, other)."""

    sample_rate = SAMPLE_RATE
    labels = LABELS

    def __init__(self, bands: int = 40, channels: int = 96):
        super().__init__()
        self.framing = Framing(transform=256, window=200, hop=80)
        self.frontend = LogMel(bands, self.framing)
        self.normalise = nn.BatchNorm1d(bands)
        # Frames of 10 ms up to the stride and of 20 ms from there on: 49 of 10 ms are seen in all.
        strides, dilations = (1, 2, 1, 1, 1), (1, 1, 1, 2, 2)
        sizes = pairwise((bands, *[channels] * len(strides)))
        self.blocks = nn.Sequential(
            *(
                block(incoming, outgoing, stride, dilation)
                for (incoming, outgoing), stride, dilation in zip(
                    sizes, strides, dilations, strict=True
                )
            )
        )
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Conv1d(channels, 1, 1))

    def forward(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch 2"]:
        return both_logits(pool_evidence(self.evidence(waveform)))

    def evidence(self, waveform: Float[Tensor, "batch time"]) -> Float[Tensor, "batch frames"]:
        """Log-odds of a seven for each 20 ms."""
        return self.head(self.blocks(self.normalise(self.frontend(waveform))))[:, 0]

    def frame_logits(self, waveform: Float[Tensor, "batch time"]) -> FrameEvidence:
        """The network's own evidence over time; averaged by log-mean-exp it is the clip's."""
        step = 2 * self.framing.hop / SAMPLE_RATE
        logits = both_logits(self.evidence(waveform))
        # The stride keeps every second column, centred on multiples of two hops.
        return FrameEvidence(logits=logits, start=-step / 2, step=step)


def block(incoming: int, outgoing: int, stride: int, dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(incoming, outgoing, 5, stride, padding=2 * dilation, dilation=dilation),
        nn.BatchNorm1d(outgoing),
        nn.ReLU(),
    )


def both_logits(log_odds: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape 2"]:
    return torch.stack([log_odds / 2, -log_odds / 2], dim=-1)


def digit_spotter() -> DigitSpotter:
    """With random weights, to load others into."""
    return DigitSpotter()


@dataclass(frozen=True)
class SpotterRecipe:
    """How to train.

    Attributes:
        epochs: Passes, each of `sequences` freshly drawn ones.
        sequences: Per epoch.
        batch: Sequences per step.
        learning_rate: The highest, reached after a tenth of the steps; cosine to zero after that.
        weight_decay: Of AdamW.
        frame_weight: Of the loss on frames, beside one on clips.
        seed: Of all that is drawn.
    """

    epochs: int = 40
    sequences: int = 960
    batch: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    frame_weight: float = 1.0
    seed: int = 0


def train_spotter(
    batches: Callable[[int], Batches],
    recipe: SpotterRecipe,
    progress: Callable[[int, float], None],
) -> DigitSpotter:
    """Train on the batches of each epoch; the weights returned are an average of the last steps.

    Args:
        batches: From the epoch's number to waveforms and 0 or 1 on an even grid over the clip.
        recipe: How.
        progress: Called with the epoch and its mean loss.
    """
    torch.manual_seed(recipe.seed)
    model = DigitSpotter()
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99), use_buffers=True)
    optimiser = torch.optim.AdamW(model.parameters(), weight_decay=recipe.weight_decay)
    steps = recipe.epochs * -(-recipe.sequences // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps, pct_start=0.1
    )
    for epoch in range(recipe.epochs):
        losses = []
        for waveform, truth in batches(epoch):
            loss = detector_loss(model.train(), waveform, truth, recipe.frame_weight)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            averaged.update_parameters(model)
            losses.append(loss.item())
        progress(epoch + 1, sum(losses) / len(losses))
    return copy.deepcopy(averaged.module).eval()


def save_spotter(model: DigitSpotter, path: Path) -> None:
    """Write the weights, whole or not at all."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()}, unfinished
    )
    unfinished.chmod(0o644)  # safetensors leaves files that only their owner can read
    unfinished.replace(path)
