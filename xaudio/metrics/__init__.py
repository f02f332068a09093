"""How good a detector's scores are: pure functions on arrays, scores higher for bona fide."""

from xaudio.errors import MetricError
from xaudio.metrics.adcf import AgnosticCosts, adcf, min_adcf
from xaudio.metrics.calibration import (
    AffineMap,
    IsotonicMap,
    ReliabilityCurve,
    brier,
    cluster_folds,
    ece_equal_count,
    ece_equal_width,
    fit_isotonic,
    fit_logistic,
    held_out_llrs,
    held_out_maps,
    reliability_curve,
    sharpness,
    spoof_probability,
)
from xaudio.metrics.classification import (
    accuracy,
    balanced_accuracy,
    class_accuracy,
    class_balanced_accuracy,
    class_f1,
    confusion,
    f1,
)
from xaudio.metrics.cllr import calibration_loss, cllr, min_cllr
from xaudio.metrics.convex_hull import det_hull, eer_convex_hull
from xaudio.metrics.corruption_error import (
    corruption_errors,
    error_changes,
    mean_corruption_error,
    mean_error_change,
    relative_corruption_errors,
    relative_mean_corruption_error,
)
from xaudio.metrics.dcf import DetectionCosts, actual_dcf, dcf, min_dcf, min_dcf_threshold
from xaudio.metrics.det import DetCurve, det_curve, probit, thinned
from xaudio.metrics.eer import eer, eer_interval, eer_threshold, error_rates
from xaudio.metrics.holm import holm, significant
from xaudio.metrics.intervals import Interval
from xaudio.metrics.paired import mcnemar, paired_difference
from xaudio.metrics.proportions import clopper_pearson, upper_bound
from xaudio.metrics.ranks import RankStability, kendall_tau, rank_shares, rank_stability
from xaudio.metrics.roc import auc, roc_auc
from xaudio.metrics.score_files import read_key, read_scores, write_scores
from xaudio.metrics.score_formats import ScoreFormat
from xaudio.metrics.score_tables import asv_scores, detector_scores, with_labels
from xaudio.metrics.segments import (
    boundary_error,
    labelled_segments,
    range_eer,
    segment_eer,
    stretch_overlap,
)
from xaudio.metrics.tandem import (
    AsvErrorRates,
    TandemCosts2019,
    TandemCosts2021,
    asv_error_rates,
    min_tdcf,
    tdcf,
)
from xaudio.metrics.teer import AsvScores, TandemPath, TandemPoint, concurrent_teer, teer_path
from xaudio.metrics.thresholds import (
    BoundedThreshold,
    ThresholdDrift,
    clips_for_guarantee,
    decision_flips,
    false_acceptance_threshold,
    false_rejection_threshold,
    guaranteed_false_acceptance_threshold,
    guaranteed_false_rejection_threshold,
    threshold_drift,
)
from xaudio.metrics.uncertainty.bootstrap import Bootstrap, bootstrap, bootstrap_each
from xaudio.metrics.uncertainty.costs import CostAt, MinimumCost
from xaudio.metrics.uncertainty.means import (
    BalancedAccuracy,
    FalseAcceptance,
    FalseRejection,
    LikelihoodRatioCost,
    MeanScore,
)
from xaudio.metrics.uncertainty.ranking import EqualErrorRate, RocArea

__all__ = [
    "AffineMap",
    "AgnosticCosts",
    "AsvErrorRates",
    "AsvScores",
    "BalancedAccuracy",
    "Bootstrap",
    "BoundedThreshold",
    "CostAt",
    "DetCurve",
    "DetectionCosts",
    "EqualErrorRate",
    "FalseAcceptance",
    "FalseRejection",
    "Interval",
    "IsotonicMap",
    "LikelihoodRatioCost",
    "MeanScore",
    "MetricError",
    "MinimumCost",
    "RankStability",
    "ReliabilityCurve",
    "RocArea",
    "ScoreFormat",
    "TandemCosts2019",
    "TandemCosts2021",
    "TandemPath",
    "TandemPoint",
    "ThresholdDrift",
    "accuracy",
    "actual_dcf",
    "adcf",
    "asv_error_rates",
    "asv_scores",
    "auc",
    "balanced_accuracy",
    "bootstrap",
    "bootstrap_each",
    "boundary_error",
    "brier",
    "calibration_loss",
    "class_accuracy",
    "class_balanced_accuracy",
    "class_f1",
    "clips_for_guarantee",
    "cllr",
    "clopper_pearson",
    "cluster_folds",
    "concurrent_teer",
    "confusion",
    "corruption_errors",
    "dcf",
    "decision_flips",
    "det_curve",
    "det_hull",
    "detector_scores",
    "ece_equal_count",
    "ece_equal_width",
    "eer",
    "eer_convex_hull",
    "eer_interval",
    "eer_threshold",
    "error_changes",
    "error_rates",
    "f1",
    "false_acceptance_threshold",
    "false_rejection_threshold",
    "fit_isotonic",
    "fit_logistic",
    "guaranteed_false_acceptance_threshold",
    "guaranteed_false_rejection_threshold",
    "held_out_llrs",
    "held_out_maps",
    "holm",
    "kendall_tau",
    "labelled_segments",
    "mcnemar",
    "mean_corruption_error",
    "mean_error_change",
    "min_adcf",
    "min_cllr",
    "min_dcf",
    "min_dcf_threshold",
    "min_tdcf",
    "paired_difference",
    "probit",
    "range_eer",
    "rank_shares",
    "rank_stability",
    "read_key",
    "read_scores",
    "relative_corruption_errors",
    "relative_mean_corruption_error",
    "reliability_curve",
    "roc_auc",
    "segment_eer",
    "sharpness",
    "significant",
    "spoof_probability",
    "stretch_overlap",
    "tdcf",
    "teer_path",
    "thinned",
    "threshold_drift",
    "upper_bound",
    "with_labels",
    "write_scores",
]
