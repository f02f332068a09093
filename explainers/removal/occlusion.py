"""Sliding occlusion: what the score loses when a window of time, or a patch, is taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import Attribution, register_explainer
from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.game import Estimator
from explainers.removal.method import Found, RemovalMethod, listed
from explainers.removal.parts import Parts, Stretch, TimeParts
from explainers.segmentation.naming import spans
from explainers.segmentation.patches import Patches
from explainers.segmentation.windows import Windows


@register_explainer
@dataclass(frozen=True)
class Occlusion(RemovalMethod):
    """The fall of the score when a window of time is replaced (Zeiler and Fergus 2014).

    A window's fall is spread evenly over its samples, and a sample under several windows takes
    their mean: where the score adds up over time, relevance sums to what the whole clip brings.

    Attributes:
        window: Length of a window in seconds.
        hop: Seconds from one window to the next, at most `window`.
    """

    window: float = 0.1
    hop: float = 0.05
    joint: float = 0.0
    evaluations: int = 10_000

    name: ClassVar[str] = "occlusion"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "How far the score falls when a window of time is replaced."

    def __post_init__(self) -> None:
        super().__post_init__()
        Windows(self.window, self.hop)

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The windows."""
        return Windows(self.window, self.hop).cut(clip, sample_rate)

    def estimator(self) -> Estimator:
        """One window at a time."""
        return LeaveOneOut()

    def expected(self, players: int) -> int:
        """One evaluation for each window."""
        return players

    def attribution(self, found: Found, score: float) -> Attribution:
        """The mean fall over each sample; the ledger holds the fill's score and the interaction."""
        assert isinstance(found.parts, TimeParts)
        return over_windows(found, [stretch for (stretch,) in found.parts.stretches], score)


@register_explainer
@dataclass(frozen=True)
class OcclusionTimeFrequency(RemovalMethod):
    """The fall of the score when a patch of time and frequency is replaced.

    Patches tile the clip: windows of time side by side, bands equally wide in mel.

    Attributes:
        window: Length of a patch in seconds.
        bands: Bands from 0 Hz to half the sample rate.
    """

    window: float = 0.2
    bands: int = 8
    evaluations: int = 10_000

    name: ClassVar[str] = "occlusion-time-frequency"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "How far the score falls when a patch of time and frequency is replaced."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        Patches(self.window, self.bands)

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> Parts:
        """The patches, window by window."""
        return Patches(self.window, self.bands).cut(clip, sample_rate)

    def estimator(self) -> Estimator:
        """One patch at a time."""
        return LeaveOneOut()

    def expected(self, players: int) -> int:
        """One evaluation for each patch."""
        return players

    def attribution(self, found: Found, score: float) -> Attribution:
        """The fall for every patch; the ledger holds the fill's score and the interaction."""
        values = found.played.estimates.values
        boxes = found.parts.boxes
        times = np.append(np.unique(boxes[:, 0]), boxes[:, 1].max())
        bands = np.append(np.unique(boxes[:, 2]), boxes[:, 3].max())
        more: dict[str, Any] = {
            "ledger": found.ledger(score, float(values.sum())),
            "time_edges": times,
            "frequency_edges": bands,
        }
        relevance, errors = (
            one.reshape(len(times) - 1, len(bands) - 1).T
            for one in (values, found.played.estimates.standard_errors)
        )
        more["standard_error"] = errors
        return Attribution(relevance, "stft", more, found.notes)


def over_windows(found: Found, windows: Sequence[Stretch], score: float) -> Attribution:
    """What windows are worth, as relevance on samples; each window by name in the provenance.

    Args:
        found: With one estimate for each window.
        windows: In samples; they may overlap.
        score: Of the whole clip.
    """
    worth, rate = found.played.estimates, found.parts.sample_rate
    density = mean_over_windows(worth.values, windows, found.parts.length)
    names = spans([(start / rate, stop / rate) for start, stop in windows], "s", decimals=2)
    told = listed(names, worth.values, worth.standard_errors)
    ledger = found.ledger(score, float(density.sum()))
    findings = {**found.notes, "parts": told}
    return Attribution(density, more={"ledger": ledger}, findings=findings)


def mean_over_windows(
    falls: Float[np.ndarray, " windows"], windows: Sequence[Stretch], length: int
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
