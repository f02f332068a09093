"""Corruption errors: how much a corruption costs a model, beside what it costs a reference.

Hendrycks and Dietterich, Benchmarking neural network robustness to common corruptions and
perturbations, ICLR 2019. There the error is that of ImageNet classification and the reference is
AlexNet; here it is any error, usually the EER, and any model whose weights are pinned.

A ratio explodes where the reference hardly errs: going from 0.01 % to 0.1 % counts as much as from
5 % to 50 %, and where the reference makes no error at all there is no number. Good detectors on
easy corpora are there. So `mean_error_change`, in plain differences, always stands beside it.
"""

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from xaudio.errors import MetricError


def corruption_errors(errors: ArrayLike, reference: ArrayLike) -> Float[np.ndarray, " corruptions"]:
    """Corruption error CE of each corruption: 1 is as good as the reference, 2 errs twice as much.

    The sum of the errors over severities over that of the reference.

    Args:
        errors: The model's, [corruption, severity], in [0, 1], without the clean condition.
        reference: The reference model's on the same clips and conditions.

    Raises:
        MetricError: The shapes differ, an error is missing or not in [0, 1], or the reference makes
            none under a corruption.

    >>> corruption_errors([[0.1, 0.2], [0.3, 0.3]], [[0.1, 0.1], [0.2, 0.4]])
    array([1.5, 1. ])
    """
    ours, theirs = _beside(errors, reference)
    return _ratios(ours.sum(axis=1), theirs.sum(axis=1))


def mean_corruption_error(errors: ArrayLike, reference: ArrayLike) -> float:
    """mCE, the mean of the `corruption_errors`.

    Raises:
        MetricError: As for `corruption_errors`.

    >>> mean_corruption_error([[0.1, 0.2], [0.3, 0.3]], [[0.1, 0.1], [0.2, 0.4]])
    1.25
    """
    return float(corruption_errors(errors, reference).mean())


def relative_corruption_errors(
    errors: ArrayLike, clean: float, reference: ArrayLike, reference_clean: float
) -> Float[np.ndarray, " corruptions"]:
    """Relative CE of each corruption: how much more the model loses than the reference.

    As `corruption_errors`, of what each error has grown since the clean condition.

    Args:
        errors: The model's, [corruption, severity], in [0, 1].
        clean: The model's error on the clean clips.
        reference: The reference model's on the same clips and conditions.
        reference_clean: The reference model's error on the clean clips.

    Raises:
        MetricError: As for `corruption_errors`, or a corruption costs the reference nothing.

    >>> relative_corruption_errors([[0.1, 0.2]], 0.05, [[0.2, 0.3]], 0.1)
    array([0.66666667])
    """
    ours, theirs = _beside(errors, reference)
    _refuse_outside(np.array([clean, reference_clean]))
    return _ratios((ours - clean).sum(axis=1), (theirs - reference_clean).sum(axis=1))


def relative_mean_corruption_error(
    errors: ArrayLike, clean: float, reference: ArrayLike, reference_clean: float
) -> float:
    """Relative mCE, the mean of the `relative_corruption_errors`.

    Raises:
        MetricError: As for `relative_corruption_errors`.
    """
    return float(relative_corruption_errors(errors, clean, reference, reference_clean).mean())


def error_changes(errors: ArrayLike, clean: float) -> Float[np.ndarray, " corruptions"]:
    """By how much each corruption raises the error on average over its severities.

    Needs no reference and is always defined. The mean absolute change of the error would count a
    corruption that helps as harm; this does not.

    Args:
        errors: The model's, [corruption, severity], in [0, 1].
        clean: The model's error on the clean clips.

    Raises:
        MetricError: An error is missing or not in [0, 1].

    >>> error_changes([[0.1, 0.2], [0.05, 0.05]], 0.05)
    array([0.1, 0. ])
    """
    _refuse_outside(np.array([clean]))
    return np.asarray((_grid(errors) - clean).mean(axis=1))


def mean_error_change(errors: ArrayLike, clean: float) -> float:
    """Mean of the `error_changes`: percentage points lost to the average corruption, over 100.

    Raises:
        MetricError: As for `error_changes`.
    """
    return float(error_changes(errors, clean).mean())


def _beside(errors: ArrayLike, reference: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    ours, theirs = _grid(errors), _grid(reference)
    if ours.shape != theirs.shape:
        raise MetricError(
            f"The model has errors for {_conditions(ours)}, the reference for "
            f"{_conditions(theirs)}; both must be tried under the same conditions."
        )
    return ours, theirs


def _grid(errors: ArrayLike) -> np.ndarray:
    values = np.asarray(errors, dtype=np.float64)
    if values.ndim != 2 or values.size == 0:
        raise MetricError(
            "Errors come as one row per corruption and one column per severity, not with the shape "
            f"{values.shape}."
        )
    _refuse_outside(values)
    return values


def _refuse_outside(values: np.ndarray) -> None:
    usable = (values >= 0.0) & (values <= 1.0)
    if not usable.all():
        raise MetricError(
            f"{np.count_nonzero(~usable)} of {values.size} errors are missing or not in [0, 1]; "
            "finish the sweep or leave out the corruptions that it lacks."
        )


def _ratios(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    # Differences of rates that are equal on paper come out a few units of the last digit apart.
    harmless = np.flatnonzero(theirs <= 1e-12)
    if harmless.size:
        raise MetricError(
            f"Corruption {harmless[0]} (of {theirs.size}, counted from 0) costs the reference "
            "nothing, so no ratio to it exists; use mean_error_change, leave the corruption out, "
            "or pin a weaker reference."
        )
    return np.asarray(ours / theirs)


def _conditions(errors: np.ndarray) -> str:
    return f"{errors.shape[0]} corruptions at {errors.shape[1]} severities"
