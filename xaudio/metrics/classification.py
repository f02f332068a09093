"""How many decisions are right: at a detector's threshold, and among any number of classes."""

from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from xaudio.errors import MetricError
from xaudio.metrics.eer import error_rates
from xaudio.metrics.scores import score_array


def accuracy(bonafide_scores: ArrayLike, spoof_scores: ArrayLike, threshold: float) -> float:
    """Share of clips decided right at a threshold fixed beforehand.

    It follows the larger class: a detector that calls everything spoofed reaches 0.9 where nine
    clips in ten are. `balanced_accuracy` does not.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> accuracy([2.0, 3.0, 0.5], [-1.0], threshold=0.75)
    0.75
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    right = np.count_nonzero(bonafide >= threshold) + np.count_nonzero(spoof < threshold)
    return float(right / (bonafide.size + spoof.size))


def balanced_accuracy(
    bonafide_scores: ArrayLike, spoof_scores: ArrayLike, threshold: float
) -> float:
    """Mean of the shares of bona fide and of spoofed clips decided right, 0.5 for chance.

    One minus the half total error rate.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> balanced_accuracy([2.0, 3.0, 0.5], [-1.0], threshold=0.75)
    0.833
    """
    return 1.0 - sum(error_rates(bonafide_scores, spoof_scores, threshold)) / 2.0


def f1(
    bonafide_scores: ArrayLike,
    spoof_scores: ArrayLike,
    threshold: float,
    found: Literal["spoof", "bonafide"] = "spoof",
) -> float:
    """Harmonic mean of precision and recall in finding one class, in [0, 1].

    2 TP / (2 TP + FP + FN) (van Rijsbergen, Information Retrieval, 1979), 0 where nothing is found.
    Like `accuracy` it depends on how many clips of each class there are.

    Args:
        bonafide_scores: Scores of bona fide clips.
        spoof_scores: Scores of spoofed clips.
        threshold: Clips are accepted here and above.
        found: The class to be found; papers differ, so say which.

    Raises:
        MetricError: A class is empty or a score is not finite.

    >>> f1([2.0, 3.0, 0.5], [-1.0], threshold=0.75)
    0.667
    """
    bonafide = score_array(bonafide_scores, "bona fide")
    spoof = score_array(spoof_scores, "spoof")
    wrong = np.count_nonzero(bonafide < threshold) + np.count_nonzero(spoof >= threshold)
    right = {
        "spoof": np.count_nonzero(spoof < threshold),
        "bonafide": np.count_nonzero(bonafide >= threshold),
    }[found]
    return float(2 * right / (2 * right + wrong))


def class_accuracy(truth: ArrayLike, decided: ArrayLike) -> float:
    """Share of items whose decided class is the true one, for any number of classes.

    Args:
        truth: True class of each item, names or numbers.
        decided: Decided class of each item.

    Raises:
        MetricError: There are no items, or not as many of one as of the other.

    >>> class_accuracy(["a", "b", "b"], ["a", "b", "a"])
    0.667
    """
    return float(np.trace(confusion(truth, decided)) / np.size(truth))


def class_balanced_accuracy(truth: ArrayLike, decided: ArrayLike) -> float:
    """Mean over the true classes of the share of their items decided right.

    Raises:
        MetricError: As for `class_accuracy`.

    >>> class_balanced_accuracy(["a", "b", "b"], ["a", "b", "a"])
    0.75
    """
    counts = confusion(truth, decided)
    items = counts.sum(axis=1)
    present = items > 0
    return float((np.diagonal(counts)[present] / items[present]).mean())


def class_f1(truth: ArrayLike, decided: ArrayLike) -> float:
    """Macro F1: the mean over all classes, true or decided, of their F1.

    A class that is only ever decided, never true, counts with 0.

    Raises:
        MetricError: As for `class_accuracy`.

    >>> class_f1(["a", "b", "b"], ["a", "b", "a"])
    0.667
    """
    counts = confusion(truth, decided)
    return float((2 * np.diagonal(counts) / (counts.sum(axis=0) + counts.sum(axis=1))).mean())


def confusion(truth: ArrayLike, decided: ArrayLike) -> np.ndarray:
    """How many items of each true class (row) were decided as each class (column).

    Classes are all that occur in either, sorted.

    Raises:
        MetricError: There are no items, or not as many of one as of the other.

    >>> confusion(["a", "b", "b"], ["a", "b", "a"])
    array([[1, 0],
           [1, 1]])
    """
    true_names, true_numbers = _numbered(truth)
    names, numbers = _numbered(decided)
    if true_numbers.size == 0 or true_numbers.size != numbers.size:
        raise MetricError(
            f"There are {true_numbers.size} true classes but {numbers.size} decided ones; one of "
            "each is needed for every item, and at least one item."
        )
    every = np.union1d(true_names, names)
    row = np.searchsorted(every, true_names)[true_numbers]
    column = np.searchsorted(every, names)[numbers]
    counts = np.bincount(row * every.size + column, minlength=every.size**2)
    return counts.reshape(every.size, every.size)


def _numbered(classes: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The distinct classes and, per item, which of them it is; arrow hashes, numpy would sort."""
    encoded = pa.array(np.asarray(classes).reshape(-1)).dictionary_encode()
    return encoded.dictionary.to_numpy(zero_copy_only=False), encoded.indices.to_numpy()
