import numpy as np
import pytest
import torch
from torch import nn

from explainers.contract import ModuleModel, _fingerprint
from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.removal.behind import BehindLayer, FeatureRemover, with_layer_replaced
from explainers.removal.parts import Filling, PatchParts, TimeParts
from explainers.targets import parse_target
from perturbations.corruption import Key
from perturbations.fills import fills
from perturbations.masking import Patch
from tests.explainers.small_models import RATE, Function, model_of, noise
from xaudio.classifiers import Classifier
from xaudio.classifiers.fit import AnyLength, Crop, Fit, Pad, Tile, Windows

LENGTH, HOP = 400, 10
CLIPS = noise(2, LENGTH) + 0.1
FILLING = Filling("mean", Key("clip", 0))


class Front(nn.Module):
    """Frames of 10 samples, filtered and squared: [batch, channel, frames]."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 6, HOP, stride=HOP)
        random = torch.Generator().manual_seed(0)
        for parameter in self.conv.parameters():
            parameter.data = torch.randn(parameter.shape, generator=random)

    def forward(self, waveform, scale=1.0):
        return scale * self.conv(waveform[:, None]).square()


class Net(nn.Module):
    """A front end inside a block, and a network behind it that looks at neighbours."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Identity(), Front())
        self.mix = nn.Conv1d(6, 4, 5, padding=2)
        self.head = nn.Linear(4, 2)
        random = torch.Generator().manual_seed(1)
        for part in (self.mix, self.head):
            for parameter in part.parameters():
                parameter.data = torch.randn(parameter.shape, generator=random)
        self.eval()

    def forward(self, waveform):
        return self.behind(self.body(waveform))

    def behind(self, features):
        return self.head(self.mix(features.log1p()).tanh().mean(dim=2))


def windows(length=LENGTH, size=100):
    stretches = tuple(((start, min(start + size, length)),) for start in range(0, length, size))
    return TimeParts(tuple(map(str, range(len(stretches)))), stretches, length, RATE)


def coalitions_of(parts, rows=12):
    return torch.from_numpy(np.random.default_rng(0).random((rows, parts)) < 0.5)


