"""Could a part be worth as much by chance? The same game where nothing is where it was learned.

What is compared is each part's share of all worth, its magnitude over the sum of magnitudes: a
model with shuffled parameters answers on another scale, and a scrambled clip with another score.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.arrays import clip_digest
from explainers.errors import ExplanationError
from explainers.explainer import Scoring, Task
from explainers.quality.randomisation import copied, shuffle_parameters
from explainers.rebuilding import rebuilt
from explainers.removal.parts import Parts
from perturbations.corruption import Key, generator

NULLS = ("scrambled", "randomised")
SCRAMBLED_SECONDS = 0.03

Null = tuple[Scoring, Float[Tensor, "batch time"], Sequence[Parts]]
"""What scores under the null, what clips, and what can be taken from them."""


def null_games(
    null: str, task: Task, parts: Sequence[Parts], draws: int, seed: int
) -> Iterator[Null]:
    """The same question where nothing is where it was learned, `draws` times.

    Args:
        null: One of `NULLS`.
        task: The question.
        parts: What can be taken from each clip.
        draws: How often.
        seed: Of the draws.

    Raises:
        ExplanationError: The model has no parameters to shuffle.
    """
    for draw in range(draws):
        yield _NULLS[null](task, parts, seed * 1000 + draw)


def significance(
    null: str,
    names: Sequence[str],
    worth: Float[np.ndarray, " parts"],
    null_worth: Float[np.ndarray, "draws parts"],
) -> dict[str, Any]:
    """The chance of every part's share under a null, for the provenance."""
    alone, any_part = chances(worth, null_worth)
    return {
        "null": null,
        "draws": len(null_worth),
        "p": dict(zip(names, alone.tolist(), strict=True)),
        "p_over_all_parts": dict(zip(names, any_part.tolist(), strict=True)),
    }


def chances(
    worth: Float[np.ndarray, " parts"], null: Float[np.ndarray, "draws parts"]
) -> tuple[Float[np.ndarray, " parts"], Float[np.ndarray, " parts"]]:
    """How often the null gives a part so large a share of all worth.

    Args:
        worth: What each part is worth.
        null: The same under the null.

    Returns:
        The chance for a part by itself, and the chance that any part of a clip reaches it, which
        holds for all parts at once (the maximum of each draw; Westfall and Young 1993). Both count
        what was found as one more draw, so none is zero.
    """
    shares, null_shares = _shares(worth), _shares(null)
    alone = (null_shares.ravel()[:, None] >= shares).sum(axis=0)
    any_part = (null_shares.max(axis=1)[:, None] >= shares).sum(axis=0)
    return (1 + alone) / (1 + null.size), (1 + any_part) / (1 + len(null))


def _shares(worth: Float[np.ndarray, "*draws parts"]) -> Float[np.ndarray, "*draws parts"]:
    magnitude = np.abs(worth)
    total = magnitude.sum(axis=-1, keepdims=True)
    return np.divide(magnitude, total, out=np.zeros_like(magnitude), where=total > 0)


def _scrambled(task: Task, parts: Sequence[Parts], seed: int) -> Null:
    """The clips with pieces of 30 ms in random order."""
    size = max(1, round(SCRAMBLED_SECONDS * task.scoring.model.sample_rate))
    rows, cut = [], []
    for clip, own in zip(task.waveform, parts, strict=True):
        random = generator("scrambled", 1, Key(clip_digest(clip), seed))
        pieces = torch.arange(len(clip)).split(size)
        order = torch.cat([pieces[i] for i in random.permutation(len(pieces))])
        rows.append(clip[order.to(clip.device)])
        cut.append(own.reordered(order))
    return Scoring(task.scoring.model, task.scoring.target), torch.stack(rows), cut


def _randomised(task: Task, parts: Sequence[Parts], seed: int) -> Null:
    """The clips as they are, for a copy of the model with every parameter's entries shuffled."""
    model = task.scoring.model
    if model.module is None:
        raise ExplanationError(
            "This model has no parameters to shuffle; hold it against the null 'scrambled'."
        )
    replica = copied(model.module)
    random = torch.Generator().manual_seed(seed)
    for part in replica.modules():
        shuffle_parameters(part, random)
    return Scoring(rebuilt(model, replica), task.scoring.target), task.waveform, parts


_NULLS = {"scrambled": _scrambled, "randomised": _randomised}
