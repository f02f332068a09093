"""What of a voice the decision hangs on: pitch, speed, loudness, room, noise, intonation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, Task, register_explainer
from explainers.explanation import Explanation
from explainers.voice.curves import CurveSettings, ResponseCurve, response_curves
from perturbations.voice.properties import VoiceProperty, voice_properties

ALL = "all"


@register_explainer
@dataclass(frozen=True)
class Voice(Explainer):
    """How the score answers when a property of the whole clip is changed.

    Relevance is one number per property: the neutral score minus the mean over the changed values,
    as in SpeechXAI (Pastor et al., EACL 2024, arXiv 2309.07733), on the target's own scale. Every
    property covers the whole clip, and the numbers do not add up to the score. The curves
    themselves are in the provenance, to be read with `curves_of`.

    Attributes:
        properties: Names with commas between, or ``all``.
        threshold: The target at which the decision changes; 0 fits contrasts and log-odds.
        repeats: Draws for a property that is random.
        seed: Of the draws.
        batch_size: Waveforms scored at once.
    """

    properties: str = ALL
    threshold: float = 0.0
    repeats: int = 3
    seed: int = 0
    batch_size: int = 16

    name: ClassVar[str] = "voice"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = (
        "How the score answers to pitch, speed, loudness, room, noise and intonation."
    )

    def __post_init__(self) -> None:
        self.chosen()
        self.measured()
        if not np.isfinite(self.threshold):
            raise ExplanationError(
                f"The setting 'threshold' is {self.threshold}; it must be a finite score."
            )

    def chosen(self) -> tuple[VoiceProperty, ...]:
        """The properties asked for, with the values they try by default."""
        known = voice_properties.names()
        asked = [name.strip() for name in self.properties.split(",")]
        names = list(known) if asked == [ALL] else asked
        unknown = [name for name in names if name not in known]
        if unknown or len(set(names)) < len(names):
            raise ExplanationError(
                f"The properties '{self.properties}' were asked for; give '{ALL}', or each once "
                f"of: {', '.join(known)}."
            )
        return tuple(voice_properties.get(name)() for name in names)  # type: ignore[call-arg]

    def measured(self) -> CurveSettings:
        """How the curves are measured."""
        return CurveSettings(self.repeats, self.seed, self.batch_size)

    def attribute(self, task: Task) -> list[Attribution]:
        """One whole-clip segment per property; the curves and their flips are in the findings."""
        rate = task.scoring.model.sample_rate
        whole = (0.0, task.waveform.shape[1] / rate, 0.0, rate / 2)
        found = response_curves(
            task.scoring, task.waveform, self.chosen(), self.measured(), task.progress
        )
        return [self._attribution(curves, whole) for curves in found]

    def _attribution(
        self, curves: Sequence[ResponseCurve], whole: tuple[float, float, float, float]
    ) -> Attribution:
        return Attribution(
            relevance=np.array([curve.attribution for curve in curves]),
            domain="segments",
            more={
                "segments": np.tile(whole, (len(curves), 1)),
                "segment_names": tuple(curve.name for curve in curves),
                "standard_error": np.array([curve.standard_error for curve in curves]),
            },
            findings={
                "curves": [curve.to_plain() for curve in curves],
                "flips": {curve.name: list(curve.flips(self.threshold)) for curve in curves},
            },
        )


def curves_of(explanation: Explanation) -> tuple[ResponseCurve, ...]:
    """The curves that an explanation by this method was made from.

    Raises:
        ExplanationError: The explanation has none, or they are damaged.
    """
    plain = explanation.provenance.get("curves")
    if not isinstance(plain, list) or not plain:
        raise ExplanationError(
            f"An explanation by '{explanation.method}' has no response curves; the method "
            f"'{Voice.name}' makes them."
        )
    return tuple(ResponseCurve.from_plain(curve) for curve in plain)
