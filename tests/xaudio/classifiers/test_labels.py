import pytest

from xaudio.classifiers.labels import canonical_labels, is_detector
from xaudio.errors import ModelError


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (["spoof", "bonafide"], ("spoof", "bonafide")),
        (["Bona-Fide", "Spoofed"], ("bonafide", "spoof")),
        (["bona fide", "deepfake"], ("bonafide", "spoof")),
        (["Real", "FAKE"], ("bonafide", "spoof")),
        (["synthetic", "human"], ("spoof", "bonafide")),
        (["genuine", "AI_generated"], ("bonafide", "spoof")),
        (["yes", "no"], ("yes", "no")),
        (["real", "tts", "vc"], ("real", "tts", "vc")),
        (["real", "genuine"], ("real", "genuine")),
        (["dog"], ("dog",)),
    ],
)
def test_spellings(given, known):
    assert canonical_labels(given) == known
    assert is_detector(canonical_labels(given)) == (set(known) == {"spoof", "bonafide"})


@pytest.mark.parametrize(
    "labels", [["0", "1"], ["LABEL_0", "LABEL_1"], ["label 0"], [f"LABEL_{n}" for n in range(10)]]
)
def test_numbers_are_refused(labels):
    with pytest.raises(ModelError, match="tells nobody what they mean; pass labels="):
        canonical_labels(labels)


@pytest.mark.parametrize("labels", [[], ["a", "a"]])
def test_labels_must_be_distinct(labels):
    with pytest.raises(ModelError, match="one distinct name per logit"):
        canonical_labels(labels)


def test_ten_digits_are_names():
    digits = tuple(str(digit) for digit in range(10))
    assert canonical_labels(digits) == digits
