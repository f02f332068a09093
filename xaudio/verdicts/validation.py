"""Under which corruptions a calibration still holds, by the scores of a finished sweep."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.compute as pc

from perturbations.corruption import Corruption, Key
from perturbations.errors import UserError
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.datasets.sound import read_row
from xaudio.errors import MetricError
from xaudio.metrics.cllr import cllr
from xaudio.metrics.intervals import Interval
from xaudio.metrics.uncertainty.bootstrap import replicate
from xaudio.metrics.uncertainty.means import FalseAcceptance, FalseRejection
from xaudio.metrics.uncertainty.resampling import plan_resampling
from xaudio.verdicts.calibration import Calibration
from xaudio.verdicts.conditions import Conditions, measure_conditions
from xaudio.verdicts.ranges import ValidatedCondition, measured_ranges, measured_rates

TOLERANCE = 0.05
MEASURED_CLIPS = 100
FEWEST_MEASURED = 20


@runtime_checkable
class MetCondition(Protocol):
    """A condition of a sweep: what `xaudio.sweeps` plans."""

    name: str
    corruption: Corruption | None
    severity: int


@dataclass(frozen=True)
class Outcome:
    """What became of one condition of a sweep.

    Attributes:
        name: The condition's.
        severity: Its severity.
        false_rejection: At the calibration's threshold, in [0, 1].
        false_acceptance: At the same.
        more_rejected: By how much it exceeds that of the same clips when clean, with its interval.
        more_accepted: The same for false acceptance.
        cllr: Of the calibrated LLRs, in bits.
        holds: Whether both intervals stay below the tolerance.
    """

    name: str
    severity: int
    false_rejection: float
    false_acceptance: float
    more_rejected: Interval
    more_accepted: Interval
    cllr: float
    holds: bool


def outcomes(
    calibration: Calibration, rows: pa.Table, tolerance: float = TOLERANCE
) -> tuple[Outcome, ...]:
    """How error rates at the calibration's threshold change under each condition of a sweep.

    A condition holds where both rates rise by no more than the tolerance beyond those of the same
    clips when clean, at the upper end of the paired 95 % interval over speakers. A condition
    without scores of both classes tells neither and is left out.

    Args:
        calibration: Whose threshold it is.
        rows: Score rows of the calibrated model, the clean clips' among them.
        tolerance: In [0, 1].

    Raises:
        MetricError: There are no clean scores.
    """
    scored = rows.filter(pc.fill_null(pc.is_finite(rows["score"]), False))
    clean = scored.filter(pc.equal(scored["corruption"], "clean"))
    if not len(clean):
        raise MetricError("The sweep has no scores of clean clips to compare with.")
    before = dict(zip(clean["digest"].to_pylist(), clean["score"].to_pylist(), strict=True))
    corrupted = scored.filter(pc.not_equal(scored["corruption"], "clean"))
    each_once = corrupted.group_by(["corruption", "severity"]).aggregate([])
    order = [("corruption", "ascending"), ("severity", "ascending")]
    found = []
    for condition in each_once.sort_by(order).to_pylist():
        is_here = pc.and_(
            pc.equal(corrupted["corruption"], condition["corruption"]),
            pc.equal(corrupted["severity"], condition["severity"]),
        )
        here = corrupted.filter(pc.and_(is_here, pc.is_in(corrupted["digest"], clean["digest"])))
        if len(pc.unique(here["label"])) == 2:
            found.append(_outcome(calibration, here, before, tolerance))
    return tuple(found)


def _outcome(
    calibration: Calibration, rows: pa.Table, before: dict[str, float], tolerance: float
) -> Outcome:
    clean = calibration.map.llrs([before[digest] for digest in rows["digest"].to_pylist()])
    llrs = calibration.map.llrs(rows["score"].to_numpy())
    human = pc.equal(rows["label"], "bonafide").to_numpy(zero_copy_only=False)
    rejection = FalseRejection(calibration.threshold)
    acceptance = FalseAcceptance(calibration.threshold)
    # A clip whose speaker nobody knows is a speaker of its own; its repeats stay together.
    speakers = pc.coalesce(
        pc.binary_join_element_wise("speaker", rows["speaker"], " "),
        pc.binary_join_element_wise("clip", rows["digest"], " "),
    ).to_pylist()
    measures = [(llrs, rejection), (clean, rejection), (llrs, acceptance), (clean, acceptance)]
    found = replicate(measures, human, plan_resampling(human, speakers))
    rejected = found.combination([1.0, -1.0, 0.0, 0.0]).interval()
    accepted = found.combination([0.0, 0.0, 1.0, -1.0]).interval()
    return Outcome(
        name=rows["corruption"][0].as_py(),
        severity=rows["severity"][0].as_py(),
        false_rejection=float(found.values[0]),
        false_acceptance=float(found.values[2]),
        more_rejected=rejected,
        more_accepted=accepted,
        cllr=cllr(llrs[human], llrs[~human]),
        holds=max(rejected.high, accepted.high) <= tolerance,
    )


def validate(
    calibration: Calibration,
    found: Sequence[Outcome],
    conditions: Sequence[MetCondition],
    clips: Manifest,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """The calibration with every condition that holds, and what such recordings measure.

    Up to 100 of the sweep's clips are corrupted again to measure them, at the model's rate, as the
    sweep does. A condition that is not registered here, or of which fewer than 20 clips can be
    made again, is not added.

    Args:
        calibration: As it was made.
        found: What `outcomes` says.
        conditions: The sweep's, with their corruptions.
        clips: The sweep's.
        progress: Told conditions done and conditions in all.
    """
    corruptions = {(one.name, one.severity): one.corruption for one in conditions}
    holding = [outcome for outcome in found if outcome.holds]
    step = max(1, len(clips) // MEASURED_CLIPS)
    sample = [clips[number] for number in range(0, len(clips), step)][:MEASURED_CLIPS]
    added = []
    for number, outcome in enumerate(holding):
        corruption = corruptions.get((outcome.name, outcome.severity))
        if corruption is not None:
            measured = measured_under(
                corruption, outcome.severity, sample, calibration.model.sample_rate
            )
            if len(measured) >= min(FEWEST_MEASURED, len(sample)):
                added.append(_validated(outcome, measured))
        if progress is not None:
            progress(number + 1, len(holding))
    return replace(calibration, validated=(*calibration.validated, *added))


def measured_under(
    corruption: Corruption, severity: int, rows: Sequence[ManifestRow], sample_rate: int
) -> list[Conditions]:
    """The conditions of clips after a corruption; those it cannot be done to are left out."""
    found = []
    for row in rows:
        try:
            clip = read_row(row).resampled(sample_rate)
            key = Key(clip.digest)
            made = corruption.apply(clip.waveform, sample_rate, severity, [key]).clip(0)
        except UserError:
            continue
        found.append(measure_conditions(replace(clip, samples=made.samples.numpy())))
    return found


def _validated(outcome: Outcome, measured: Sequence[Conditions]) -> ValidatedCondition:
    return ValidatedCondition(
        name=outcome.name,
        severity=outcome.severity,
        clips=len(measured),
        sample_rates=measured_rates(measured),
        ranges=measured_ranges(measured),
        false_rejection=outcome.false_rejection,
        false_acceptance=outcome.false_acceptance,
        cllr=outcome.cllr,
    )
