"""Explaining by taking parts away, one at a time: what the score loses is what the part weighed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.axes import regular_edges
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Task, register_explainer
from perturbations.corruption import Key
from perturbations.masking import (
    Patch,
    SpectrumGrid,
    fill_patches,
    fill_segments,
    fills,
    mel_band_edges,
    patch_masks,
    segment_masks,
    time_segments,
)

Samples = Float[Tensor, " time"]
Remove = Callable[[Samples, Samples, slice], Float[Tensor, "parts time"]]


@register_explainer
@dataclass(frozen=True)
class Occlusion(Explainer):
    """The fall of the score when a window of time is replaced (Zeiler and Fergus 2014).

    A window's fall is spread evenly over its samples, and a sample under several windows takes
    their mean: where the score adds up over time, relevance sums to what the whole clip brings.

    Attributes:
        window: Length of a window in seconds.
        hop: Seconds from one window to the next, at most `window`.
        fill: What replaces it: ``matched-noise``, ``zeros``, or any other of perturbations.masking.
        seed: Of the fill.
        batch_size: Waveforms scored at once.
    """

    window: float = 0.1
    hop: float = 0.05
    fill: str = "matched-noise"
    seed: int = 0
    batch_size: int = 16

    name: ClassVar[str] = "occlusion"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "How far the score falls when a window of time is replaced."

    def __post_init__(self) -> None:
        _check_settings(self.name, self.fill, self.batch_size)
        if not 0 < self.hop <= self.window < float("inf"):
            raise ExplanationError(
                f"Windows of {self.window} s every {self.hop} s were asked for; give "
                "0 < hop <= window, or parts of the clip are never looked at."
            )

    def attribute(self, task: Task) -> list[Attribution]:
        """The mean fall over each sample; the ledger holds the fill's score and the interaction."""
        rate, length = task.scoring.model.sample_rate, task.waveform.shape[1]
        windows = time_segments(length, rate, self.window, self.hop)
        stand_ins = _filled(self.fill, self.seed, task.waveform, rate)

        def remove(clip: Samples, stand_in: Samples, parts: slice) -> Float[Tensor, "parts time"]:
            masks = segment_masks(windows[parts], length).to(clip.device)
            return fill_segments(
                clip.expand(len(masks), -1), masks, stand_in.expand(len(masks), -1)
            )

        falls = falls_without_each(task, stand_ins, remove, len(windows), self.batch_size)
        densities = [mean_over_windows(row, windows, length) for row in falls]
        return [
            Attribution(density, more={"ledger": ledger})
            for density, ledger in zip(densities, _ledgers(task, stand_ins, densities), strict=True)
        ]


@register_explainer
@dataclass(frozen=True)
class OcclusionTimeFrequency(Explainer):
    """The fall of the score when a patch of time and frequency is replaced.

    Patches tile the clip: windows of time side by side, bands equally wide in mel.

    Attributes:
        window: Length of a patch in seconds.
        bands: Bands from 0 Hz to half the sample rate.
        fill: What replaces it: ``matched-noise``, ``zeros``, or any other of perturbations.masking.
        seed: Of the fill.
        batch_size: Waveforms scored at once.
    """

    window: float = 0.2
    bands: int = 8
    fill: str = "matched-noise"
    seed: int = 0
    batch_size: int = 16

    name: ClassVar[str] = "occlusion-time-frequency"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "How far the score falls when a patch of time and frequency is replaced."
    )

    def __post_init__(self) -> None:
        _check_settings(self.name, self.fill, self.batch_size)
        if not 0 < self.window < float("inf") or self.bands < 1:
            raise ExplanationError(
                f"Patches of {self.window} s by one of {self.bands} bands were asked for; give a "
                "window above zero and at least one band."
            )

    def attribute(self, task: Task) -> list[Attribution]:
        """The fall for every patch; the ledger holds the fill's score and the interaction."""
        rate, length = task.scoring.model.sample_rate, task.waveform.shape[1]
        grid = SpectrumGrid.at(rate)
        times = regular_edges(length / rate, self.window)
        bands = np.asarray(mel_band_edges(self.bands, 0.0, rate / 2))
        patches = [
            Patch(start, end, low, high)
            for low, high in _neighbours(bands)
            for start, end in _neighbours(times)
        ]
        stand_ins = _filled(self.fill, self.seed, task.waveform, rate)

        def remove(clip: Samples, stand_in: Samples, parts: slice) -> Float[Tensor, "parts time"]:
            masks = patch_masks(patches[parts], length, grid).to(clip.device)
            return fill_patches(
                clip.expand(len(masks), -1), masks, stand_in.expand(len(masks), -1), grid
            )

        falls = falls_without_each(task, stand_ins, remove, len(patches), self.batch_size)
        maps = list(falls.reshape(-1, len(bands) - 1, len(times) - 1))
        axes = {"time_edges": times, "frequency_edges": bands}
        return [
            Attribution(one, "stft", {"ledger": ledger, **axes})
            for one, ledger in zip(maps, _ledgers(task, stand_ins, maps), strict=True)
        ]


