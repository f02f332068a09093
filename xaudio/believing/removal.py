"""Does the score hang on what the map points at? Its strongest part removed, beside other parts.

For a map with signs the strongest part is what speaks most for the target, and its removal must
lower the score; for one without, the score must move, either way. Chance removes the same pattern
of stretches begun elsewhere in the clip, so that as much is removed, in as many pieces, with as
many joints.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from explainers.manipulation.ranking import MAGNITUDE, SUPPORT, Ranking, falling_order
from explainers.manipulation.units import Stretches
from perturbations.corruption import Key
from perturbations.fills import fills
from perturbations.masking import time_segments
from xaudio.believing.checks import Check, NotChecked
from xaudio.believing.question import Question, Tell
from xaudio.believing.shifting import turns

NAME = "removal"
CLAIM = "the score hangs on its strongest part more than on others"
FINEST = 0.05  # seconds
PARTS = 80
LEAST_PARTS = 20
BATCH = 4
FILL = "matched-noise"


def check_removal(question: Question, tell: Tell) -> Check | NotChecked:
    """Whether the score loses more with the strongest part than with the same pattern elsewhere."""
    explanation, settings = question.explanation, question.settings
    rate = explanation.sample_rate
    units = Stretches(max(FINEST, explanation.seconds / PARTS))
    relevance = units.relevance(explanation)
    count = max(1, round(settings.share * len(relevance)))
    if len(relevance) < LEAST_PARTS:
        return NotChecked(NAME, CLAIM, "The clip is too short to remove parts of it by chance.")
    ranking: Ranking = SUPPORT if explanation.signed else MAGNITUDE
    random = question.random("removal")
    first = falling_order(ranking.weights(relevance), random)[:count]
    chosen = np.zeros(len(relevance), dtype=bool)
    chosen[first] = True
    offsets = turns(len(relevance), 1, settings.removals, random)
    patterns = np.stack([chosen, *(np.roll(chosen, by) for by in offsets.tolist())])
    scores = _scores(question, units, patterns, rate, tell)
    before = explanation.score
    losses = ranking.loss(before, scores)
    own, chance = float(losses[0]), losses[1:]
    return _judged(own, chance, (len(chosen), count), explanation.signed)


def _scores(
    question: Question,
    units: Stretches,
    patterns: np.ndarray,
    rate: int,
    tell: Tell,
) -> Float[np.ndarray, " patterns"]:
    """The target without each pattern."""
    clip = question.waveform
    length = clip.shape[1]
    key = Key(question.explained.clip.digest, question.settings.seed)
    stretches = time_segments(length, rate, units.seconds)
    fill = fills.get(FILL)(clip, rate, [key], stretches)
    scoring = question.scoring
    found: list[float] = []
    with torch.no_grad():
        for start in range(0, len(patterns), BATCH):
            gone = torch.from_numpy(patterns[start : start + BATCH])
            rows: Tensor = clip.expand(len(gone), -1)
            changed = units.replaced(rows, gone, fill.expand(len(gone), -1), rate)
            found += scoring(changed).double().cpu().tolist()
            tell(len(found) / len(patterns))
    return np.array(found)


def _judged(
    own: float,
    chance: Float[np.ndarray, " removals"],
    size: tuple[int, int],
    signed: bool,
) -> Check:
    parts, count = size
    middle = float(chance.mean())
    below, above = np.quantile(chance, [0.025, 0.975])
    as_much = (1 + int((chance >= own).sum())) / (1 + len(chance))
    value = own - middle
    low, high = own - float(above), own - float(below)
    passed = bool(low > 0 and as_much <= 0.05)
    meaning = "it hangs on that part" if passed else "other parts of the same size matter as much"
    moves = "falls by" if signed else "moves by"
    return Check(
        NAME,
        CLAIM,
        value,
        low,
        high,
        0.0,
        f"what removing the strongest {count} of {parts} stretches moves more than the same "
        f"pattern elsewhere does; 95 % interval over {len(chance)} places",
        passed,
        f"Without the strongest {count / parts:.0%} of the clip the target {moves} {own:.2f}, "
        f"without the same pattern elsewhere by {middle:.2f} on average: {value:+.2f} "
        f"[{low:+.2f}, {high:+.2f}] more, chance {as_much:.2f}: {meaning}.",
    )
