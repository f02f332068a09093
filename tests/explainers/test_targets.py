import pytest
import torch

from explainers.errors import ExplanationError
from explainers.targets import parse_target, resolve_targets

LABELS = ("spoof", "bonafide", "tts-neural", "tts")
LOGITS = torch.tensor([[1.0, -2.0, 0.5, 3.0], [0.0, 4.0, 1.0, -1.0]])


def value(spec, labels=LABELS, logits=LOGITS):
    return parse_target(spec, labels)(logits)


def test_a_label_is_its_logit():
    torch.testing.assert_close(value("bonafide"), torch.tensor([-2.0, 4.0]))
    torch.testing.assert_close(value(" tts-neural "), torch.tensor([0.5, 1.0]))


@pytest.mark.parametrize("spec", ["spoof - bonafide", "spoof-bonafide", "spoof  -bonafide"])
def test_a_contrast_is_a_difference_however_it_is_spaced(spec):
    torch.testing.assert_close(value(spec), torch.tensor([3.0, -4.0]))
    assert parse_target(spec, LABELS).spec == "spoof - bonafide"


def test_labels_with_dashes_can_be_contrasted():
    torch.testing.assert_close(value("tts-neural-tts"), torch.tensor([-2.5, 2.0]))
    torch.testing.assert_close(value("tts - tts-neural"), torch.tensor([2.5, -2.0]))


def test_log_odds_are_those_of_the_softmax():
    probability = LOGITS.softmax(dim=1)[:, 2]
    expected = (probability / (1 - probability)).log()
    torch.testing.assert_close(value("log-odds:tts-neural"), expected)
    torch.testing.assert_close(value("log-odds: tts-neural"), expected)


def test_log_odds_of_two_labels_are_their_contrast():
    pair = LOGITS[:, :2]
    torch.testing.assert_close(
        value("log-odds:b", ("a", "b"), pair), value("b-a", ("a", "b"), pair)
    )


@pytest.mark.parametrize(
    "spec", ["fake", "spoof-fake", "fake - spoof", "log-odds:fake", "", "spoof-spoof"]
)
def test_an_unknown_label_names_those_there_are(spec):
    with pytest.raises(ExplanationError, match="spoof, bonafide, tts-neural, tts"):
        parse_target(spec, LABELS)


def test_what_can_be_read_in_two_ways_is_refused():
    with pytest.raises(ExplanationError, match="can be read as"):
        parse_target("a-b-c", ("a", "b-c", "a-b", "c"))


def test_a_label_comes_before_a_contrast():
    assert parse_target("a-b", ("a", "b", "a-b")).spec == "a-b"


def test_log_odds_need_two_labels():
    with pytest.raises(ExplanationError, match="two labels"):
        parse_target("log-odds:only", ("only",))


def test_the_decided_label_is_each_clips_own():
    assert [t.spec for t in resolve_targets("decided", LABELS, LOGITS)] == ["tts", "bonafide"]
    assert [t.spec for t in resolve_targets("spoof", LABELS, LOGITS)] == ["spoof", "spoof"]
    assert resolve_targets("decided", ("decided", "b"), LOGITS[:, :2])[0].spec == "decided"
    with pytest.raises(ExplanationError, match="resolve_targets"):
        parse_target("decided", LABELS)


def test_targets_are_differentiable():
    for spec in ("spoof", "spoof-tts", "log-odds:spoof"):
        logits = LOGITS.clone().requires_grad_()
        parse_target(spec, LABELS)(logits).sum().backward()
        assert logits.grad.abs().sum() > 0
