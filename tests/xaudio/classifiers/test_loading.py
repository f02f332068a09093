import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.xaudio.classifiers.models import Detector, level
from xaudio.classifiers import Classifier, check_classifier, load_classifier
from xaudio.classifiers.fit import Tile, Windows
from xaudio.errors import ModelError
from xaudio.models.registry import ModelSource, models, register_model

HERE = "tests.xaudio.classifiers.models"
CLIPS = 0.1 * torch.randn(2, 800, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(models, "_entries", dict(models._entries))

    @register_model("small")
    def small(weights: Path | None = None) -> ModelSource:
        """A small detector."""
        return ModelSource(Detector(), 8000, ("bonafide", "spoof"), "small", "tile:1000", weights)


def test_a_registered_name(registered):
    classifier = load_classifier("small")
    assert (classifier.name, classifier.sample_rate, classifier.fit) == ("small", 8000, Tile(1000))
    assert torch.equal(classifier(CLIPS), Detector().eval()(CLIPS.repeat(1, 2)[:, :1000]))
    assert load_classifier("small", fit="windows:400").fit == Windows(400, 200)
    check_classifier(classifier)


def test_an_unknown_name_names_those_there_are(registered):
    with pytest.raises(ModelError, match=r"no model named 'smal'. Did you mean 'small'\?"):
        load_classifier("smal")


def test_a_torch_module_says_its_own_rate_and_labels():
    classifier = load_classifier(Detector())
    assert classifier.labels == ("bonafide", "spoof")
    assert classifier.sample_rate == 8000
    assert load_classifier(classifier) is classifier


def test_the_users_word_wins():
    classifier = load_classifier(Detector(), labels=("cat", "dog"), sample_rate=44100)
    assert (classifier.labels, classifier.sample_rate) == (("cat", "dog"), 44100)


def test_weights_go_into_a_module_strictly(tmp_path):
    other = Detector()
    other.head.bias.data += 1
    torch.save(other.state_dict(), tmp_path / "w.pth")
    classifier = load_classifier(f"{HERE}:detector", weights=tmp_path / "w.pth")
    assert torch.equal(classifier(CLIPS), other.eval()(CLIPS))
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "w.pth")
    with pytest.raises(ModelError, match=r"do not fit Detector: it lacks 'conv\.weight'"):
        load_classifier(Detector(), weights=tmp_path / "w.pth")


def test_a_function_of_arrays():
    classifier = load_classifier(level, labels=("fake", "real"), sample_rate=8000)
    assert classifier.module is None
    assert classifier.layers == ()
    expected = CLIPS.numpy().std(axis=1)
    assert np.allclose(classifier(CLIPS)[:, 0].numpy(), expected, atol=1e-6)
    assert (
        classifier.fingerprint
        != load_classifier(lambda clips: clips, labels=("a", "b"), sample_rate=8000).fingerprint
    )
    check_classifier(classifier)


@pytest.mark.parametrize("given", [{"labels": ("a", "b")}, {"sample_rate": 8000}])
def test_what_nobody_says_is_asked_for(given):
    with pytest.raises(ModelError, match=r"does not say its .*; pass labels="):
        load_classifier(level, **given)


def test_a_factory_by_name():
    classifier = load_classifier(f"{HERE}:detector")
    assert classifier.name == "detector"
    assert torch.equal(classifier(CLIPS), Detector().eval()(CLIPS))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no_such_package:model", "cannot be imported"),
        (f"{HERE}:nothing", "cannot be imported"),
        (f"{HERE}:no_model", "A str was given as the model"),
        ("weights.pth", "is a weights file"),
        ("missing.onnx", "There is no model file"),
        ("missing.pt2", "There is no model file"),
    ],
)
def test_what_is_no_model_is_refused(spec, message):
    with pytest.raises(ModelError, match=message):
        load_classifier(spec, labels=("a", "b"), sample_rate=8000)


def test_numeric_labels_are_refused():
    with pytest.raises(ModelError, match="LABEL_0, LABEL_1"):
        load_classifier(Detector(), labels=("LABEL_0", "LABEL_1"))


def test_weights_for_what_brings_its_own_are_refused():
    with pytest.raises(ModelError, match="brings its own weights"):
        load_classifier(level, weights="w.pth", labels=("a", "b"), sample_rate=8000)


def test_a_classifier_keeps_what_it_was_made_with():
    classifier = load_classifier(Detector())
    with pytest.raises(ModelError, match="already a Classifier"):
        load_classifier(classifier, labels=("a", "b"))
    assert isinstance(classifier, Classifier)


GIVEN = {"labels": ("real", "fake"), "sample_rate": 8000}
OWN = """
from tests.xaudio.classifiers.models import Detector

def build():
    return Detector()

def needs(path):
    return Detector()

def fails():
    raise KeyError("checkpoint")

class Unlucky:
    def __call__(self, clips):
        raise AttributeError("my own")
"""


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """A module of the current folder, under a name nothing else has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_model_of_my_own.py").write_text(OWN)
    (tmp_path / "broken_model_of_my_own.py").write_text("def build(:\n")
    yield "a_model_of_my_own"
    sys.modules.pop("a_model_of_my_own", None)


def test_a_factory_of_the_current_folder_is_found_and_the_path_left_as_it_was(own_module):
    before = list(sys.path)
    loaded = load_classifier(f"{own_module}:build", **GIVEN)
    assert isinstance(loaded.module, Detector)
    with pytest.raises(ModelError):
        load_classifier(f"{own_module}:fails", **GIVEN)
    assert sys.path == before


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("a_model_of_my_own:needs", "failed: TypeError: .*path"),
        ("a_model_of_my_own:fails", "failed: KeyError: 'checkpoint'"),
        ("a_model_of_my_own:absent", "cannot be imported: AttributeError"),
        ("broken_model_of_my_own:build", "cannot be imported: SyntaxError"),
    ],
)
def test_a_factory_that_fails_is_told_with_its_own_error(own_module, spec, message):
    with pytest.raises(ModelError, match=message):
        load_classifier(spec, **GIVEN)


def test_a_functions_own_error_is_told_as_the_models(own_module):
    classifier = load_classifier(f"{own_module}:Unlucky", **GIVEN)
    with pytest.raises(ModelError, match="AttributeError: my own"):
        classifier(torch.zeros(1, 100))


def test_what_is_asked_for_has_the_names_of_python_and_of_the_shell():
    with pytest.raises(ModelError, match=r"labels=.* sample_rate=.*--label.*--sample-rate"):
        load_classifier(nn.Linear(1, 2))
    with pytest.raises(ModelError, match=r"weights='w\.pth' \(--weights w\.pth"):
        load_classifier("w.pth")
    with pytest.raises(ModelError, match=r"labels= \(--label"):
        load_classifier(Detector(), labels=("LABEL_0", "LABEL_1"), sample_rate=8000)
