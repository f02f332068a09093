"""Training a detector that judges both clips and frames."""

import copy
import math
from collections.abc import Callable
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate
from torch.utils.data import DataLoader

from xaudio.models.lcnn import LCNN, SAMPLE_RATE, pool_evidence
from xaudio.training.examples import Examples, Material
from xaudio.training.recipe import Recipe

Progress = Callable[[int, int, float], None]


def train_detector(
    material: Material,
    recipe: Recipe,
    progress: Progress = lambda _epoch, _epochs, _loss: None,
    workers: int = 1,
) -> LCNN:
    """Train an LCNN; the weights returned are an average over the last steps.

    Args:
        material: Human speech with aligned copies, and text-to-speech.
        recipe: How.
        progress: Called with the epoch, the number of epochs and the mean loss.
        workers: Processes that draw examples; the examples do not depend on it.
    """
    torch.manual_seed(recipe.seed)
    model = LCNN()
    averaged = copy.deepcopy(model).requires_grad_(False)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    steps = recipe.epochs * math.ceil(recipe.examples / recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.learning_rate, total_steps=steps, pct_start=0.1
    )
    steps_done = 0
    for epoch in range(recipe.epochs):
        examples = Examples(material, recipe, SAMPLE_RATE, epoch)
        total = 0.0
        batches = DataLoader(examples, recipe.batch, num_workers=workers)
        for waveform, truth in batches:
            loss = detector_loss(model.train(), waveform, truth, recipe.frame_weight)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            steps_done += 1
            _average(averaged, model, min(0.995, steps_done / (steps_done + 10)))
            total += float(loss.detach())
        progress(epoch + 1, recipe.epochs, total / len(batches))
    return averaged.eval()


def detector_loss(
    model: LCNN,
    waveform: Float[Tensor, "batch time"],
    truth: Float[Tensor, "batch fine"],
    frame_weight: float,
) -> Float[Tensor, ""]:
    """Cross-entropy of the clip's log-odds, plus that of the frames' against the stretches.

    `truth` is 0 or 1 on any even grid over the clip; a clip with any 1 in it is spoof.
    """
    evidence = model.evidence(waveform)
    frames = interpolate(truth[:, None], size=evidence.shape[1], mode="area")[:, 0]
    on_frames = binary_cross_entropy_with_logits(evidence, frames)
    on_clips = binary_cross_entropy_with_logits(pool_evidence(evidence), truth.amax(dim=1))
    return on_clips + frame_weight * on_frames


@torch.no_grad()
def _average(averaged: nn.Module, model: nn.Module, decay: float) -> None:
    """Exponential average of everything that was learned or measured."""
    for kept, new in zip(averaged.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.dtype.is_floating_point:
            kept.lerp_(new, 1 - decay)
        else:
            kept.copy_(new)


def save_weights(model: LCNN, folder: Path) -> Path:
    """Write `lcnn.safetensors`, whole or not at all."""
    from safetensors.torch import save_file

    path = folder / "lcnn.safetensors"
    unfinished = path.with_suffix(".unfinished")
    save_file(
        {name: tensor.contiguous() for name, tensor in model.state_dict().items()}, unfinished
    )
    unfinished.chmod(0o644)  # safetensors leaves files that only their owner can read
    unfinished.replace(path)
    return path
