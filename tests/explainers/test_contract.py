from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector, check_explainer
from explainers.errors import ExplanationError
from explainers.explainer import (
    Attribution,
    ExplainableModel,
    Explainer,
    default_settings,
    load_explainer,
)
from tests.explainers.small_models import Function
from tests.explainers.test_explainer import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_our_methods_keep_their_promises(name):
    # Batches of one size: those that are found by measurement differ in the last bits.
    settings = {"batch_size": 16} if "batch_size" in default_settings(name) else {}
    check_explainer(load_explainer(name, **settings))


FEW = {"segments": "windows:0.1", "batch_size": 16}
REMOVAL = {
    "leave-one-out": FEW,
    "lime": {**FEW, "evaluations": 40},
    "regression": {**FEW, "evaluations": 40},
    "kernelshap": {**FEW, "evaluations": 32},
    "shapley": FEW,
    "forest": {**FEW, "evaluations": 40},
    "forest-impurity": {**FEW, "evaluations": 40},
    "forest-permutation": {**FEW, "evaluations": 40},
    "rise": {"evaluations": 40, "batch_size": 16},
    "sobol": {**FEW, "evaluations": 64},
    "replay": {"batch_size": 16},
    "two-sided-occlusion": {"batch_size": 16},
}


@pytest.mark.parametrize("name", REMOVAL)
def test_our_methods_of_removal_keep_their_promises(name):
    check_explainer(load_explainer(name, **REMOVAL[name]))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("leave-one-out", {"segments": "windows:0.2:0.1"}),
        ("leave-one-out", {"behind": "first"}),
        ("lime", {"evaluations": 30, "null": "randomised", "null_draws": 2}),
        ("lime", {"evaluations": 30, "null": "scrambled", "null_draws": 2}),
        ("kernelshap", {"evaluations": 32, "fill": "all"}),
        ("replay", {"behind": "second"}),
        ("occlusion", {"precision": "bfloat16"}),
    ],
)
def test_removal_keeps_its_promises_in_every_mode(name, settings):
    check_explainer(load_explainer(name, batch_size=16, **settings))


@pytest.mark.parametrize("estimator_name", ["leave-one-out", "lime", "shapley"])
def test_words_keep_their_promises(estimator_name, tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("word,start,end\nthe,0.0,0.1\ncat,0.15,0.3\nsat,0.3,0.45\n")
    settings = {"estimator_name": estimator_name, "evaluations": 40, "batch_size": 16}
    check_explainer(load_explainer("words", alignment=str(path), **settings))


@pytest.mark.parametrize("name", ["occlusion", "occlusion-time-frequency", *REMOVAL])
def test_removal_keeps_its_promises_without_a_module(name):
    detector = SmallDetector()

    def logits(waveform):
        with torch.no_grad():
            return detector(waveform)

    model = Function(logits)
    model.sample_rate = 4000
    check_explainer(load_explainer(name, **REMOVAL.get(name, {"batch_size": 16})), model)


def test_the_small_model_is_one():
    assert isinstance(ModuleModel(SmallDetector()), ExplainableModel)


@dataclass(frozen=True)
class Obedient(Explainer):
    """Keeps every promise."""

    scale: float = 1.0

    name: ClassVar[str] = "obedient"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = True
    summary: ClassVar[str] = "The samples."

    def attribute(self, task):
        return [Attribution(clip.numpy().copy()) for clip in task.waveform]


class OnePerBatch(Obedient):
    def attribute(self, task):
        return super().attribute(task)[:1] * len(task.waveform)


class Random(Obedient):
    def attribute(self, task):
        return [
            Attribution(np.random.default_rng().normal(size=len(clip))) for clip in task.waveform
        ]


class Mixing(Obedient):
    def attribute(self, task):
        return [Attribution((clip / task.waveform.abs().max()).numpy()) for clip in task.waveform]


class Nothing(Obedient):
    def attribute(self, task):
        return [Attribution(np.zeros(len(clip))) for clip in task.waveform]


class Negative(Obedient):
    signed = False


class Infinite(Obedient):
    def attribute(self, task):
        return [Attribution(np.full(len(clip), np.inf)) for clip in task.waveform]


class TooShort(Obedient):
    def attribute(self, task):
        return [
            Attribution(np.ones(3), "segments", {"segments": np.array([[0, 9.0, 0, 1]] * 3)})
            for _ in task.waveform
        ]


class Forgetful(Obedient):
    def explain(self, model, waveform, target, progress=None):
        return [
            one.with_provenance(settings={})
            for one in super().explain(model, waveform, target, progress)
        ]


class Training(Obedient):
    def attribute(self, task):
        task.scoring.model.module.first.train()
        return super().attribute(task)


class Freezing(Obedient):
    def attribute(self, task):
        task.scoring.model.module.requires_grad_(False)
        return super().attribute(task)


class Gathering(Obedient):
    def attribute(self, task):
        with torch.enable_grad():
            task.scoring(task.waveform).sum().backward()
        return super().attribute(task)


class Learning(Obedient):
    def attribute(self, task):
        with torch.no_grad():
            task.scoring.model.module.head.bias += 1e-6
        return super().attribute(task)


class Hooking(Obedient):
    def attribute(self, task):
        task.scoring.model.module.head.register_forward_hook(lambda *_: None)
        return super().attribute(task)


def test_the_obedient_pass():
    check_explainer(Obedient())


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (OnePerBatch, "what its clips give alone"),
        (Random, "same answer twice"),
        (Mixing, "what its clips give alone"),
        (Nothing, "finds something"),
        (Negative, "unsigned"),
        (Infinite, "not finite"),
        (TooShort, "outside a clip"),
        (Forgetful, "settings"),
        (Training, "as it was"),
        (Freezing, "as it was"),
        (Gathering, "as it was"),
        (Learning, "as it was"),
        (Hooking, "as it was"),
    ],
)
def test_every_broken_promise_is_found(kind, words):
    with pytest.raises(ExplanationError, match=words):
        check_explainer(kind())
