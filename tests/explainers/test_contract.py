from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector, check_explainer
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, ExplainableModel, Explainer, load_explainer
from tests.explainers.small_models import Function
from tests.explainers.test_explainer import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_our_methods_keep_their_promises(name):
    check_explainer(load_explainer(name))


@pytest.mark.parametrize("name", ["occlusion", "occlusion-time-frequency"])
def test_removal_keeps_its_promises_without_a_module(name):
    detector = SmallDetector()

    def logits(waveform):
        with torch.no_grad():
            return detector(waveform)

    model = Function(logits)
    model.sample_rate = 4000
    check_explainer(load_explainer(name), model)


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
