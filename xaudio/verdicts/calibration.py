"""A saved calibration: from a detector's score to a likelihood ratio, and where that may be used.

One JSON file that people can read. It belongs to one model with one set of weights and refuses
any other.
"""

import json
import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from xaudio.classifiers.classifier import Classifier
from xaudio.errors import MetricError, ModelError
from xaudio.metrics.calibration import AffineMap
from xaudio.metrics.intervals import Interval
from xaudio.verdicts.evidence import Evidence
from xaudio.verdicts.ranges import ValidatedCondition
from xaudio.verdicts.rule import Rule

FORMAT = 1


@dataclass(frozen=True)
class CalibratedModel:
    """The model a calibration belongs to.

    Attributes:
        spec: What was said to load it: a registered name, a file, ``hf:<id>``.
        weights: The weights file, where one was named.
        labels: One per logit, where they were said.
        name: What people call it.
        fingerprint: SHA-256 of its weights, and of what comes with them.
        precision: Of its arithmetic.
        sample_rate: In hertz: what it hears.
    """

    spec: str
    weights: str | None
    labels: tuple[str, ...] | None
    name: str
    fingerprint: str
    precision: str
    sample_rate: int

    def check(self, classifier: Classifier) -> None:
        """Refuse any other model.

        Raises:
            ModelError: The weights are others than those that were calibrated.
        """
        if classifier.fingerprint != self.fingerprint or classifier.sample_rate != self.sample_rate:
            raise ModelError(
                f"This calibration belongs to '{self.name}' with the weights "
                f"{self.fingerprint[:12]} at {self.sample_rate} Hz; '{classifier.name}' has "
                f"{classifier.fingerprint[:12] or 'none'} at {classifier.sample_rate} Hz. Give the "
                "weights it was made with, or calibrate this model."
            )


@dataclass(frozen=True)
class MapUncertainty:
    """How far the map could be another, had other speakers been recorded.

    From a bootstrap over speakers; intervals are Student's.

    Attributes:
        slope_variance: Of the map's slope.
        offset_variance: Of its offset.
        covariance: Of the two.
        degrees_of_freedom: About the number of speakers that decide, less one; at least 1.
    """

    slope_variance: float
    offset_variance: float
    covariance: float
    degrees_of_freedom: float

    def reach(self, score: float, level: float = 0.95) -> float:
        """How far the interval of a score's LLR goes to either side."""
        from scipy.stats import t

        variance = (
            self.slope_variance * score**2 + 2 * self.covariance * score + self.offset_variance
        )
        quantile = float(t.ppf((1 + level) / 2, self.degrees_of_freedom))
        return quantile * math.sqrt(max(variance, 0.0))


@dataclass(frozen=True)
class CalibrationSet:
    """The clips a calibration was made from.

    Attributes:
        bonafide_clips: Human speech.
        spoof_clips: Synthetic speech.
        bonafide_speakers: Different speakers of the former; clips without one count as one each.
        spoof_speakers: Of the latter.
        attacks: What made the synthetic speech.
        left_out: Clips that could not be read or scored.
        sha256: Over the clips' digests, labels and speakers.
    """

    bonafide_clips: int
    spoof_clips: int
    bonafide_speakers: int
    spoof_speakers: int
    attacks: tuple[str, ...]
    left_out: int
    sha256: str


@dataclass(frozen=True)
class Figures:
    """How good scores and LLRs are, on speakers held out in turn, with 95 % intervals.

    Attributes:
        eer: Equal error rate of the scores, its threshold fitted to them.
        cllr_before: Cost in bits of the scores taken as LLRs: 0 perfect, 1 says nothing.
        cllr_after: Of the LLRs.
        min_cllr: The least a map that keeps the order could reach, fitted to these very clips.
        ece_before: Expected calibration error of the probabilities from the scores, ten bins of
            equal width, at the set's own share of synthetic clips.
        ece_after: From the LLRs.
        brier_before: Mean squared error of those probabilities.
        brier_after: From the LLRs.
        false_rejection: Share of human clips called synthetic at the threshold.
        false_acceptance: Share of synthetic clips called human.
        outside: Share of the clips that lie outside the conditions of all other speakers' clips
            and would get no verdict.
        undecided: Share of the clips inside whose LLR is not told from the threshold.
    """

    eer: Interval
    cllr_before: Interval
    cllr_after: Interval
    min_cllr: float
    ece_before: float
    ece_after: float
    brier_before: float
    brier_after: float
    false_rejection: Interval
    false_acceptance: Interval
    outside: float
    undecided: float


