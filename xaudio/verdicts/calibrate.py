"""Make a calibration: score a labelled set of clips as they are, and learn to read the scores."""

import math

from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest
from xaudio.metrics.cllr import cllr
from xaudio.provenance import ModelSpec
from xaudio.verdicts.calibration import CalibratedModel, Calibration, CalibrationSet
from xaudio.verdicts.fitting import fit_map
from xaudio.verdicts.held_out import HeldOut, figures, hold_out
from xaudio.verdicts.ranges import ValidatedCondition, measured_ranges, measured_rates
from xaudio.verdicts.rule import LeastCost, Rule
from xaudio.verdicts.scored_set import Progress, ScoredSet, score_manifest

CLEAN = "clean"
PRECISION = "float32"


def calibrate(
    manifest: Manifest,
    classifier: Classifier,
    rule: Rule | None = None,
    spoof_prior: float | None = None,
    model: ModelSpec | None = None,
    progress: Progress | None = None,
) -> Calibration:
    """A calibration of a detector on a manifest's clips.

    Args:
        manifest: Labelled clips like those to come; at least two speakers of each class.
        classifier: A detector.
        rule: How the threshold is set; least cost at equal costs when not given.
        spoof_prior: Probability of synthesis before a recording is heard, for posteriors; the
            rule's where it has one, or 0.5.
        model: What was said to load the classifier; its name when not given.
        progress: Told clips done and clips in all.

    Raises:
        ModelError: The model is no detector, or knows nothing about these clips.
        CorpusError: The manifest cannot be used.
        MetricError: There are too few clips or speakers.
    """
    scored = score_manifest(manifest, classifier, progress)
    return fit_calibration(scored, identity(classifier, model), rule or LeastCost(), spoof_prior)


def identity(classifier: Classifier, model: ModelSpec | None = None) -> CalibratedModel:
    """By what a calibration knows its model again, and how to load it."""
    spec = model or ModelSpec(classifier.name)
    return CalibratedModel(
        spec=spec.name,
        weights=spec.weights,
        labels=spec.labels,
        name=classifier.name,
        fingerprint=classifier.fingerprint,
        precision=PRECISION,
        sample_rate=classifier.sample_rate,
    )


def fit_calibration(
    scored: ScoredSet,
    model: CalibratedModel,
    rule: Rule,
    spoof_prior: float | None = None,
    samples: int = 1000,
    seed: int = 0,
) -> Calibration:
    """A calibration from clips that are scored already.

    Args:
        scored: The clips.
        model: Whose scores they are.
        rule: How the threshold is set.
        spoof_prior: As in `calibrate`.
        samples: Bootstrap replicates.
        seed: Of the resampling.

    Raises:
        ModelError: Higher scores do not speak for bona fide.
        MetricError: There are too few clips or speakers.
    """
    if spoof_prior is None:
        spoof_prior = rule.spoof_prior if isinstance(rule, LeastCost) else 0.5
    human = scored.is_bonafide
    held_out = hold_out(scored, rule, spoof_prior)
    fitted, uncertainty = fit_map(scored.scores, human, scored.clusters, spoof_prior, samples, seed)
    llrs = fitted.llrs(scored.scores)
    found = figures(scored, held_out, uncertainty, samples, seed)
    return Calibration(
        model=model,
        map=fitted,
        uncertainty=uncertainty,
        lowest_llr=-math.log(human.sum() + 1),
        highest_llr=math.log((~human).sum() + 1),
        rule=rule,
        threshold=rule.threshold(llrs[human], llrs[~human]),
        spoof_prior=spoof_prior,
        validated=(_clean(scored, held_out),),
        made_from=_described(scored),
        figures=found,
    )


def _clean(scored: ScoredSet, held_out: HeldOut) -> ValidatedCondition:
    human = scored.is_bonafide
    return ValidatedCondition(
        name=CLEAN,
        severity=0,
        clips=len(human),
        sample_rates=measured_rates(scored.conditions),
        ranges=measured_ranges(scored.conditions),
        false_rejection=float((held_out.above[human] < 0).mean()),
        false_acceptance=float((held_out.above[~human] >= 0).mean()),
        cllr=cllr(held_out.llrs[human], held_out.llrs[~human]),
    )


def _described(scored: ScoredSet) -> CalibrationSet:
    human = scored.is_bonafide
    return CalibrationSet(
        bonafide_clips=int(human.sum()),
        spoof_clips=int((~human).sum()),
        bonafide_speakers=scored.speakers(human),
        spoof_speakers=scored.speakers(~human),
        attacks=tuple(sorted({attack for attack in scored.attacks if attack is not None})),
        left_out=len(scored.failures),
        sha256=scored.sha256,
    )
