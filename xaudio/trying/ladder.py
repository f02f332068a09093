"""The score of one clip over all severities of a corruption, and where the decision flips."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainers.explainer import Progress
from perturbations.corruption import Corruption
from perturbations.errors import CorruptionError
from xaudio.audio import Clip
from xaudio.classifiers import Classifier
from xaudio.classifiers.labels import BONAFIDE, SPOOF
from xaudio.corrupting import corrupt_with
from xaudio.explaining import decide
from xaudio.reports.quantities import quantity_text
from xaudio.sweeps.scoring import Judged, judge

CLEAN = 0


@dataclass(frozen=True)
class Rung:
    """The clip at one severity, drawn once.

    Attributes:
        severity: 0 is the clean clip.
        repeat: Which draw of the random numbers.
        score: Of a detector the logit of bona fide minus that of spoof; of any other model how far
            the clean clip's label leads the strongest other one. None where there is none.
        label: What the model decides; None without a score.
        error: Why there is no score.
    """

    severity: int
    repeat: int
    score: float | None
    label: str | None
    error: str | None = None


@dataclass(frozen=True)
class Spread:
    """The scores of all repeats at one severity."""

    severity: int
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Ladder:
    """One clip at every severity.

    Attributes:
        corruption: What it is called.
        levels: What each severity means, in words; nothing for a chain, whose steps differ.
        repeats: How often each severity was drawn: once where nothing is random.
        threshold: The score at which the decision changes: a detector's; 0 for the lead of the
            clean label.
        is_detector: Which of the two the scores are.
        rungs: The clean clip first, then by repeat and severity.
    """

    corruption: str
    levels: tuple[str, ...]
    repeats: int
    threshold: float
    is_detector: bool
    rungs: tuple[Rung, ...]

    @property
    def clean(self) -> Rung:
        """The clip as it is."""
        return self.rungs[0]

    @property
    def severities(self) -> tuple[int, ...]:
        """All there are, 0 included."""
        return tuple(sorted({rung.severity for rung in self.rungs}))

    def at(self, severity: int) -> tuple[Rung, ...]:
        """What was drawn at one severity, by repeat."""
        return tuple(rung for rung in self.rungs if rung.severity == severity)

    def of(self, repeat: int) -> tuple[Rung, ...]:
        """One repeat from clean to harsh."""
        return (self.clean, *(rung for rung in self.rungs[1:] if rung.repeat == repeat))

    def flipped(self, rung: Rung) -> bool:
        """Whether the model decides otherwise than about the clean clip."""
        return rung.label is not None and rung.label != self.clean.label

    def flipped_share(self, severity: int) -> float | None:
        """Share of the repeats that flip there, 0 to 1; None where none has a score."""
        judged = [rung for rung in self.at(severity) if rung.label is not None]
        return sum(map(self.flipped, judged)) / len(judged) if judged else None

    @property
    def flip_severity(self) -> int | None:
        """The mildest severity at which half of the repeats or more flip; None where none does."""
        for severity in self.severities:
            if (self.flipped_share(severity) or 0.0) >= 0.5:
                return severity
        return None

    @property
    def flip_severities(self) -> tuple[int | None, ...]:
        """For each repeat the mildest severity at which it flips."""
        return tuple(
            next((rung.severity for rung in self.of(repeat) if self.flipped(rung)), None)
            for repeat in range(self.repeats)
        )

    @property
    def returns(self) -> tuple[int, ...]:
        """Harsher severities at which most repeats decide as they did of the clean clip."""
        first = self.flip_severity
        if first is None:
            return ()
        later = [severity for severity in self.severities if severity > first]
        return tuple(each for each in later if (self.flipped_share(each) or 0.0) < 0.5)

    def spread(self) -> tuple[Spread, ...]:
        """Lowest, middle and highest score by severity; severities without scores left out."""
        found = []
        for severity in self.severities:
            scores = [rung.score for rung in self.at(severity) if rung.score is not None]
            if scores:
                low, middle, high = np.quantile(scores, [0.0, 0.5, 1.0]).tolist()
                found.append(Spread(severity, low, middle, high))
        return tuple(found)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why there are no scores where there are none, each reason once."""
        return tuple(dict.fromkeys(rung.error for rung in self.rungs if rung.error))

    @property
    def sentence(self) -> str:
        """Where it flips, in words."""
        first = self.flip_severity
        if first is None:
            if any(map(self.flipped, self.rungs)):
                return f"Fewer than half of the {self.repeats} repeats flip, at any severity."
            return f"The decision stays {self.clean.label} at every severity."
        to = next(rung.label for rung in self.at(first) if self.flipped(rung))
        often = ""
        if self.repeats > 1:
            flipped = sum(map(self.flipped, self.at(first)))
            often = f" in {flipped} of {self.repeats} repeats"
        level = f" ({self.levels[first - 1]})" if self.levels else ""
        told = f"Flips from {self.clean.label} to {to} at severity {first}{level}{often}."
        if not self.returns:
            return told
        back = " and ".join(map(str, self.returns))
        return f"{told} It is {self.clean.label} again at {back}."