@dataclass(frozen=True)
class Calibration:
    """How a detector's scores are to be read, and on which recordings.

    Attributes:
        model: The only one it is good for.
        map: From score to natural log-likelihood ratio (LLR), positive for bona fide.
        uncertainty: Of the map.
        lowest_llr: No stronger evidence for synthesis is claimed: minus ln(bona fide clips + 1).
        highest_llr: Nor for bona fide: ln(spoofed clips + 1).
        rule: How the threshold was set.
        threshold: The LLR at and above which speech is called bona fide.
        spoof_prior: Probability of synthesis before the recording is heard, for posteriors.
        validated: On what it may be used; the first is the calibration set.
        made_from: That set.
        figures: How good it is.
        format: Version of the file.
    """

    model: CalibratedModel
    map: AffineMap
    uncertainty: MapUncertainty
    lowest_llr: float
    highest_llr: float
    rule: Rule
    threshold: float
    spoof_prior: float
    validated: tuple[ValidatedCondition, ...]
    made_from: CalibrationSet
    figures: Figures
    format: Literal[1] = 1

    def llr(self, score: float) -> Evidence:
        """The LLR of a score with its 95 % interval, as the map has it."""
        value, reach = float(self.map.llrs(score)), self.uncertainty.reach(score)
        return Evidence(value, value - reach, value + reach)

    def claimed(self, llr: Evidence) -> Evidence:
        """The same within the limits of what so few clips can show."""
        ends = (llr.value, llr.low, llr.high)
        return Evidence(*(min(max(end, self.lowest_llr), self.highest_llr) for end in ends))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it as JSON, whole or not at all.

        Raises:
            ModelError: The file cannot be written.
        """
        file = Path(path)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(_adapter().dump_json(self, indent=2) + b"\n")
            return unfinished.replace(file)
        except OSError as error:
            raise ModelError(
                f"The calibration cannot be written to '{file}': {error.strerror}."
            ) from None
        finally:
            with suppress(OSError):
                unfinished.unlink()


def load_calibration(path: str | os.PathLike[str]) -> Calibration:
    """Read a calibration that was saved.

    Raises:
        ModelError: There is none, or it is not as it should be; the first fault is named.
    """
    from pydantic import ValidationError

    file = Path(path)
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise ModelError(
            f"There is no calibration '{file}'. 'xaudio calibrate' makes one."
        ) from None
    except OSError as error:
        raise ModelError(f"'{file}' cannot be read: {error.strerror}.") from None
    adapter = _adapter()
    try:
        found: Calibration = adapter.validate_json(data)
        _check(found)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise _no_calibration(file, f"{place}: {fault['msg']}") from None
    except MetricError as error:
        raise _no_calibration(file, str(error)) from None
    if adapter.dump_python(found, mode="json") != json.loads(data):
        raise _no_calibration(file, "it holds entries that this version does not know")
    return found


def _no_calibration(file: Path, reason: str) -> ModelError:
    return ModelError(
        f"'{file}' is no calibration of format {FORMAT} that can be used: {reason.rstrip('.')}. "
        "Make it again with 'xaudio calibrate'."
    )


def _check(calibration: Calibration) -> None:
    """What types alone do not say."""
    if not calibration.map.slope > 0:
        raise MetricError("the map falls with the score, so scores run the wrong way.")
    if not calibration.validated:
        raise MetricError("no condition was validated.")
    if not 0 < calibration.spoof_prior < 1:
        raise MetricError(f"its prior of synthesis is {calibration.spoof_prior}.")
    if calibration.uncertainty.degrees_of_freedom < 1:
        raise MetricError("it rests on fewer than two speakers of a class.")


def _adapter() -> Any:
    """Reads and writes the dataclasses above; what is no finite number is refused."""
    from pydantic import TypeAdapter

    return TypeAdapter(Calibration)
