from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests.xaudio.sweeps.small import loudness, small_manifest
from tests.xaudio.verdicts.scored import MODEL, calibration, scored_set
from xaudio.classifiers.classifier import Classifier
from xaudio.datasets.manifest import Manifest, ManifestRow
from xaudio.errors import CorpusError, MetricError, ModelError
from xaudio.metrics.calibration import fit_logistic
from xaudio.verdicts.calibrate import calibrate, fit_calibration
from xaudio.verdicts.calibration import MapUncertainty
from xaudio.verdicts.held_out import figures as held_out_figures
from xaudio.verdicts.held_out import hold_out
from xaudio.verdicts.rule import LeastCost, WantedFalseAcceptance
from xaudio.verdicts.scored_set import score_manifest


def test_a_manifest_is_scored_measured_and_fitted(tmp_path):
    rows = list(small_manifest(tmp_path / "audio", clips=20))
    rows[3].path.unlink()
    told = []
    made = calibrate(Manifest.of(rows), loudness(), progress=lambda *done: told.append(done))
    assert (made.made_from.bonafide_clips, made.made_from.spoof_clips) == (10, 9)
    assert made.made_from.left_out == 1
    assert made.made_from.attacks == ("loud",)
    assert made.made_from.bonafide_speakers == 5
    assert made.model.fingerprint == loudness().fingerprint
    assert made.validated[0].sample_rates == (8000,)
    assert made.validated[0].ranges["seconds"].low == 0.25
    assert told[-1] == (20, 20)
    assert made.figures.eer.value == 0


def test_scores_are_those_of_the_classifier(tmp_path):
    manifest = small_manifest(tmp_path / "audio", clips=4)
    scored = score_manifest(manifest, loudness(threshold=0.02))
    from xaudio.audio import read_clip

    for row, score in zip(manifest, scored.scores, strict=True):
        samples = read_clip(row.path).samples
        assert score == pytest.approx(2 * (0.02 - np.mean(samples**2)), rel=1e-4)


def test_the_sets_hash_follows_clips_labels_and_speakers_and_not_their_order(tmp_path):
    rows = list(small_manifest(tmp_path / "audio", clips=6))
    one = score_manifest(Manifest.of(rows), loudness()).sha256
    assert score_manifest(Manifest.of(rows[::-1]), loudness()).sha256 == one
    assert score_manifest(Manifest.of(rows[:5]), loudness()).sha256 != one


def test_raw_scores_far_off_become_good_llrs_on_speakers_held_out():
    scored = scored_set(speakers=60)
    shifted = replace(scored, scores=3 * scored.scores + 9)
    made = fit_calibration(shifted, MODEL, LeastCost(), samples=200)
    found = made.figures
    assert found.cllr_before.value > 5 * found.cllr_after.value
    assert found.min_cllr <= found.cllr_after.value < found.min_cllr + 0.05
    assert found.ece_before > 0.3 > 0.05 > found.ece_after
    assert found.brier_after < found.brier_before
    assert found.cllr_after.low < found.cllr_after.value < found.cllr_after.high
    # Gaussians four standard deviations apart: both errors are Phi(-2) = 2.3 %.
    assert found.false_rejection.value == pytest.approx(0.023, abs=0.03)
    assert made.threshold == 0.0


def test_few_of_the_clips_held_out_lie_outside():
    assert calibration(speakers=60).figures.outside < 0.05


def test_figures_come_from_thresholds_that_did_not_see_the_clip():
    """With the wanted rate 0 the highest spoof sets the threshold; held out, it passes it."""
    scored = scored_set(speakers=20, distance=1.0)
    held_out = hold_out(scored, WantedFalseAcceptance(0.0), 0.5)
    spoof = ~scored.is_bonafide
    made = fit_calibration(scored, MODEL, WantedFalseAcceptance(0.0), samples=50)
    assert (made.map.llrs(scored.scores[spoof]) < made.threshold).all()
    assert made.figures.false_acceptance.value == np.mean(held_out.above[spoof] >= 0) > 0


