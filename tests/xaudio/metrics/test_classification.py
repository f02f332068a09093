import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

from xaudio.errors import MetricError
from xaudio.metrics.classification import (
    accuracy,
    balanced_accuracy,
    class_accuracy,
    class_balanced_accuracy,
    class_f1,
    confusion,
    f1,
)


@pytest.mark.parametrize("threshold", [-5.0, 0.0, 2.0, 50.0])
def test_a_detector_scores_as_scikit_learn_says(threshold):
    random = np.random.default_rng(0)
    bonafide, spoof = random.integers(-4, 9, 80), random.integers(-8, 5, 30)
    truth = np.array(["bonafide"] * 80 + ["spoof"] * 30)
    accepted = np.concatenate((bonafide, spoof)) >= threshold
    said = np.where(accepted, "bonafide", "spoof")
    given = bonafide, spoof, threshold
    assert accuracy(*given) == pytest.approx(accuracy_score(truth, said))
    assert balanced_accuracy(*given) == pytest.approx(balanced_accuracy_score(truth, said))
    assert f1(*given) == pytest.approx(f1_score(truth, said, pos_label="spoof"))
    found = f1(*given, found="bonafide")
    assert found == pytest.approx(f1_score(truth, said, pos_label="bonafide"))


@pytest.mark.parametrize("classes", [["a", "b"], ["dog", "rain", "horn", "engine"], [0, 3, 7]])
def test_many_classes_score_as_scikit_learn_says(classes):
    random = np.random.default_rng(1)
    truth = random.choice(classes, 200)
    decided = np.where(random.random(200) < 0.6, truth, random.choice(classes, 200))
    assert class_accuracy(truth, decided) == pytest.approx(accuracy_score(truth, decided))
    expected = balanced_accuracy_score(truth, decided)
    assert class_balanced_accuracy(truth, decided) == pytest.approx(expected)
    assert class_f1(truth, decided) == pytest.approx(f1_score(truth, decided, average="macro"))
    assert confusion(truth, decided).tolist() == confusion_matrix(truth, decided).tolist()


def test_a_class_that_is_only_decided_or_never_decided_counts():
    truth, decided = ["a", "a", "b", "c"], ["a", "longer", "a", "c"]
    assert class_balanced_accuracy(truth, decided) == pytest.approx(np.mean([0.5, 0.0, 1.0]))
    assert class_f1(truth, decided) == pytest.approx(f1_score(truth, decided, average="macro"))


def test_items_need_a_decision_each():
    with pytest.raises(MetricError, match="2 true classes but 1 decided"):
        class_accuracy(["a", "b"], ["a"])
    with pytest.raises(MetricError, match="at least one item"):
        class_f1([], [])
