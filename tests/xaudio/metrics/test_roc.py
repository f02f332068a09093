import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from xaudio.metrics import MetricError, roc_auc


@pytest.mark.parametrize("levels", [2, 5, 1_000_000])
def test_equals_scikit_learn_with_and_without_ties(levels):
    random = np.random.default_rng(levels)
    labels = random.random(300) < 0.3
    scores = random.integers(levels, size=300) + labels * levels * 0.2
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


def test_counts_pairs():
    positive, negative = [3, 1, 2], [0, 2]
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert roc_auc(positive + negative, [1, 1, 1, 0, 0]) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(
    ("scores", "labels", "part"),
    [
        ([1.0, 2.0], [True, True], "given 2 and 0"),
        ([1.0, np.nan], [True, False], "not finite"),
        ([1.0, 2.0], [True], "1 labels"),
    ],
)
def test_unusable_input_is_refused_in_a_sentence(scores, labels, part):
    with pytest.raises(MetricError, match=part):
        roc_auc(scores, labels)