def test_each_clip_meets_the_threshold_and_the_conditions_of_the_others():
    scored = scored_set(speakers=6, distance=1.0)
    theirs = np.array(scored.clusters) == "speaker 2"
    longer = [
        replace(one, seconds=10.0) if odd else one
        for one, odd in zip(scored.conditions, theirs, strict=True)
    ]
    scored = replace(scored, conditions=tuple(longer))
    rule = WantedFalseAcceptance(0.3)
    held_out = hold_out(scored, rule, 0.5)
    kept, human = ~theirs, scored.is_bonafide
    fitted = fit_logistic(scored.scores[kept & human], scored.scores[kept & ~human])
    llrs = fitted.llrs(scored.scores)
    threshold = rule.threshold(llrs[kept & human], llrs[kept & ~human])
    np.testing.assert_allclose(held_out.above[theirs], llrs[theirs] - threshold, atol=1e-7)
    assert held_out.outside.tolist() == theirs.tolist()
    # Outside is no verdict for that reason, and is not counted a second time.
    figures = fit_calibration(scored, MODEL, rule, samples=50).figures
    assert figures.outside == pytest.approx(theirs.mean())
    wide = MapUncertainty(0.0, 1e6, 0.0, 10.0)
    assert held_out_figures(scored, held_out, wide, 50, 0).undecided == 1.0


def test_a_wanted_false_acceptance_sets_the_threshold():
    strict, lax = (calibration(WantedFalseAcceptance(rate), speakers=60) for rate in (0.01, 0.2))
    assert strict.threshold > lax.threshold
    assert strict.spoof_prior == 0.5
    scored = scored_set(speakers=60)
    llrs = lax.map.llrs(scored.scores[~scored.is_bonafide])
    assert np.mean(llrs >= lax.threshold) == pytest.approx(0.2, abs=0.01)


def test_costs_and_prior_set_the_threshold_by_bayes_rule():
    made = calibration(LeastCost(0.05, 1.0, 10.0))
    assert made.threshold == pytest.approx(np.log(10 * 0.05 / 0.95))
    assert made.spoof_prior == 0.05


def test_no_more_is_claimed_than_so_many_clips_can_show():
    made = calibration(speakers=10, distance=40.0)
    assert made.highest_llr == -made.lowest_llr == pytest.approx(np.log(21))
    assert made.claimed(made.llr(1e6)).value == made.highest_llr
    assert made.llr(1e6).value > 1e3


@pytest.mark.parametrize("distance", [0.0, -4.0])
def test_a_detector_that_knows_nothing_or_the_opposite_is_refused(distance):
    with pytest.raises(ModelError, match="swapped"):
        calibration(distance=distance, seed=3)


def test_what_cannot_be_calibrated_on_is_refused(tmp_path):
    manifest = small_manifest(tmp_path / "audio")
    module = nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Linear(1, 2))
    with pytest.raises(ModelError, match="need a detector"):
        calibrate(manifest, Classifier(module, "kinds", 8000, ("loud", "quiet")))
    plain = Classifier(lambda x: torch.zeros(len(x), 2), "f", 8000, ("spoof", "bonafide"))
    with pytest.raises(ModelError, match="no fingerprint"):
        calibrate(manifest, plain)
    with pytest.raises(MetricError, match="at least two are needed"):
        one = [ManifestRow(r.clip, r.path, r.label, speaker="s") for r in manifest]
        calibrate(Manifest.of(one), loudness())
    with pytest.raises(CorpusError, match="can be used"):
        gone = [ManifestRow("a", tmp_path / "gone.wav", "spoof")]
        calibrate(Manifest.of(gone), loudness())
    with pytest.raises(CorpusError, match="labelled"):
        calibrate(Manifest.of([ManifestRow("a", tmp_path / "a.wav", "dog")]), loudness())
    with pytest.raises(MetricError):
        LeastCost(spoof_prior=1.0)
    with pytest.raises(MetricError):
        WantedFalseAcceptance(1.0)
