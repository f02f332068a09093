"""Does the map depend on what the model learned? The same method on shuffled weights.

A map that stays as it was shows the clip and not the model (Adebayo et al., Sanity Checks for
Saliency Maps, NeurIPS 2018). A map that nobody can make again would pass that test as well, so it
must also come out the same from the model itself.
"""

import numpy as np
import torch

from explainers.errors import ExplanationError
from explainers.quality.similarity import spearman
from xaudio.believing.checks import Check, NotChecked
from xaudio.believing.question import Question, Tell, same_bits, steps_told
from xaudio.classifiers.random_weights import with_random_weights
from xaudio.errors import ModelError
from xaudio.metrics.intervals import student_interval

NAME = "learned"
CLAIM = "it depends on what the model learned"


def check_learned(question: Question, tell: Tell) -> Check | NotChecked:
    """Whether shuffled weights give another map and the model's own weights the same."""
    if question.classifier.module is None:
        return _not_checked("This model shows no weights that could be shuffled.")
    steps = steps_told(tell, 1 + question.settings.random_models)
    own = question.over_time(question.explanation)
    (again,) = question.explained_again(question.classifier, question.waveform, steps[0])
    repeated = float(spearman(own, again))
    alike = [
        found
        for seed, step in enumerate(steps[1:])
        if (found := _likeness(question, own, seed, step)) is not None
    ]
    if len(alike) < 2:
        return _not_checked("Shuffling this model's weights does not change what it answers.")
    return _judged(question, np.array(alike), repeated)


def _likeness(question: Question, own: np.ndarray, seed: int, tell: Tell) -> float | None:
    """Rank correlation with the map of one shuffled model; None where nothing was shuffled."""
    other = with_random_weights(question.classifier, question.settings.seed + seed)
    assert other is not None
    try:
        with torch.no_grad():
            answers = (question.classifier(question.waveform), other(question.waveform))
        if same_bits(*answers):
            return None
        (found,) = question.explained_again(other, question.waveform, tell)
    except (ExplanationError, ModelError):
        return 0.0  # overflow of a model that learned nothing: its map is none
    return abs(float(spearman(own, found)))


def _judged(question: Question, alike: np.ndarray, repeated: float) -> Check:
    mean = float(alike.mean())
    error = float(alike.std(ddof=1) / np.sqrt(len(alike)))
    interval = student_interval(mean, error, float(len(alike) - 1))
    low, high = max(0.0, interval.low), min(1.0, interval.high)
    can_be_repeated = repeated >= question.settings.alike
    passed = can_be_repeated and high < question.settings.unlike
    if not can_be_repeated:
        meaning = (
            f"but the method does not give this map again (rank correlation {repeated:.2f}), so "
            "that says nothing"
        )
    elif passed:
        meaning = "so shuffling the weights gives another map"
    else:
        meaning = "so much of it shows the clip whatever the model learned"
    return Check(
        NAME,
        CLAIM,
        mean,
        low,
        high,
        1.0,
        f"rank correlation with maps of {len(alike)} copies of the model with shuffled weights, "
        "either way; 95 % interval of the mean",
        passed,
        f"With shuffled weights the map is alike by {mean:.2f} [{low:.2f}, {high:.2f}], where 1 is "
        f"the same map: {meaning}.",
    )


def _not_checked(reason: str) -> NotChecked:
    return NotChecked(NAME, CLAIM, reason)
