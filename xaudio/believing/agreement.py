"""Do other methods find the same?

Methods of other families are asked: propagation, gradients, removal. Each is compared over
stretches of a twentieth of the clip, because removal cannot look closer. Chance is the same map
begun elsewhere in the clip. All methods look at the same model and the same clip: they can agree
about what is only loud, so the clip's level is compared as well, and told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from explainers.axes import regular_edges
from explainers.errors import ExplanationError
from explainers.explainer import Explainer, load_explainer
from explainers.quality.similarity import spearman
from xaudio.believing.checks import Check, NotChecked
from xaudio.believing.question import Question, Tell, steps_told
from xaudio.believing.shifting import summed, turned, turns

NAME = "agreement"
CLAIM = "other methods find the same"
STRETCHES = 20
LEAST_STEPS = 40  # fewer leave too few turns to say what is chance
MOST_TURNS = 999
BATCH = 4
FAMILIES = {
    "propagation": ("lrp", "lrp-stft", "excitation-backprop"),
    "gradients": ("smoothgrad", "saliency", "input-x-gradient", "integrated-gradients"),
    "removal": ("two-sided-occlusion", "occlusion", "leave-one-out", "lime", "kernelshap"),
}


@dataclass(frozen=True, eq=False)
class Other:
    """Another method's map, over groups of stretches."""

    name: str
    signed: bool
    relevance: Float[np.ndarray, " groups"]

    def likeness(self, relevance: Float[np.ndarray, " groups"], signed: bool) -> float:
        """Rank correlation with a map; of magnitudes where either has no sign."""
        if signed and self.signed:
            return float(spearman(relevance, self.relevance))
        return float(spearman(np.abs(relevance), np.abs(self.relevance)))


def check_agreement(question: Question, tell: Tell) -> Check | NotChecked:
    """Whether the map ranks stretches as other methods do, beyond chance."""
    own, signed = question.over_time(question.explanation), question.explanation.signed
    if len(own) < LEAST_STEPS:
        return NotChecked(NAME, CLAIM, "The clip is too short to tell agreement from chance.")
    size = max(1, round(question.explanation.seconds / STRETCHES / question.step))
    others = list(_others(question, size, tell))
    if not others:
        return NotChecked(NAME, CLAIM, "No other method of another kind works on this model.")
    each = _likenesses(summed(own, size), signed, others)
    offsets = turns(len(own), size, MOST_TURNS, question.random("agreement"))
    chance = np.array(
        [
            np.mean(_likenesses(summed(turned(own, by), size), signed, others))
            for by in offsets.tolist()
        ]
    )
    loud = float(np.mean(_likenesses(summed(_levels(question), size), False, others)))
    return _judged(others, np.array(each), chance, loud)


def _judged(
    others: Sequence[Other],
    each: Float[np.ndarray, " others"],
    chance: Float[np.ndarray, " turns"],
    loud: float,
) -> Check:
    value, middle = float(each.mean()), float(chance.mean())
    below, above = np.quantile(chance, [0.025, 0.975])
    low = float(max(-1.0, value - (above - middle)))
    high = float(min(1.0, value + (middle - below)))
    passed = low > middle
    named = " and ".join(
        f"'{other.name}' ({one:+.2f})" for other, one in zip(others, each, strict=True)
    )
    meaning = "more than by chance" if passed else "no more than by chance"
    caution = (
        f" Loudness alone agrees with them as well ({loud:+.2f})." if loud >= value > 0 else ""
    )
    return Check(
        NAME,
        CLAIM,
        value,
        low,
        high,
        middle,
        f"mean rank correlation with {len(others)} other methods over {STRETCHES} stretches; 95 % "
        "interval by the same map begun elsewhere",
        passed,
        f"The map ranks stretches of the clip like {named}: {value:+.2f} [{low:+.2f}, {high:+.2f}] "
        f"on average, where chance gives {middle:+.2f}: {meaning}.{caution}",
    )


def _likenesses(
    relevance: Float[np.ndarray, " groups"], signed: bool, others: Sequence[Other]
) -> list[float]:
    return [other.likeness(relevance, signed) for other in others]


def _others(question: Question, size: int, tell: Tell) -> Iterator[Other]:
    """Maps by the first method of every other family that works on this model."""
    method, wanted = question.explanation.method, question.settings.others
    names = [family[0] for family in FAMILIES.values() if method not in family]
    found = 0
    for name in names:
        explainer = _loaded(name, question.explanation.seconds)
        cannot = explainer.needs_gradients and question.classifier.module is None
        if found == wanted or cannot:
            continue
        step = steps_told(tell, wanted)[found]
        try:
            (other,) = explainer.explain(
                question.classifier, question.waveform, question.target, step
            )
        except ExplanationError:
            continue  # this model has an operation without a rule
        found += 1
        yield Other(name, other.signed, summed(question.over_time(other), size))


def _loaded(name: str, seconds: float) -> Explainer:
    """The method, made coarse enough that a clip of any length takes a few dozen evaluations."""
    if name == "two-sided-occlusion":
        hop = seconds / STRETCHES
        return load_explainer(name, hop=hop, window=2 * hop, batch_size=BATCH)
    if name == "smoothgrad":
        return load_explainer(name, samples=BATCH, batch_size=BATCH)
    return load_explainer(name)


def _levels(question: Question) -> Float[np.ndarray, " stretches"]:
    """Energy of the clip in the stretches of a map."""
    explanation = question.explanation
    energy = question.waveform[0].double().square().numpy()
    edges = regular_edges(explanation.seconds, question.step) * explanation.sample_rate
    return np.add.reduceat(energy, np.round(edges[:-1]).astype(int))