def falls_without_each(
    task: Task,
    stand_ins: Float[Tensor, "batch time"],
    remove: Remove,
    count: int,
    batch_size: int,
) -> Float[np.ndarray, "batch {count}"]:
    """How far each clip's score falls without each of `count` parts, scored in batches.

    Args:
        task: Whose clips, and how they are scored.
        stand_ins: What replaces a removed part, one per clip.
        remove: From a clip, its stand-in and a slice of the parts: the clip without each of these.
        count: Parts.
        batch_size: Waveforms scored at once.
    """
    falls = np.empty((len(task.waveform), count))
    clips = zip(falls, task.waveform, stand_ins, task.scores.tolist(), strict=True)
    with torch.no_grad():
        for row, (fall, clip, stand_in, score) in enumerate(clips):
            for first in range(0, count, batch_size):
                parts = slice(first, min(first + batch_size, count))
                left = task.scoring(remove(clip, stand_in, parts))
                fall[parts] = score - left.double().cpu().numpy()
                task.progress((row + parts.stop / count) / len(falls))
    return falls


def mean_over_windows(
    falls: Float[np.ndarray, " windows"], windows: Sequence[tuple[int, int]], length: int
) -> Float[np.ndarray, " time"]:
    """Every window's fall spread evenly over its samples, averaged where windows overlap.

    >>> mean_over_windows(np.array([4.0, 8.0]), [(0, 2), (1, 3)], 3)
    array([2., 3., 4.])
    """
    density, covered = np.zeros(length), np.zeros(length)
    for fall, (start, stop) in zip(falls, windows, strict=True):
        density[start:stop] += fall / (stop - start)
        covered[start:stop] += 1
    return density / np.maximum(covered, 1)


def _filled(
    name: str, seed: int, waveform: Float[Tensor, "batch time"], sample_rate: int
) -> Float[Tensor, "batch time"]:
    return fills.get(name)(waveform, sample_rate, [Key("occlusion", seed)] * len(waveform))


def _ledgers(
    task: Task, stand_ins: Float[Tensor, "batch time"], found: Sequence[Float[np.ndarray, "..."]]
) -> list[dict[str, float]]:
    """Each clip's score with everything replaced, and what no part alone accounts for."""
    with torch.no_grad():
        replaced = task.scoring(stand_ins).tolist()
    return [
        {"everything replaced": rest, "interaction": score - rest - float(relevance.sum())}
        for score, rest, relevance in zip(task.scores.tolist(), replaced, found, strict=True)
    ]


def _neighbours(edges: Float[np.ndarray, " edges"]) -> list[tuple[float, float]]:
    return [(float(low), float(high)) for low, high in pairwise(edges)]


def _check_settings(method: str, fill: str, batch_size: int) -> None:
    if fill not in fills.names():
        raise ExplanationError(f"There is no fill '{fill}'; there are: {', '.join(fills.names())}.")
    if batch_size < 1:
        raise ExplanationError(
            f"The setting 'batch_size' of '{method}' is {batch_size}; it must be 1 or more."
        )