def severity_ladder(
    clip: Clip,
    classifier: Classifier,
    corruption: Corruption,
    repeats: int = 1,
    *,
    severities: Sequence[int] | None = None,
    threshold: float = 0.0,
    condition: str = "",
    progress: Progress | None = None,
) -> Ladder:
    """Score a clip clean and at every severity of a corruption.

    Args:
        clip: The clean clip; it is corrupted at its own rate.
        classifier: What decides.
        corruption: What is done.
        repeats: How often each severity is drawn, 1 or more; where nothing is random, once does.
        severities: Only these; all of the corruption's if None.
        threshold: The score at and above which a detector's clip is bona fide.
        condition: What a suite calls the corruption.
        progress: Told the share done; it may raise to stop.

    Raises:
        CorruptionError: Fewer than one repeat was asked for.
        ModelError: The model says nothing of the clean clip. What cannot be done or judged at one
            severity is a rung that says why.
    """
    if repeats < 1:
        raise CorruptionError(f"{repeats} repeats were asked for; ask for one or more.")
    repeats = repeats if corruption.random else 1
    asked = tuple(severities or corruption.severities)
    clean = decide(clip, classifier, threshold)
    start = _clean_rung(clip, classifier, clean.label, threshold)
    steps = [(severity, repeat) for repeat in range(repeats) for severity in asked]
    rungs = [start]
    for done, (severity, repeat) in enumerate(steps, start=1):
        rungs.append(_rung(clip, classifier, corruption, severity, repeat, clean.label, threshold))
        if progress is not None:
            progress(done / len(steps))
    return Ladder(
        corruption=condition or corruption.name,
        levels=level_texts(corruption),
        repeats=repeats,
        threshold=threshold if classifier.is_detector else 0.0,
        is_detector=classifier.is_detector,
        rungs=tuple(rungs),
    )


def level_texts(corruption: Corruption) -> tuple[str, ...]:
    r"""What each severity means, severity 1 first; none for a chain.

    >>> from perturbations.corruption import load_corruption
    >>> level_texts(load_corruption("low-pass"))[0].replace("\xa0", " ")
    'cutoff 4,000 Hz'
    """
    if corruption.quantity == "severity":
        return ()
    return tuple(quantity_text(corruption.quantity, level) for level in corruption.levels)


def _clean_rung(clip: Clip, classifier: Classifier, label: str, threshold: float) -> Rung:
    heard = clip.resampled(classifier.sample_rate).waveform
    (judged,) = judge([heard], [label], classifier)
    return _judged_rung(CLEAN, 0, judged, classifier, threshold)


def _rung(
    clip: Clip,
    classifier: Classifier,
    corruption: Corruption,
    severity: int,
    repeat: int,
    label: str,
    threshold: float,
) -> Rung:
    try:
        made = corrupt_with(clip, corruption, severity, repeat)
    except CorruptionError as error:
        return Rung(severity, repeat, None, None, str(error))
    heard = made.clip.resampled(classifier.sample_rate).waveform
    (judged,) = judge([heard], [label], classifier)
    return _judged_rung(severity, repeat, judged, classifier, threshold)


def _judged_rung(
    severity: int, repeat: int, judged: Judged, classifier: Classifier, threshold: float
) -> Rung:
    if judged.score is None:
        return Rung(severity, repeat, None, None, judged.error)
    label = judged.decided
    if classifier.is_detector:
        label = BONAFIDE if judged.score >= threshold else SPOOF
    return Rung(severity, repeat, judged.score, label)
