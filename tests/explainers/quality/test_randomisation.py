import copy
import hashlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer, load_explainer
from explainers.quality.randomisation import (
    RandomisationSettings,
    cascading_randomisation,
    copied,
    layers_from_output,
    shuffle_parameters,
)
from explainers.quality.similarity import cosine, spearman
from explainers.quality.statistics import bootstrap_mean
from explainers.targets import parse_target
from tests.explainers.small_models import RATE, Function, Linear, model_of, noise

TARGET = parse_target("spoof - bonafide", ("bonafide", "spoof"))
SALIENCY = load_explainer("saliency")
SIGNED = load_explainer("input-x-gradient")


@dataclass(frozen=True)
class Energy(Explainer):
    """Shows how loud the clip is, whatever the model."""

    name: ClassVar[str] = "energy"
    signed: ClassVar[bool] = False
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Loudness."

    def attribute(self, task):
        return [Attribution(row.square().double().numpy()) for row in task.waveform]


@dataclass(frozen=True)
class Silent(Explainer):
    """Shows nothing."""

    name: ClassVar[str] = "silent"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Nothing."

    def attribute(self, task):
        return [Attribution(np.zeros(len(row))) for row in task.waveform]


def state(module):
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()


def test_a_map_of_the_clip_alone_stays_as_it_was():
    model = ModuleModel(SmallDetector())
    found = cascading_randomisation(model, Energy(), noise(3, 2000), TARGET, ModuleModel)
    assert found.layers == ("head", "second", "first")
    assert found.randomised == (1, 2, 3)
    for similarity in (found.spearman, found.spearman_of_magnitudes, found.absolute_cosine):
        assert similarity.shape == (3, 3, 3)
        np.testing.assert_allclose(similarity, 1, atol=1e-12)
    assert found.evaluations == 1 + 3 * 3


def test_a_map_of_the_weights_alone_goes_with_them():
    weights = torch.from_numpy(np.random.default_rng(0).normal(size=1000)).float()
    model = model_of(Linear(weights))
    found = cascading_randomisation(
        model,
        SIGNED,
        noise(3, 1000),
        TARGET,
        model_of,
        RandomisationSettings(step=0.001, seeds=tuple(range(40))),
    )
    assert found.layers == ("",)
    estimate = bootstrap_mean(found.spearman.mean(axis=(1, 2)), level=0.99)
    assert estimate.low < 0 < estimate.high
    assert estimate.high - estimate.low < 0.05
    # the cosine of x w and x w' is normal with variance E x^4 / (E x^2)^2 n = 3 / n
    chance = np.sqrt(2 / np.pi * 3 / 1000)
    assert found.absolute_cosine.mean() == pytest.approx(chance, rel=0.2)


def test_a_map_of_nothing_is_like_no_other():
    found = cascading_randomisation(
        ModuleModel(SmallDetector()), Silent(), noise(1, 2000), TARGET, ModuleModel
    )
    assert not found.spearman.any() and not found.absolute_cosine.any()


def test_every_look_is_what_the_cascade_says():
    module, clips = SmallDetector(), noise(2, 2000)
    settings = RandomisationSettings(step=0.01, seeds=(5,))
    found = cascading_randomisation(
        ModuleModel(module), SIGNED, clips, TARGET, ModuleModel, settings
    )

    def maps(of):
        explained = SIGNED.explain(ModuleModel(of), clips, TARGET)
        return np.stack([one.over_time(0.01).relevance for one in explained])

    replica, random = copy.deepcopy(module), torch.Generator().manual_seed(5)
    for look, layer in enumerate([replica.head, replica.second, replica.first]):
        for parameter in layer.parameters():
            order = torch.randperm(parameter.numel(), generator=random)
            parameter.data = parameter.data.reshape(-1)[order].reshape(parameter.shape)
        expected = spearman(maps(module), maps(replica))
        np.testing.assert_allclose(found.spearman[0, look], expected, atol=1e-9)
        magnitudes = spearman(np.abs(maps(module)), np.abs(maps(replica)))
        np.testing.assert_allclose(found.spearman_of_magnitudes[0, look], magnitudes, atol=1e-9)
        angle = np.abs(cosine(maps(module), maps(replica)))
        np.testing.assert_allclose(found.absolute_cosine[0, look], angle, atol=1e-9)


def test_few_looks_are_spread_and_end_at_the_input():
    module = nn.Sequential(
        nn.Unflatten(1, (1, -1)),
        *(nn.Conv1d(1, 1, 3, padding=1) for _ in range(9)),
        nn.Flatten(),
        nn.Linear(50, 2),
    ).eval()
    settings = RandomisationSettings(step=0.005, looks=4, seeds=(0, 1))
    told = []
    found = cascading_randomisation(
        model_of(module), SALIENCY, noise(2, 50), TARGET, model_of, settings, told.append
    )
    assert found.randomised == (1, 4, 7, 10)
    assert found.layers == ("11", *(str(number) for number in range(9, 0, -1)))
    assert found.spearman.shape == (2, 4, 2)
    np.testing.assert_allclose(told, np.arange(1, 9) / 8)
    assert not np.allclose(found.spearman[0], found.spearman[1])
    every = cascading_randomisation(
        model_of(module), SALIENCY, noise(2, 50), TARGET, model_of, RandomisationSettings(0.005)
    )
    np.testing.assert_allclose(every.spearman[:2, [0, 3, 6, 9]], found.spearman)


