"""Sliding occlusion: what the score loses when a window of time, or a patch, is taken away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Attribution, register_explainer
from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.game import Estimator
from explainers.removal.method import Found, RemovalMethod, listed
from explainers.removal.parts import Parts, TimeParts
from explainers.segmentation.naming import spans
from explainers.segmentation.patches import Patches
from perturbations.masking import time_segments


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
        if not 0 < self.hop <= self.window < float("inf"):
            raise ExplanationError(
                f"Windows of {self.window} s every {self.hop} s were asked for; give "
                "0 < hop <= window, or parts of the clip are never looked at."
            )

    def cut(self, clip: Float[Tensor, " time"], sample_rate: int) -> TimeParts:
        """The windows."""
        windows = time_segments(len(clip), sample_rate, self.window, self.hop)
        times = [(start / sample_rate, stop / sample_rate) for start, stop in windows]
        names = tuple(spans(times, "s", decimals=2))
        return TimeParts(names, tuple((one,) for one in windows), len(clip), sample_rate)

    def estimator(self) -> Estimator:
        """One window at a time."""
        return LeaveOneOut()

    def expected(self, players: int) -> int:
        """One evaluation for each window."""
        return players

    def attribution(self, found: Found, score: float) -> Attribution:
        """The mean fall over each sample; the ledger holds the fill's score and the interaction."""
        parts, nothing = found.parts, found.played.nothing
        assert isinstance(parts, TimeParts)
        windows = [stretch for (stretch,) in parts.stretches]
        density = mean_over_windows(found.played.estimates.values, windows, parts.length)
        interaction = score - nothing - float(density.sum())
        ledger = {"everything replaced": nothing, "interaction": interaction}
        worth = found.played.estimates
        told = listed(parts.names, worth.values, worth.standard_errors)
        return Attribution(
            density, more={"ledger": ledger}, findings={**found.notes, "parts": told}
        )


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
        values, nothing = found.played.estimates.values, found.played.nothing
        boxes = found.parts.boxes
        times = np.append(np.unique(boxes[:, 0]), boxes[:, 1].max())
        bands = np.append(np.unique(boxes[:, 2]), boxes[:, 3].max())
        interaction = score - nothing - float(values.sum())
        more: dict[str, Any] = {
            "ledger": {"everything replaced": nothing, "interaction": interaction},
            "time_edges": times,
            "frequency_edges": bands,
        }
        relevance, errors = (
            one.reshape(len(times) - 1, len(bands) - 1).T
            for one in (values, found.played.estimates.standard_errors)
        )
        more["standard_error"] = errors
        return Attribution(relevance, "stft", more, found.notes)


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
