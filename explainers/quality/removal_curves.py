"""Scores while more and more of a clip is replaced, part by part, in any order."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.arrays import clip_digest
from explainers.errors import ExplanationError
from explainers.explainer import Progress, Scoring, device_of
from perturbations.corruption import Key, generator
from perturbations.fills import fills
from perturbations.masking import cross_fade_segments, fill_segments, time_segments

SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True)
class RemovalSettings:
    """How parts of a clip are taken away.

    Attributes:
        segment: Length of a part in seconds.
        shares: Of the parts that are replaced, rising from 0 to 1.
        fill: What replaces them: ``zeros``, ``matched-noise``, any other of perturbations.fills.
        joint: Length in seconds of the smooth joints around what is replaced; 0 for none.
        orders: Random orders per clip, at least 2.
        seed: Of the random orders, of how equal relevance is ordered, and of the fill.
        batch_size: Waveforms scored at once.
    """

    segment: float = 0.05
    shares: tuple[float, ...] = SHARES
    fill: str = "zeros"
    joint: float = 0.005
    orders: int = 5
    seed: int = 0
    batch_size: int = 16

    def __post_init__(self) -> None:
        rising = all(np.diff(self.shares) > 0) and len(self.shares) > 1
        if not rising or self.shares[0] != 0 or self.shares[-1] != 1:
            raise ExplanationError(
                f"The shares {self.shares} were given; they must rise from 0 to 1."
            )
        if not 0 < self.segment < float("inf") or not 0 <= self.joint < float("inf"):
            raise ExplanationError(
                f"Parts of {self.segment} s with joints of {self.joint} s were asked for; give "
                "parts longer than zero and joints of zero or more."
            )
        if self.fill not in fills.names():
            raise ExplanationError(
                f"There is no fill '{self.fill}'; there are: {', '.join(fills.names())}."
            )
        if self.orders < 2 or self.batch_size < 1:
            raise ExplanationError(
                f"{self.orders} random orders in batches of {self.batch_size} were asked for; "
                "give two orders or more, for they tell the error, and batches of one or more."
            )


@dataclass(frozen=True, eq=False)
class RemovalCurves:
    """Scores while more and more of every clip is replaced, in several orders.

    Attributes:
        shares: Of the parts that are replaced, from 0 to 1.
        scores: The target's value.
        evaluations: Waveforms scored per clip.
    """

    shares: Float[np.ndarray, " points"]
    scores: Float[np.ndarray, "batch orders points"]
    evaluations: int

    @property
    def areas(self) -> Float[np.ndarray, "batch orders"]:
        """Under every curve, by trapezoids: the mean score over the shares."""
        return np.asarray(np.trapezoid(self.scores, self.shares, axis=-1))


def ranked_curves(
    scoring: Scoring,
    waveform: Float[Tensor, "batch time"],
    relevance: Float[np.ndarray, "clips segments"],
    settings: RemovalSettings,
    progress: Progress | None = None,
) -> RemovalCurves:
    """Two curves per clip: the most relevant replaced first, and the least relevant first.

    Args:
        scoring: The target as a function of the waveform; it counts what it scores.
        waveform: Clips of one length at the model's sample rate.
        relevance: Of each part; what speaks against the target is negative and goes last.
        settings: How parts are taken away.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ExplanationError: Relevance is not finite or not of the clips' parts.
    """
    parts = len(_segments(waveform, scoring, settings))
    if relevance.shape != (len(waveform), parts) or not np.isfinite(relevance).all():
        raise ExplanationError(
            f"Relevance of shape {relevance.shape} was given for {len(waveform)} clips of {parts} "
            f"parts of {settings.segment} s; expected one finite value for each."
        )
    orders = [
        relevance_orders(row, _random(clip, settings, "ties"))
        for row, clip in zip(relevance, waveform, strict=True)
    ]
    return removal_curves(scoring, waveform, np.stack(orders), settings, progress)


def random_curves(
    scoring: Scoring,
    waveform: Float[Tensor, "batch time"],
    settings: RemovalSettings | None = None,
    progress: Progress | None = None,
) -> RemovalCurves:
    """Curves of `settings.orders` random orders per clip, drawn from its samples and the seed.

    The same clip gets the same orders in any batch, so all maps of it are held against one chance.
    Args as for `ranked_curves`.
    """
    settings = settings or RemovalSettings()
    parts = len(_segments(waveform, scoring, settings))
    draws = [_random(clip, settings, "orders") for clip in waveform]
    orders = np.array([[one.permutation(parts) for _ in range(settings.orders)] for one in draws])
    return removal_curves(scoring, waveform, orders, settings, progress)


def relevance_orders(
    relevance: Float[np.ndarray, " segments"], random: np.random.Generator
) -> Int[np.ndarray, "2 segments"]:
    """The most relevant first, and the least relevant first, the one the other's reverse.

    Parts of equal relevance come in random order: in the order of time a map that says nothing
    would delete from the start, which is no chance.
    """
    most_first = np.lexsort((random.permutation(len(relevance)), -relevance))
    return np.stack([most_first, most_first[::-1]])


def removal_curves(
    scoring: Scoring,
    waveform: Float[Tensor, "batch time"],
    orders: Int[np.ndarray, "clips orders segments"],
    settings: RemovalSettings,
    progress: Progress | None = None,
) -> RemovalCurves:
    """Scores while parts are replaced in the given orders, scored in batches on the device.

    Args:
        scoring: The target as a function of the waveform.
        waveform: Clips of one length at the model's sample rate.
        orders: Numbers of the parts, the first to go first; several orders per clip.
        settings: How parts are taken away.
        progress: Told the share done.

    Raises:
        ExplanationError: An order is not one of all parts of the clip, or there is but one part.
    """
    _check_orders(orders, (len(waveform), len(_segments(waveform, scoring, settings))))
    clips = waveform.detach().to(device_of(scoring.model, waveform))
    remove = _remover(scoring, clips, settings)
    ranks = torch.from_numpy(np.argsort(orders, axis=-1)).to(clips.device)
    batch, count, parts = orders.shape
    counts = np.unique(np.rint(np.array(settings.shares) * parts).astype(int))
    # all orders of a clip begin with the clip and end with the fill: these are scored once
    ends = [(clip, 0, removed) for clip in range(batch) for removed in (0, parts)]
    between = np.stack(np.meshgrid(range(batch), range(count), counts[1:-1], indexing="ij"), -1)
    rows = np.concatenate([np.array(ends), between.reshape(-1, 3)])
    found = np.empty(len(rows))
    with torch.no_grad():
        for first in range(0, len(rows), settings.batch_size):
            clip, order, removed = rows[first : first + settings.batch_size].T
            gone = ranks[clip, order] < torch.from_numpy(removed).to(clips.device)[:, None]
            left = scoring(remove(torch.from_numpy(clip).to(clips.device), gone))
            found[first : first + len(clip)] = left.double().cpu().numpy()
            if progress is not None:
                progress((first + len(clip)) / len(rows))
    scores = np.empty((batch, count, len(counts)))
    scores[:, :, [0, -1]] = found[: 2 * batch].reshape(batch, 1, 2)
    scores[:, :, 1:-1] = found[2 * batch :].reshape(between.shape[:-1])
    return RemovalCurves(counts / parts, scores, len(rows) // batch)


def _check_orders(orders: Int[np.ndarray, "clips orders segments"], clips: tuple[int, int]) -> None:
    batch, parts = clips
    if parts < 2:
        raise ExplanationError("A clip of one part has no order of parts; give shorter parts.")
    fits = orders.shape[::2] == clips and orders.shape[1] > 0
    if not fits or (np.sort(orders, axis=-1) != np.arange(parts)).any():
        raise ExplanationError(
            f"Orders of shape {orders.shape} were given for {batch} clips of {parts} parts; "
            "expected every part's number once in each order."
        )


def _remover(
    scoring: Scoring, clips: Float[Tensor, "batch time"], settings: RemovalSettings
) -> Callable[[Tensor, Tensor], Tensor]:
    """From the numbers of clips and a mask ``[rows, segments]`` of what goes: the clips without."""
    rate, length = scoring.model.sample_rate, clips.shape[1]
    sizes = [stop - start for start, stop in _segments(clips, scoring, settings)]
    part = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes)).to(clips.device)
    assert len(part) == length
    keys = [Key(clip_digest(clip), settings.seed) for clip in clips]
    stand_ins = fills.get(settings.fill)(clips, rate, keys, _segments(clips, scoring, settings))
    joint = round(settings.joint * rate)

    def remove(clip: Tensor, gone: Tensor) -> Tensor:
        masks = gone[:, part]
        if joint < 1:
            return fill_segments(clips[clip], masks, stand_ins[clip])
        return cross_fade_segments(clips[clip], masks, stand_ins[clip], joint)

    return remove


def _segments(
    waveform: Float[Tensor, "batch time"], scoring: Scoring, settings: RemovalSettings
) -> list[tuple[int, int]]:
    return time_segments(waveform.shape[1], scoring.model.sample_rate, settings.segment)


def _random(
    clip: Float[Tensor, " time"], settings: RemovalSettings, purpose: str
) -> np.random.Generator:
    return generator(f"faithfulness {purpose}", 1, Key(clip_digest(clip), settings.seed))