def test_the_model_is_left_alone_and_the_seed_decides():
    model, clips = ModuleModel(SmallDetector()), noise(2, 2000)
    before = state(model.module)
    runs = [
        cascading_randomisation(
            model, SALIENCY, clips, TARGET, ModuleModel, RandomisationSettings(seeds=(seed,))
        ).spearman
        for seed in (0, 0, 1)
    ]
    assert state(model.module) == before
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0], runs[2])


class Tangled(nn.Module):
    """Registered in an order that is not that of use; one layer used twice; parameters of its own.

    Used: front, body, own, body again, recurrent, tail.
    """

    def __init__(self):
        super().__init__()
        self.tail = nn.Linear(4, 2)
        self.own = nn.Parameter(torch.randn(4, 4))
        self.body = nn.Linear(4, 4)
        self.idle = nn.Linear(4, 4)
        self.recurrent = nn.GRU(4, 4, batch_first=True)
        self.front = nn.utils.parametrizations.weight_norm(nn.Conv1d(1, 4, 4, stride=4))
        self.eval()

    def forward(self, waveform):
        hidden = self.front(waveform[:, None]).transpose(1, 2)
        hidden = self.body(hidden).to(self.tail.weight.dtype)
        hidden = torch.tanh(hidden @ self.own.T)
        hidden = self.body(hidden)
        hidden, _ = self.recurrent(hidden)
        assert self.own.dtype == hidden.dtype and self.own.shape == (4, 4)
        return F.linear(hidden.mean(dim=1), self.tail.weight, self.tail.bias)


def test_layers_come_in_the_order_of_use():
    module = Tangled()
    layers = layers_from_output(module, lambda: module(noise(1, 40)))
    normed = ("front", "front.parametrizations.weight")  # the bias is used after the norm
    assert layers == ("tail", "recurrent", "body", "", *normed)


def test_asking_for_a_type_is_no_use():
    class Asking(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, waveform):
            hidden = self.last(self.first(waveform))
            return hidden.to(self.first.weight.dtype) * len(self.first.weight.shape)

    module = Asking()
    assert layers_from_output(module, lambda: module(noise(1, 4))) == ("last", "first")


def test_writing_a_parameter_in_place_is_use():
    class Writing(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.last = nn.Parameter(torch.randn(2)), nn.Linear(4, 2)

        def forward(self, waveform):
            hidden = waveform.clone()
            hidden[:, :2] = self.token
            return self.last(hidden)

    module = Writing()
    assert layers_from_output(module, lambda: module(noise(1, 4))) == ("last", "")


def test_a_shared_parameter_belongs_to_the_first_layer():
    module = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    module[1].weight = module[0].weight
    assert layers_from_output(module, lambda: module(noise(1, 4))) == ("0",)


def test_old_weight_normalisation_is_copied_and_shuffled():
    with pytest.warns(FutureWarning):
        module = nn.Sequential(nn.utils.weight_norm(nn.Linear(40, 6)), nn.Tanh(), nn.Linear(6, 2))
    module.eval()
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(module)
    before = state(module)
    replica = copied(module)
    shuffle_parameters(replica[0], torch.Generator().manual_seed(0))
    assert state(module) == before != state(replica)
    clip = noise(1, 40)
    assert not torch.allclose(replica(clip), module(clip))
    found = cascading_randomisation(
        model_of(module), SALIENCY, noise(2, 40), TARGET, model_of, RandomisationSettings(0.001)
    )
    assert found.layers == ("2", "0")
    assert (found.spearman[:, 1] < 0.9).all()


def test_shuffling_keeps_every_entry():
    layer = nn.Sequential(nn.Linear(5, 4), nn.Linear(4, 3))
    layer.extra = nn.Parameter(torch.arange(12.0).reshape(3, 4))
    before = copy.deepcopy(layer)
    shuffle_parameters(layer, torch.Generator().manual_seed(0))
    assert not torch.equal(layer.extra, before.extra)
    assert torch.equal(layer.extra.flatten().sort().values, torch.arange(12.0))
    assert torch.equal(layer[0].weight, before[0].weight)


def test_a_model_that_is_not_rebuilt_is_refused():
    model, clips = ModuleModel(SmallDetector()), noise(1, 2000)
    for wrong in (
        lambda module: model,
        lambda module: ModuleModel(SmallDetector()),
        lambda module: ModuleModel(copy.deepcopy(module)),
        lambda module: Function(lambda waveform: module(waveform) + 1),
    ):
        with pytest.raises(ExplanationError, match="around that very module"):
            cascading_randomisation(model, SALIENCY, clips, TARGET, wrong)


def test_a_model_without_parameters_is_refused():
    with pytest.raises(ExplanationError, match="no module"):
        cascading_randomisation(
            Function(lambda waveform: waveform[:, :2]), Energy(), noise(1, 50), TARGET, model_of
        )
    bare = nn.Sequential(nn.AdaptiveAvgPool1d(2)).eval()
    with pytest.raises(ExplanationError, match="no parameter"):
        cascading_randomisation(model_of(bare), SALIENCY, noise(1, 50), TARGET, model_of)


@pytest.mark.parametrize("wrong", [{"step": 0.0}, {"looks": 0}, {"seeds": ()}])
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ExplanationError, match="asked for"):
        RandomisationSettings(**wrong)


def test_lengths_are_of_the_models_rate():
    found = cascading_randomisation(
        model_of(SmallDetector()), SALIENCY, noise(1, RATE), TARGET, model_of
    )
    assert found.spearman.shape == (3, 3, 1)
