import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from torch import nn

from explainers.cams import GradCam, spread
from explainers.contract import ModuleModel
from explainers.errors import ExplanationError
from explainers.targets import parse_target
from tests.explainers.small_models import RATE, Frames, Picture, model_of, noise

CLIPS = noise(2, 400)


def explain(model, clips=CLIPS, layer=""):
    return GradCam(layer).explain(model, clips, parse_target("spoof - bonafide", model.labels))


def by_hand(module, clips):
    """The paper's two equations for `Frames`, whose gradients can be written down."""
    activations = module.conv(clips[:, None]).detach()
    frames = activations.shape[2]
    weights = (module.head.weight[1] - module.head.weight[0]).detach()
    slopes = weights[None, :, None] * (activations > 0) / frames
    return (slopes.mean(dim=2, keepdim=True) * activations).sum(dim=1).relu()


def test_the_map_is_the_papers_spread_over_the_samples():
    module = Frames()
    for one, cam in zip(explain(model_of(module)), by_hand(module, CLIPS), strict=True):
        np.testing.assert_allclose(one.over_time(0.01).relevance, cam, rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(one.relevance, np.repeat(cam / 10, 10), rtol=1e-4, atol=1e-7)
        assert one.provenance["layer"] == "conv"
        assert one.provenance["frame_seconds"] == pytest.approx(0.01)
        assert not one.signed


@pytest.mark.parametrize("time_last", [True, False])
def test_the_time_axis_of_a_picture_is_found_and_the_other_summed(time_last):
    module = Picture(time_last)
    target = parse_target("spoof - bonafide", ("bonafide", "spoof"))
    cam = LayerGradCam(lambda waveform: target(module(waveform)), module.conv).attribute(
        CLIPS, relu_attributions=True
    )[:, 0]
    over_time = cam.sum(dim=1 if time_last else 2).detach()
    for one, expected in zip(explain(model_of(module)), over_time, strict=True):
        np.testing.assert_allclose(one.over_time(0.01).relevance, expected, rtol=1e-4, atol=1e-6)


class Sequence(nn.Module):
    """A layer that gives [batch, time, features], as a transformer's do."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(10, 6)
        self.head = nn.Linear(6, 2)
        self.eval()

    def forward(self, waveform):
        return self.head(self.embed(waveform.unfold(1, 10, 10)).relu().mean(dim=1))


def test_features_may_come_last():
    torch.manual_seed(0)
    module = Sequence()
    one = explain(model_of(module), layer="embed")[0]
    activations = module.embed(CLIPS[:1].unfold(1, 10, 10)).detach()
    weights = (module.head.weight[1] - module.head.weight[0]).detach()
    slopes = (weights * (activations > 0) / 40).mean(dim=1, keepdim=True)
    expected = (slopes * activations).sum(dim=2).relu()[0]
    np.testing.assert_allclose(one.over_time(0.01).relevance, expected, rtol=1e-4, atol=1e-7)


class Fitted(ModuleModel):
    """A model whose clips are fitted to 400 samples before they reach the module."""

    def __init__(self, module, fit):
        super().__init__(module, RATE)
        self._fit = fit

    def __call__(self, waveform):
        return self.module(self._fit(waveform))


def tile(waveform):
    return waveform.repeat(1, 400 // waveform.shape[1] + 1)[:, :400]


def pad(waveform):
    return nn.functional.pad(waveform, (0, 400 - waveform.shape[1]))


def crop(waveform):
    return waveform[:, 100:500]


def test_copies_of_a_tiled_clip_are_gathered():
    module, clip = Frames(), noise(1, 150)
    one = explain(Fitted(module, tile), clip)[0]
    whole = explain(model_of(module), tile(clip))[0].relevance
    np.testing.assert_allclose(
        one.relevance,
        whole[:150] + whole[150:300] + np.pad(whole[300:], (0, 50)),
        rtol=1e-5,
        atol=1e-8,
    )


def test_padding_takes_its_relevance_with_it():
    module, clip = Frames(), noise(1, 150)
    one = explain(Fitted(module, pad), clip)[0]
    whole = explain(model_of(module), pad(clip))[0].relevance
    np.testing.assert_allclose(one.relevance, whole[:150], rtol=1e-5, atol=1e-8)


def test_what_is_cropped_off_gets_nothing():
    module, clip = Frames(), noise(1, 600)
    one = explain(Fitted(module, crop), clip)[0]
    whole = explain(model_of(module), crop(clip))[0].relevance
    np.testing.assert_allclose(one.relevance[100:500], whole, rtol=1e-5, atol=1e-8)
    assert not one.relevance[:100].any() and not one.relevance[500:].any()


class Windowed(ModuleModel):
    """A model that scores windows of 200 samples and averages."""

    def __call__(self, waveform):
        windows = waveform.unfold(1, 200, 200)
        logits = self.module(windows.reshape(-1, 200))
        return logits.reshape(len(waveform), -1, 2).mean(dim=1)


def test_windows_are_put_back_in_their_places():
    module = Frames()
    model = Windowed(module, RATE)
    for one, clip in zip(explain(model), CLIPS, strict=True):
        halves = [explain(model_of(module), half[None])[0].relevance for half in clip.split(200)]
        np.testing.assert_allclose(one.relevance, np.concatenate(halves) / 2, rtol=1e-4, atol=1e-8)


class Normalised(Picture):
    """Takes the clip's mean and deviation away first, as front ends do."""

    def forward(self, waveform):
        loudness = waveform.square().add(1e-8).log()
        return super().forward((loudness - loudness.mean(dim=1, keepdim=True)) / loudness.std())


@pytest.mark.parametrize("time_last", [True, False])
def test_a_normalisation_over_the_clip_does_not_hide_its_time(time_last):
    one = explain(model_of(Normalised(time_last)))[0]
    assert one.provenance["frame_seconds"] == pytest.approx(0.01)


def test_an_unknown_layer_names_those_there_are():
    with pytest.raises(ExplanationError, match="conv, head"):
        explain(model_of(Frames()), layer="conf")


def test_a_layer_without_time_is_refused():
    with pytest.raises(ExplanationError, match="before the pooling"):
        explain(model_of(Frames()), layer="head")


class Scrambled(nn.Module):
    """A layer of several axes, all of which see the whole clip."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Unflatten(1, (8, 20))
        random = torch.Generator().manual_seed(0)
        self.register_buffer("weights", torch.randn(400, 160, generator=random))
        self.eval()

    def forward(self, waveform):
        return self.mix(waveform @ self.weights).mean(dim=2)[:, :2]


def test_a_layer_whose_axes_do_not_follow_time_is_refused():
    with pytest.raises(ExplanationError, match="along time"):
        explain(model_of(Scrambled()), layer="mix")


def test_a_model_without_convolutions_asks_for_a_layer():
    with pytest.raises(ExplanationError, match="name a layer, one of: embed, head"):
        explain(model_of(Sequence()))


class Twice(Frames):
    """Uses its convolution twice."""

    def forward(self, waveform):
        return super().forward(waveform) + super().forward(-waveform)


def test_a_layer_that_runs_twice_is_refused():
    with pytest.raises(ExplanationError, match="runs 2 times for 1"):
        explain(model_of(Twice()))


def test_no_hook_stays_behind_even_after_an_error():
    module = Frames()
    with pytest.raises(ExplanationError):
        explain(model_of(module), layer="head")
    explain(model_of(module))
    for part in module.modules():
        assert not part._forward_hooks and not part._forward_pre_hooks


def test_spreading_keeps_totals():
    frames = noise(2, 7).abs()
    for samples in (7, 13, 100):
        torch.testing.assert_close(spread(frames, samples).sum(dim=1), frames.sum(dim=1))
