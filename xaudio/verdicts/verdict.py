"""The verdict about one recording: bona fide, synthetic, or inconclusive with the reason."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from xaudio.audio import Clip
from xaudio.classifiers.classifier import Classifier
from xaudio.metrics.calibration import spoof_probability
from xaudio.metrics.intervals import Interval
from xaudio.verdicts.calibration import Calibration
from xaudio.verdicts.conditions import Conditions, measure_conditions
from xaudio.verdicts.evidence import Evidence
from xaudio.verdicts.ranges import Departure, ValidatedCondition
from xaudio.verdicts.scored_set import score_clip

Word = Literal["bona fide", "synthetic", "inconclusive"]


@dataclass(frozen=True)
class Verdict:
    """What a calibrated detector says about one recording.

    Attributes:
        clip: The recording's name.
        clip_sha256: Of the file's bytes.
        verdict: Bona fide, synthetic or inconclusive.
        score: The detector's, higher for bona fide.
        llr: Natural log-likelihood ratio with its 95 % interval, positive for bona fide, within
            what the calibration set can show.
        threshold: The LLR at and above which speech is called bona fide.
        spoof_prior: Probability of synthesis before the recording was heard.
        spoof_probability: After it, with the interval of the LLR.
        conditions: Measured of the recording.
        condition: The validated condition it lies in, or the one it departs from least.
        departures: In what it lies outside that condition.
        near_threshold: Whether the LLR cannot be told from the threshold.
    """

    clip: str
    clip_sha256: str
    verdict: Word
    score: float
    llr: Evidence
    threshold: float
    spoof_prior: float
    spoof_probability: Interval
    conditions: Conditions
    condition: str
    departures: tuple[Departure, ...]
    near_threshold: bool

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


def judge(
    clip: Clip, classifier: Classifier, calibration: Calibration, spoof_prior: float | None = None
) -> Verdict:
    """What a calibrated detector says about a recording.

    Inconclusive where the recording lies outside every validated condition, and where the interval
    of its likelihood ratio holds the threshold.

    Args:
        clip: As it was recorded, at its own rate.
        classifier: The model that was calibrated.
        calibration: Its calibration.
        spoof_prior: Probability of synthesis before the recording is heard; the calibration's when
            not given. It moves the posterior, never the threshold.

    Raises:
        ModelError: The calibration belongs to another model or other weights.
        AudioError: The clip cannot be used.
        MetricError: The prior is no probability.
    """
    calibration.model.check(classifier)
    return judge_score(
        clip, score_clip(clip, classifier), measure_conditions(clip), calibration, spoof_prior
    )


def judge_score(
    clip: Clip,
    score: float,
    conditions: Conditions,
    calibration: Calibration,
    spoof_prior: float | None = None,
) -> Verdict:
    """The same for a recording that is scored and measured already."""
    prior = calibration.spoof_prior if spoof_prior is None else spoof_prior
    llr = calibration.llr(score)
    claimed = calibration.claimed(llr)
    condition, outside = nearest_condition(conditions, calibration)
    near = llr.low <= calibration.threshold <= llr.high
    word: Word
    if outside or near:
        word = "inconclusive"
    else:
        word = "bona fide" if llr.value >= calibration.threshold else "synthetic"
    after, most, least = spoof_probability(
        [claimed.value, claimed.low, claimed.high], prior
    ).tolist()
    return Verdict(
        clip=clip.name,
        clip_sha256=clip.digest,
        verdict=word,
        score=score,
        llr=claimed,
        threshold=calibration.threshold,
        spoof_prior=prior,
        spoof_probability=Interval(after, least, most),
        conditions=conditions,
        condition=condition.title,
        departures=outside,
        near_threshold=near,
    )


def nearest_condition(
    conditions: Conditions, calibration: Calibration
) -> tuple[ValidatedCondition, tuple[Departure, ...]]:
    """The first validated condition that holds a recording, or the one it departs from least."""
    departures = [(each, each.departures(conditions)) for each in calibration.validated]
    return min(departures, key=lambda pair: len(pair[1]))
