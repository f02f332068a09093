"""Does it matter that relevance chose? The same manipulation of random choices of the same size.

Relevance is often activation x coefficient, so that what is most relevant is loud, and to
manipulate what is loud matters whatever made the choice. The loudest units are therefore scored as
well: an explanation that does no more than they do has only found where the sound is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from explainers.arrays import clip_digest
from explainers.errors import ExplanationError
from explainers.explainer import Progress, Scoring, device_of
from explainers.explanation import Explanation
from explainers.manipulation.actions import Action
from explainers.manipulation.guided import (
    count_of_share,
    drawn_for,
    energy_order,
    first_of,
    relevance_order,
)
from explainers.manipulation.ranking import MAGNITUDE, Ranking
from explainers.manipulation.units import Units
from perturbations.corruption import Key

LEVEL = 0.95  # share of the random choices within `Comparison.chance_interval`
SAME = 1e-5  # relative: the same choice scored in another batch may differ by rounding


@dataclass(frozen=True, eq=False)
class Comparison:
    """Scores after guided manipulations of one clip, beside those of chance.

    Attributes:
        action: What was done.
        units: What was chosen.
        ranking: What counted as most relevant.
        shares: Of the units that were chosen, as asked for.
        counts: The numbers of units.
        total: How many units the clip has.
        before: The target's value for the clip as it is.
        guided: After the manipulation of the most relevant.
        loudest: After the manipulation of those with most energy.
        chance: After that of random choices of as many units; a draw's larger choices hold its
            smaller ones.
        seed: Of the random choices.
        evaluations: Waveforms scored.
    """

    action: Action
    units: Units
    ranking: Ranking
    shares: tuple[float, ...]
    counts: Int[np.ndarray, " points"]
    total: int
    before: float
    guided: Float[np.ndarray, " points"]
    loudest: Float[np.ndarray, " points"]
    chance: Float[np.ndarray, "draws points"]
    seed: int
    evaluations: int

    @property
    def chance_mean(self) -> Float[np.ndarray, " points"]:
        """The mean score over random choices."""
        return self.chance.mean(axis=0)

    @property
    def chance_interval(self) -> Float[np.ndarray, "2 points"]:
        """Ends of the middle 95 % of the scores of random choices."""
        ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        return np.asarray(np.quantile(self.chance, ends, axis=0))

    @property
    def effect(self) -> Float[np.ndarray, " points"]:
        """Of the guided manipulation, as its action measures it."""
        return self.action.effect(self.ranking, self.before, self.guided)

    @property
    def p_values(self) -> Float[np.ndarray, " points"]:
        """Chance that a random choice does as much: (1 + how many did) / (1 + draws).

        One test for each share, not corrected for there being several; draws limit how small it
        can be.
        """
        by_chance = self.action.effect(self.ranking, self.before, self.chance)
        rounding = SAME * (1 + np.abs(self.chance).max())
        as_much = (by_chance >= self.effect - rounding).sum(axis=0)
        return np.asarray((1 + as_much) / (1 + len(self.chance)))

    def as_dict(self) -> dict[str, Any]:
        """The same as plain lists and dictionaries, for JSON."""
        low, high = self.chance_interval
        columns = {
            "share": self.shares,
            "count": self.counts.tolist(),
            "score": self.guided.tolist(),
            "loudest": self.loudest.tolist(),
            "chance_mean": self.chance_mean.tolist(),
            "chance_low": low.tolist(),
            "chance_high": high.tolist(),
            "effect": self.effect.tolist(),
            "p_value": self.p_values.tolist(),
        }
        return {
            "action": {"name": self.action.name, **asdict(self.action)},  # type: ignore[call-overload]
            "units": {"name": type(self.units).__name__.lower(), **asdict(self.units)},  # type: ignore[call-overload]
            "ranking": self.ranking.name,
            "measure": self.action.measure,
            "total": self.total,
            "before": self.before,
            "draws": len(self.chance),
            "seed": self.seed,
            "evaluations": self.evaluations,
            "points": [
                dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
            ],
        }


def compare_with_chance(
    scoring: Scoring,
    waveform: Float[Tensor, " time"],
    explanation: Explanation,
    action: Action,
    units: Units,
    shares: Sequence[float],
    ranking: Ranking = MAGNITUDE,
    draws: int = 99,
    seed: int = 0,
    batch_size: int = 16,
    progress: Progress | None = None,
) -> Comparison:
    """Guided manipulations beside random ones of the same size.

    Args:
        scoring: The target as a function of the waveform.
        waveform: The explained clip, at the model's sample rate.
        explanation: Of this clip.
        action: What is done, as in `manipulate`.
        units: What is chosen, as in `manipulate`.
        shares: Of the units, each above 0 and at most 1; at least one unit is chosen.
        ranking: What counts as most relevant.
        draws: Random choices for each share.
        seed: Of the choices; the same give the same, whatever the batch size.
        batch_size: Waveforms scored at once.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ExplanationError: As for `manipulate`, or there are no shares or draws.
    """
    if not shares or draws < 1 or batch_size < 1:
        raise ExplanationError(
            f"{len(shares)} shares with {draws} random choices in batches of {batch_size} were "
            "asked for; give one or more of each."
        )
    rate = explanation.sample_rate
    guided = relevance_order(waveform, explanation, units, ranking, seed)
    loudest = energy_order(waveform, units, rate, seed)
    counts = [count_of_share(share, len(guided)) for share in shares]
    clip = waveform.detach().to(device_of(scoring.model, waveform))
    key = Key(clip_digest(waveform), seed)

    def orders() -> Iterator[Int[np.ndarray, " units"]]:
        yield from (guided, loudest)
        for draw in range(draws):
            yield drawn_for(waveform, seed, f"draw {draw}").permutation(len(guided))

    choices = (first_of(order, count) for order in orders() for count in counts)
    planned = (2 + draws) * len(counts)
    found: list[float] = []
    with torch.no_grad():
        before = float(scoring(clip[None])[0])
        while batch := list(islice(choices, batch_size)):
            rows = clip.expand(len(batch), -1)
            changed = action.changed(rows, torch.stack(batch).to(clip.device), units, rate, key)
            found += scoring(changed).double().cpu().tolist()
            if progress is not None:
                progress(len(found) / planned)
    scores = np.array(found).reshape(2 + draws, len(counts))
    return Comparison(
        action=action,
        units=units,
        ranking=ranking,
        shares=tuple(shares),
        counts=np.array(counts),
        total=len(guided),
        before=before,
        guided=scores[0],
        loudest=scores[1],
        chance=scores[2:],
        seed=seed,
        evaluations=1 + planned,
    )
