"""Calibration: scores as evidence. Fitting a map, using it held out, and saying how good it is.

```
fitted = fit_logistic(bonafide_scores, spoof_scores)
spoof_probability(fitted.llrs(new_scores), spoof_prior=0.5)
```
A log-likelihood ratio (LLR) here is natural, and positive where the score speaks for bona fide.
"""

from xaudio.metrics.calibration.held_out import cluster_folds, held_out_llrs, held_out_maps
from xaudio.metrics.calibration.isotonic import IsotonicMap, fit_isotonic
from xaudio.metrics.calibration.logistic import AffineMap, fit_logistic, fit_weighted
from xaudio.metrics.calibration.odds import spoof_probability
from xaudio.metrics.calibration.reliability import (
    ReliabilityCurve,
    brier,
    ece_equal_count,
    ece_equal_width,
    reliability_curve,
    sharpness,
)

__all__ = [
    "AffineMap",
    "IsotonicMap",
    "ReliabilityCurve",
    "brier",
    "cluster_folds",
    "ece_equal_count",
    "ece_equal_width",
    "fit_isotonic",
    "fit_logistic",
    "fit_weighted",
    "held_out_llrs",
    "held_out_maps",
    "reliability_curve",
    "sharpness",
    "spoof_probability",
]
