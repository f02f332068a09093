"""One clip as a model hears it, and why it says what it says: judged and explained once."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from explainers.explainer import Explainer
from explainers.targets import DECIDED, Target, parse_target
from perturbations.time_map import TimeMap
from xaudio.classifiers.classifier import Classifier
from xaudio.errors import ModelError
from xaudio.sweeps.buckets import PlannedClip
from xaudio.sweeps.cells import LoadedClip
from xaudio.sweeps.explanation_drift.maps import RelevanceMaps, relevance_maps
from xaudio.sweeps.scoring import judge, reason


class Verdict(NamedTuple):
    """A score and the label with the largest logit."""

    score: float
    decided: str


@dataclass(frozen=True)
class Explaining:
    """A model and the method that explains it.

    Attributes:
        classifier: Which is explained.
        explainer: The method.
        precision: In which the classifier is scored; it is explained in float32.
    """

    classifier: Classifier
    explainer: Explainer
    precision: str = "float32"

    def verdict(self, waveform: Float[Tensor, "1 time"], label: str) -> Verdict:
        """What the model says, as in the score rows.

        Raises:
            ModelError: It says nothing of this clip.
        """
        (judged,) = judge([waveform], [label], self.classifier, self.precision)
        if judged.score is None or judged.decided is None:
            raise ModelError(judged.error or "The model gave no score.")
        return Verdict(judged.score, judged.decided)

    def maps(
        self,
        waveform: Float[Tensor, "1 time"],
        target: Target,
        seconds: float,
        time_map: TimeMap,
    ) -> RelevanceMaps:
        """Why, carried back to an original of so many seconds."""
        with torch.enable_grad():
            (found,) = self.explainer.explain(self.classifier, waveform, target)
        return relevance_maps(found, seconds, time_map)


@dataclass(frozen=True, eq=False)
class CleanLook:
    """A clip of the sample before any corruption, or why there is nothing to compare with.

    Attributes:
        planned: Which clip.
        loaded: Its sound.
        seconds: Its length.
        target: What is explained, of it and of its corrupted versions.
        verdict: What the model says.
        maps: Why.
    """

    planned: PlannedClip
    loaded: LoadedClip
    seconds: float
    target: Target
    verdict: Verdict
    maps: RelevanceMaps


def look_at_clean(loaded: LoadedClip, explaining: Explaining) -> CleanLook | str:
    """Judge and explain a clean clip; a sentence where that cannot be done."""
    if loaded.sound is None:
        return loaded.error or "The clip cannot be read."
    waveform = loaded.sound.waveform
    seconds = waveform.shape[1] / loaded.sound.sample_rate
    try:
        verdict = explaining.verdict(waveform, loaded.planned.row.label)
        target = _target(explaining.classifier, verdict)
        maps = explaining.maps(waveform, target, seconds, TimeMap.identity())
    except Exception as error:
        return reason(error)
    return CleanLook(loaded.planned, loaded, seconds, target, verdict, maps)


def _target(classifier: Classifier, verdict: Verdict) -> Target:
    """The model's default; where that is what it decides, what it decides of the clean clip."""
    wanted = classifier.default_target
    return parse_target(verdict.decided if wanted == DECIDED else wanted, classifier.labels)
