"""Manipulate what an explanation points at, compare with chance, and keep the sounds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from explainers.errors import ExplanationError
from explainers.explainer import Progress, Scoring
from explainers.manipulation import (
    RANKINGS,
    Action,
    Bands,
    Comparison,
    Keep,
    Move,
    Noise,
    Remove,
    Samples,
    Scale,
    Stretches,
    Units,
    compare_with_chance,
    manipulate,
)
from explainers.targets import parse_target
from xaudio.audio import write_audio
from xaudio.classifiers import Classifier
from xaudio.explained import ExplainedClip
from xaudio.folders import filled_whole

WHATS = {
    "remove": "zeros in place of the most relevant samples",
    "noise": "noise as loud as the clip in their place",
    "keep": "zeros in place of all others",
    "remove-bands": "the most relevant frequency bands taken out",
    "keep-bands": "all other bands taken out",
    "move-bands": "the most relevant bands moved in frequency",
    "scale-bands": "the most relevant bands made louder or softer",
}


@dataclass(frozen=True)
class ManipulationSettings:
    """What is done to the most relevant part of a clip.

    Attributes:
        what: One of `WHATS`.
        shares: Of the samples or bands, each above 0 and at most 1.
        step: Choose stretches of so many seconds instead of scattered samples; None for these.
        bands: Of equal width, from 0 Hz to half the sample rate.
        hertz: How far bands are moved.
        decibels: By how much bands are scaled.
        ranking: ``magnitude``, relevance either way, or ``support``, relevance for the target.
        draws: Random choices that are compared with, for each share.
        seed: Of the random choices.
        batch_size: Waveforms scored at once.
    """

    what: str = "remove"
    shares: tuple[float, ...] = (0.01, 0.05, 0.1, 0.2)
    step: float | None = None
    bands: int = 32
    hertz: float = 500.0
    decibels: float = -20.0
    ranking: str = "magnitude"
    draws: int = 99
    seed: int = 0
    batch_size: int = 16

    def __post_init__(self) -> None:
        for given, known in ((self.what, WHATS), (self.ranking, RANKINGS)):
            if given not in known:
                raise ExplanationError(f"There is no '{given}'; there are: {', '.join(known)}.")
        if not self.shares or not all(0 < share <= 1 for share in self.shares):
            raise ExplanationError(
                f"The shares {', '.join(map(str, self.shares))} were given; each must be above 0 "
                "and at most 1."
            )
        if self.draws < 1 or self.batch_size < 1:
            raise ExplanationError(
                f"{self.draws} random choices in batches of {self.batch_size} were asked for; give "
                "one or more of either."
            )
        if self.step is not None and self.on_bands:
            raise ExplanationError(
                f"Stretches of {self.step} s were asked for with '{self.what}', which chooses "
                "bands over the whole clip; leave out the step."
            )
        _ = self.action, self.units(16000)  # settings that cannot be used are told at once

    @property
    def on_bands(self) -> bool:
        """Whether bands are chosen, not samples."""
        return self.what.endswith("-bands")

    @property
    def action(self) -> Action:
        """What is done."""
        match self.what.removesuffix("-bands"):
            case "remove":
                return Remove()
            case "noise":
                return Noise()
            case "keep":
                return Keep()
            case "move":
                return Move(self.hertz)
            case _:
                return Scale(self.decibels)

    def units(self, sample_rate: int) -> Units:
        """What is chosen, at a sample rate in Hz."""
        if self.on_bands:
            return Bands.of_equal_width(self.bands, sample_rate)
        return Samples() if self.step is None else Stretches(self.step)


@dataclass(frozen=True, eq=False)
class ManipulatedClip:
    """A clip with its most relevant part manipulated, for several shares of it.

    Attributes:
        explained: The clip and the explanation that guided the choice.
        what: One of `WHATS`.
        comparison: The scores, beside those of random choices.
        sounds: The manipulated clip by share, at the model's rate.
    """

    explained: ExplainedClip
    what: str
    comparison: Comparison
    sounds: Mapping[float, Float[Tensor, " time"]]

    def summary(self) -> dict[str, Any]:
        """Scores, chance and provenance as JSON can hold them."""
        return {
            "clip": self.explained.clip.name,
            "what": self.what,
            "target": self.explained.explanation.target,
            "method": self.explained.explanation.method,
            **self.comparison.as_dict(),
            "provenance": self.explained.provenance.as_dict(),
        }

    def save(self, folder: str | Path) -> dict[str, Path]:
        """Write the sounds and the summary into `folder`, beside it first and moved when complete.

        Returns:
            The paths by what they hold: ``summary``, and each share as text.

        Raises:
            ExplanationError: The folder cannot be written to; nothing new is left there then.
        """
        names = {f"{share:g}": f"{self.what}-{share:g}.wav" for share in self.sounds}
        with filled_whole(folder, "The manipulated clips") as aside:
            for share, sound in self.sounds.items():
                write_audio(aside / names[f"{share:g}"], sound, self.explained.clip.sample_rate)
            names["summary"] = "manipulation.json"
            summary = json.dumps(self.summary(), indent=2, ensure_ascii=False)
            (aside / names["summary"]).write_text(summary + "\n", encoding="utf-8")
        return {what: Path(folder) / name for what, name in names.items()}


def manipulate_clip(
    explained: ExplainedClip,
    classifier: Classifier,
    settings: ManipulationSettings,
    progress: Progress | None = None,
) -> ManipulatedClip:
    """Manipulate what an explanation points at, and compare the scores with chance.

    Args:
        explained: From `xaudio.explaining.explain_clip`.
        classifier: What was explained.
        settings: What is done.
        progress: Told the share done, 0 to 1; it may raise to stop the work.

    Raises:
        ExplanationError: The explanation says nothing about what is to be chosen.
    """
    explanation = explained.explanation
    waveform = explained.clip.waveform[0]
    units, ranking = settings.units(classifier.sample_rate), RANKINGS[settings.ranking]
    comparison = compare_with_chance(
        Scoring(classifier, parse_target(explanation.target, classifier.labels)),
        waveform,
        explanation,
        settings.action,
        units,
        settings.shares,
        ranking,
        settings.draws,
        settings.seed,
        settings.batch_size,
        progress,
    )
    sounds = {
        share: manipulate(
            waveform, explanation, settings.action, units, int(count), ranking, settings.seed
        )
        for share, count in zip(settings.shares, comparison.counts, strict=True)
    }
    return ManipulatedClip(explained, settings.what, comparison, sounds)
