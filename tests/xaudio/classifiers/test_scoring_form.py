import copy

import pytest
import torch
from torch import nn

from tests.shared_data import shared_data
from tests.xaudio.classifiers.models import level
from xaudio.audio import read_clip
from xaudio.classifiers import Classifier, load_classifier
from xaudio.classifiers.scoring_form import scoring_form
from xaudio.errors import ModelError
from xaudio.models.aasist import AASIST, LIGHT
from xaudio.models.tiled_block import TiledBlock


def speech_like(samples: int) -> torch.Tensor:
    times = torch.arange(samples) / 16000
    tone = torch.sin(2 * torch.pi * (150 * times + 40 * torch.sin(6 * times)))
    noise = torch.randn(samples, generator=torch.Generator().manual_seed(1))
    return (0.3 * tone * torch.sin(9 * times).abs() + 0.01 * noise)[None]


@pytest.fixture(scope="module")
def tiny_aasist() -> Classifier:
    torch.manual_seed(0)
    module = AASIST(LIGHT)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_var.uniform_(0.5, 2)
            part.running_mean.normal_()
    return load_classifier(module, labels=("spoof", "bonafide"), sample_rate=16000, fit="any:2315")


class TwoConvolutions(nn.Module):
    """Enough to have something to gain."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 2)

    def forward(self, waveform):
        maps = self.second(
            self.first(waveform[:, : waveform.shape[1] // 8 * 8].unflatten(1, (8, -1))[:, None])
        )
        return self.head(self.pooled(maps))

    def pooled(self, maps):
        return maps.mean(dim=(2, 3))


class Contiguous(TwoConvolutions):
    """`view` cannot flatten maps whose channels lie last."""

    def pooled(self, maps):
        return maps.view(len(maps), -1).unflatten(1, (4, -1)).mean(dim=2)


class RefusesShort(Contiguous):
    """Only on clips shorter than every probe."""

    def pooled(self, maps):
        return super().pooled(maps) if maps[0].numel() < 2000 else maps.mean(dim=(2, 3))


class LooksAtMemory(TwoConvolutions):
    """Answers by how its maps lie in memory."""

    def pooled(self, maps):
        return super().pooled(maps) + float(maps.stride(1) == 1)


class ByChance(TwoConvolutions):
    def pooled(self, maps):
        return super().pooled(maps) + torch.rand(())


class Uncopyable(TwoConvolutions):
    def __deepcopy__(self, memo):
        raise RuntimeError("there can be only one")


class Liar(TwoConvolutions):
    """Has a part whose scoring form is another function."""

    def __init__(self):
        super().__init__()
        self.part = LyingPart()

    def pooled(self, maps):
        return self.part(super().pooled(maps))


class LyingPart(nn.Identity):
    def scoring_form(self):
        return nn.Tanh()


class BrokenPart(nn.Identity):
    def scoring_form(self):
        raise NotImplementedError


def wrapped(module: nn.Module) -> Classifier:
    return load_classifier(module, labels=("spoof", "bonafide"), sample_rate=16000)


def test_the_bundled_model_scores_the_same():
    classifier = load_classifier("lcnn")
    form = scoring_form(classifier)
    assert form is not classifier
    for samples in (3000, 16000, 64123):
        clip = speech_like(samples)
        with torch.no_grad():
            torch.testing.assert_close(form.score(clip), classifier.score(clip), atol=1e-5, rtol=0)


def test_aasist_goes_through_tiles_and_scores_the_same(tiny_aasist):
    form = scoring_form(tiny_aasist)
    assert sum(isinstance(part, TiledBlock) for part in form.module.modules()) == 6
    for samples in (2315, 9001, 20000):
        clips = torch.cat([speech_like(samples), 0.2 * speech_like(samples).flip(1)])
        with torch.no_grad():
            expected = tiny_aasist.score(clips)
        torch.testing.assert_close(form.score(clips), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("weights", ["AASIST", "AASIST-L"])
def test_published_weights_on_speech(weights):
    path = shared_data(f"aasist/{weights}.pth")
    speech = sorted(shared_data("librispeech-mini/audio").iterdir())[:3]
    classifier = load_classifier(weights.lower(), weights=path)
    form = scoring_form(classifier)
    for file in speech:
        clip = read_clip(file).waveform
        with torch.no_grad():
            torch.testing.assert_close(form.score(clip), classifier.score(clip), atol=1e-5, rtol=0)


def test_the_form_has_the_names_of_the_original(tiny_aasist):
    form = scoring_form(tiny_aasist)
    for said in ("name", "labels", "sample_rate", "fit", "device", "summary"):
        assert getattr(form, said) == getattr(tiny_aasist, said)


def test_the_original_is_left_as_it_was(tiny_aasist):
    module = tiny_aasist.module
    strides = {name: value.stride() for name, value in module.state_dict().items()}
    print_before, classes = tiny_aasist.fingerprint, [type(part) for part in module.modules()]
    form = scoring_form(tiny_aasist).to("cpu")
    form.module.double()
    assert tiny_aasist.fingerprint == print_before
    assert [type(part) for part in module.modules()] == classes
    assert {name: value.stride() for name, value in module.state_dict().items()} == strides
    assert all(parameter.requires_grad for parameter in module.parameters())
    shared = {value.data_ptr() for value in module.state_dict().values()}
    assert not shared & {value.data_ptr() for value in form.module.parameters()}


def test_what_has_nothing_to_gain_is_given_back():
    function = load_classifier(level, labels=("spoof", "bonafide"), sample_rate=16000)
    one_convolution = wrapped(
        nn.Sequential(
            nn.Unflatten(1, (1, 10, -1)), nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
    )
    assert scoring_form(function) is function
    assert scoring_form(one_convolution) is one_convolution


@pytest.mark.parametrize("odd", [Contiguous, LooksAtMemory, ByChance, Uncopyable, Liar])
def test_what_would_answer_otherwise_is_given_back(odd):
    classifier = wrapped(odd())
    assert scoring_form(classifier) is classifier


def test_asking_draws_no_random_numbers_of_ours():
    state = torch.get_rng_state()
    scoring_form(wrapped(ByChance()))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_part_whose_form_fails_is_given_back():
    classifier = wrapped(nn.Sequential(TwoConvolutions(), BrokenPart()))
    assert scoring_form(classifier) is classifier


@pytest.mark.parametrize("hook", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_module_that_is_listened_to_is_given_back_unheard(hook):
    module, heard = TwoConvolutions(), []
    getattr(module.second, hook)(lambda *given: heard.append(1))
    classifier = wrapped(module)
    assert scoring_form(classifier) is classifier
    assert not heard


def test_a_clip_that_the_copy_refuses_goes_to_the_original():
    classifier = wrapped(RefusesShort())
    form = scoring_form(classifier)
    assert form is not classifier
    clip = speech_like(400)
    with torch.no_grad():
        assert torch.equal(form.logits(clip), classifier.logits(clip))


def test_what_the_original_refuses_is_refused_in_its_words(tiny_aasist):
    module = copy.deepcopy(tiny_aasist.module)
    picky = load_classifier(module, labels=("spoof", "bonafide"), sample_rate=16000)
    form = scoring_form(picky)
    assert form is not picky
    with pytest.raises(ModelError) as expected:
        picky.logits(torch.zeros(1, 50))
    with pytest.raises(ModelError) as found:
        form.logits(torch.zeros(1, 50))
    assert str(found.value) == str(expected.value)