def test_it_is_masking_the_features_by_hand():
    net = Net()
    behind = BehindLayer(model_of(net), "body.1", CLIPS[0])
    parts, coalitions = windows(), coalitions_of(4)
    found = behind(FeatureRemover(behind, parts).remover(CLIPS[0], FILLING)(coalitions))
    filled = fills.get("mean")(CLIPS[:1], RATE, [FILLING.key], [(0, LENGTH)])
    features, stand_in = net.body(CLIPS[:1])[0], net.body(filled)[0]
    for logits, there in zip(found, coalitions.tolist(), strict=True):
        left = features.clone()
        for frame in range(LENGTH // HOP):
            centre = (frame + 0.5) * HOP
            if not there[int(centre // 100)]:
                left[:, frame] = stand_in[:, frame]
        torch.testing.assert_close(logits, net.behind(left[None])[0], atol=1e-5, rtol=1e-5)


def test_samples_of_no_part_stay_and_shares_are_shares():
    net = Net()
    behind = BehindLayer(model_of(net), "body", CLIPS[0])
    word = TimeParts(("word",), (((95, 205), (300, 310)),), LENGTH, RATE)
    left = FeatureRemover(behind, word).remover(CLIPS[0], FILLING)(torch.tensor([[0.0], [0.25]]))
    features = net.body(CLIPS[:1])[0]
    filled = net.body(CLIPS[:1].mean(dim=1, keepdim=True).expand(1, LENGTH))[0]
    own = torch.zeros(40, dtype=torch.bool)
    own[10:20] = own[30] = True
    own[9] = own[20] = True  # their centres are at samples 95 and 205: one in, one out
    own[20] = False
    torch.testing.assert_close(left[0], torch.where(own, filled, features))
    torch.testing.assert_close(left[1], torch.lerp(left[0], features, 0.25))


def test_the_whole_call_is_the_game_on_features_for_every_clip():
    net = Net()
    model, target = model_of(net), parse_target("spoof - bonafide", ("bonafide", "spoof"))
    before = _fingerprint(model)
    modules = {name: id(part) for name, part in net.named_modules()}
    method = load_explainer(
        "leave-one-out", behind="body", segments="windows:0.1", fill="zeros", batch_size=3
    )
    found = method.explain(model, CLIPS, target)
    features, silence = net.body(CLIPS), net.body(torch.zeros(1, LENGTH))[0]
    for one, own in zip(found, features, strict=True):
        whole = float(target(net.behind(own[None])).detach())
        assert one.score == pytest.approx(whole, abs=1e-5)
        for part in range(4):
            left = own.clone()
            left[:, 10 * part : 10 * part + 10] = silence[:, 10 * part : 10 * part + 10]
            fall = whole - float(target(net.behind(left[None])).detach())
            assert one.relevance[part] == pytest.approx(fall, abs=1e-5)
        assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-6)
        assert one.provenance["evaluations"] == 1 + 1 + 4
        assert one.provenance["settings"]["behind"] == "body"
    assert _fingerprint(model) == before
    assert {name: id(part) for name, part in net.named_modules()} == modules
    alone = method.explain(model, CLIPS[1:], target)[0]
    np.testing.assert_allclose(found[1].relevance, alone.relevance, atol=1e-5)


FITS = [
    (AnyLength(), 320),
    (AnyLength(500), 320),
    (Tile(500), 180),
    (Tile(250), 320),
    (Pad(500), 320),
    (Pad(250), 320),
    (Crop(250), 320),
    (Windows(500, 100), 180),
]


@pytest.mark.parametrize(("fit", "length"), FITS)
def test_frames_belong_to_the_part_whose_samples_they_hear(fit: Fit, length: int):
    classifier = Classifier(Net(), "small", RATE, ("real", "fake"), fit)
    clip, size = CLIPS[0, :length], 60
    behind = BehindLayer(classifier, "body", clip)
    parts = windows(length, size)
    left = FeatureRemover(behind, parts).remover(clip, FILLING)(~torch.eye(len(parts)).bool())
    content = classifier.module.body(fit.inputs(clip[None]))[0]
    # A clip whose samples say which part they belong to, as the module hears it; 0 is padding.
    owner = fit.inputs(1.0 + torch.arange(length)[None] // size)[0]
    centres = owner[HOP // 2 :: HOP]
    for part, row in enumerate(left):
        changed = (row != content).any(dim=0)
        assert torch.equal(changed, centres == part + 1)


@pytest.mark.parametrize("fit", [Tile(500), Windows(500, 100)])
def test_behind_a_classifier_that_tiles(fit):
    classifier = Classifier(Net(), "small", RATE, ("real", "fake"), fit)
    target = parse_target("spoof - bonafide", classifier.labels)
    clip = CLIPS[:1, :300]
    found = load_explainer(
        "leave-one-out", behind="body", segments="windows:0.1", fill="zeros"
    ).explain(classifier, clip, target)[0]
    net = classifier.module
    features = net.body(clip.repeat(1, 2)[:, :500])
    silence = net.body(torch.zeros(1, 500))
    for part in range(3):
        left = features.clone()
        for frame in range(50):
            if int((frame + 0.5) * HOP) % 300 // 100 == part:
                left[..., frame] = silence[..., frame]
        fall = float((target(net.behind(features)) - target(net.behind(left))).detach())
        assert found.relevance[part] == pytest.approx(fall, abs=1e-5)


class TwiceUsed(Net):
    def forward(self, waveform):
        return super().forward(waveform) + self.behind(self.body(waveform.flip(1)))


class TwiceAlike(Net):
    def forward(self, waveform):
        return super().forward(waveform) + super().forward(waveform)


class NeverUsed(Net):
    def __init__(self):
        super().__init__()
        self.spare = Front()

    def forward(self, waveform):
        return self.behind(self.spare(waveform))


class LookingPast(Net):
    """The level of the clip goes round the front end."""

    def forward(self, waveform):
        return super().forward(waveform) + waveform.square().mean(dim=1, keepdim=True)


class Pairs(Net):
    def __init__(self):
        super().__init__()
        self.body = nn.GRU(10, 6, batch_first=True)

    def forward(self, waveform):
        return self.behind(self.body(waveform.unfold(1, 10, 10))[0].transpose(1, 2).abs())


class ByName(Net):
    """Hands its front end named inputs, and asks it for one of its parts."""

    def forward(self, waveform):
        scale = 0.5 * self.body[1].conv.stride[0] / HOP
        return self.behind(self.body[1](waveform=waveform, scale=scale))


@pytest.mark.parametrize("kind", [TwiceUsed, TwiceAlike, NeverUsed, LookingPast, Pairs])
def test_layers_that_are_no_front_end_are_refused(kind):
    with pytest.raises(ExplanationError, match="behind the layer 'body'"):
        BehindLayer(model_of(kind()), "body", CLIPS[0])


def test_a_layer_with_named_inputs_will_do():
    net = ByName().eval()
    behind = BehindLayer(model_of(net), "body.1", CLIPS[0])
    torch.testing.assert_close(behind.features(CLIPS), 0.5 * net.body(CLIPS))
    torch.testing.assert_close(behind(behind.features(CLIPS)), net(CLIPS))


def test_windows_that_need_several_inputs_are_refused():
    classifier = Classifier(Net(), "small", RATE, ("real", "fake"), Windows(200, 100))
    with pytest.raises(ExplanationError, match="clip of the length the model takes"):
        BehindLayer(classifier, "body", CLIPS[0])


def test_only_layers_there_are_can_be_named():
    with pytest.raises(ExplanationError, match=r"no layer 'front'.*body, mix, head"):
        BehindLayer(model_of(Net()), "front", CLIPS[0])
    with pytest.raises(ExplanationError, match="there are: none"):
        BehindLayer(Function(lambda waveform: waveform[:, :2]), "body", CLIPS[0])


def test_only_stretches_apart_can_go():
    behind = BehindLayer(model_of(Net()), "body", CLIPS[0])
    overlapping = TimeParts(("a", "b"), (((0, 100),), ((50, 150),)), LENGTH, RATE)
    patches = PatchParts(("a",), (Patch(0.0, 0.1, 0.0, 500.0),), LENGTH, RATE)
    for parts in (overlapping, patches):
        with pytest.raises(ExplanationError, match="none that overlap"):
            FeatureRemover(behind, parts).remover(CLIPS[0], FILLING)


def test_a_replaced_layer_is_replaced_in_a_copy_only():
    net, other = Net(), nn.Identity()
    copy = with_layer_replaced(net, "body.1", other)
    assert copy.body[1] is other and net.body[1] is not other
    assert copy.body[0] is net.body[0] and copy.mix is net.mix and copy.head is net.head
    assert type(copy) is Net and copy.body is not net.body


def test_a_model_behind_a_layer_looks_like_the_model():
    model = ModuleModel(Net(), RATE)
    behind = BehindLayer(model, "body", CLIPS[0])
    assert (behind.sample_rate, behind.labels) == (RATE, ("bonafide", "spoof"))
    assert behind.default_target == model.default_target and behind.layers == ()
    assert behind.module is None and behind.frame_evidence(CLIPS) is None
    features = behind.features(CLIPS)
    assert features.shape == (2, 6, 40)
    torch.testing.assert_close(behind(features), model(CLIPS))
