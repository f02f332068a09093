import numpy as np
import pytest
import torch
from torch import nn

from explainers.attention import AttentionRelevancy, AttentionRollout, relevancy, rollout
from explainers.contract import ModuleModel, SmallDetector, check_explainer
from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.targets import parse_target
from tests.explainers.attention_models import FRAME, SPELLINGS, ByModules, Looking, Plain
from tests.explainers.lrp.networks import get
from tests.explainers.small_models import RATE, noise

TOKENS = 7
CLIPS = noise(2, TOKENS * FRAME).double()
METHODS = [AttentionRollout(), AttentionRelevancy()]
NAMES = ["attention-rollout", "attention-relevancy"]


def explain(method, module, clips=CLIPS, target="spoof - bonafide"):
    model = module if isinstance(module, ModuleModel) else ModuleModel(module, RATE)
    return method.explain(model, clips, parse_target(target, model.labels))


def over_tokens(method, module, clips=CLIPS):
    return np.stack([one.over_time(FRAME / RATE).relevance for one in explain(method, module)])


def plain_rollout(maps, rows):
    """The paper's equations, token by token."""
    count = maps[0].shape[-1]
    whole = np.eye(count)
    for weights in maps:
        mixed = 0.5 * weights.mean(axis=0) + 0.5 * np.eye(count)
        whole = np.array(
            [
                [sum(mixed[i, k] * whole[k, j] for k in range(count)) for j in range(count)]
                for i in range(count)
            ]
        )
    return rows @ whole


def plain_relevancy(maps, slopes, rows):
    whole = np.eye(maps[0].shape[-1])
    for weights, slope in zip(maps, slopes, strict=True):
        whole = whole + np.maximum(weights * slope, 0).mean(axis=0) @ whole
    return rows @ (whole - np.eye(len(whole)))


@pytest.mark.parametrize("class_token", [False, True])
def test_rollout_is_the_papers(class_token):
    module = Looking(class_token=class_token)
    found = over_tokens(AttentionRollout(), module)
    count = TOKENS + class_token
    rows = np.eye(count)[0] if class_token else np.full(count, 1 / count)
    for one, clip in zip(found, CLIPS.numpy(), strict=True):
        _, maps = Plain(module).run(clip)
        expected = plain_rollout(maps, rows)
        np.testing.assert_allclose(one, expected[class_token:], rtol=1e-9)


@pytest.mark.parametrize("class_token", [False, True])
def test_relevancy_is_the_papers_with_gradients_by_differences(class_token):
    module = Looking(class_token=class_token)
    found = over_tokens(AttentionRelevancy(), module)
    for one, clip in zip(found, CLIPS.numpy(), strict=True):
        plain = Plain(module)
        _, maps = plain.run(clip)
        slopes = [plain.slope(clip, layer, maps[layer].shape) for layer in range(2)]
        sizes = np.sqrt((slopes[-1] ** 2).sum(axis=(0, 2)))
        expected = plain_relevancy(maps, slopes, sizes / sizes.sum())
        np.testing.assert_allclose(one, expected[class_token:], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_it_does_not_matter_how_attention_is_written(method, spelling):
    expected = over_tokens(method, Looking())
    found = over_tokens(method, Looking(SPELLINGS[spelling]))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize("need_weights", [False, True])
def test_torchs_attention_modules_are_seen(method, need_weights):
    module = Looking()
    expected = over_tokens(method, module)
    found = over_tokens(method, ByModules(module, need_weights))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_rollout_is_a_distribution_and_the_same_for_every_target():
    spoof, real = (
        explain(AttentionRollout(), Looking(), target=one) for one in ("spoof", "bonafide")
    )
    for one, other in zip(spoof, real, strict=True):
        assert one.total == pytest.approx(1.0)
        np.testing.assert_array_equal(one.relevance, other.relevance)
    with_class_token = explain(AttentionRollout(), Looking(class_token=True))[0]
    assert with_class_token.total < 1


def test_relevancy_depends_on_the_target():
    spoof, real = (
        over_tokens(AttentionRelevancy(), Turned(Looking(), sign)) for sign in (1.0, -1.0)
    )
    assert np.abs(spoof - real).max() > 0.1 * spoof.max()


class Turned(nn.Module):
    def __init__(self, module, sign):
        super().__init__()
        self.module, self.sign = module, sign
        self.eval()

    def forward(self, waveform):
        return self.sign * self.module(waveform)


def test_the_provenance_says_what_was_followed():
    provenance = explain(AttentionRollout(), Looking(class_token=True))[0].provenance
    assert provenance["attention_layers"] == 2 and provenance["attention_left_out"] == 0
    assert provenance["tokens"] == TOKENS + 1 and provenance["class_tokens"] == 1
    assert provenance["token_seconds"] == pytest.approx(FRAME / RATE)


@pytest.mark.parametrize("name", NAMES)
def test_they_keep_every_promise(name):
    module = Looking(SPELLINGS["fused"]).float()
    check_explainer(load_explainer(name), ModuleModel(module, 400))


class Padded(Looking):
    """The last two tokens are looked at by nobody and are left out of the mean."""

    def __init__(self):
        super().__init__(self.masked)

    def masked(self, q, k, v):
        heard = torch.arange(q.shape[-2]) < q.shape[-2] - 2
        return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=heard[None])

    def forward(self, waveform):
        logits = []
        tokens = self.embed(waveform.unfold(1, FRAME, FRAME))
        for layer in self.layers:
            q, k, v = (layer[name](tokens).unflatten(-1, (2, -1)).transpose(1, 2) for name in "qkv")
            tokens = tokens + layer["o"](self.attend(q, k, v).transpose(1, 2).flatten(2))
        logits = self.head(tokens.tanh())
        return logits[:, :-2].mean(dim=1)


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_tokens_that_are_masked_and_not_read_get_nothing(method):
    found = over_tokens(method, Padded())
    assert (found[:, -2:] == 0).all() and (found[:, :-2] > 0).any()


class Windowed(ModuleModel):
    """Scores windows of 70 samples and averages; the clip comes in at another length."""

    def __call__(self, waveform):
        windows = waveform[:, : waveform.shape[1] // 70 * 70].unfold(1, 70, 70)
        return self.module(windows.reshape(-1, 70)).reshape(len(waveform), -1, 2).mean(dim=1)


def test_windows_are_put_back_in_their_places():
    module, clips = Looking(), noise(2, 150).double()
    for one, clip in zip(
        explain(AttentionRollout(), Windowed(module, RATE), clips), clips, strict=True
    ):
        halves = [
            explain(AttentionRollout(), module, half[None])[0].relevance
            for half in clip[:140].split(70)
        ]
        np.testing.assert_allclose(one.relevance[:140], np.concatenate(halves), rtol=1e-9)
        assert not one.relevance[140:].any()


class OneByOne(ModuleModel):
    """Runs its module once for every clip."""

    def __call__(self, waveform):
        return torch.cat([self.module(clip[None]) for clip in waveform])


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_clips_may_run_one_by_one(method):
    together = explain(method, Looking())
    for one, other in zip(explain(method, OneByOne(Looking(), RATE)), together, strict=True):
        np.testing.assert_allclose(one.relevance, other.relevance, rtol=1e-9)
        assert one.provenance["attention_layers"] == 2


class Features(nn.Module):
    """Samples laid out as the features that a reference network takes."""

    def __init__(self, module, shape):
        super().__init__()
        self.module, self.shape = module, shape
        self.eval()

    def forward(self, waveform):
        return self.module(waveform.reshape(-1, *self.shape))


def hugging_face(name, shape=None):
    pytest.importorskip("transformers")
    module = get(name).build().double()
    clips = get(name).example(2).double()
    if shape is not None:
        module, clips = Features(module, shape), clips.flatten(1)
    return ModuleModel(module, RATE, ("bonafide", "spoof", "other")), clips


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
@pytest.mark.parametrize(
    ("name", "shape"),
    [("wav2vec2", None), ("wav2vec2-layer", None), ("hubert-padded", None), ("ast", (40, 20))],
)
def test_fused_and_eager_attention_are_explained_alike(method, name, shape):
    eager, one = (
        explain(method, *hugging_face(f"{name}-{way}", shape)) for way in ("eager", "sdpa")
    )
    for first, second in zip(eager, one, strict=True):
        scale = first.relevance.max()
        assert scale > 0
        np.testing.assert_allclose(second.relevance, first.relevance, rtol=0, atol=1e-5 * scale)


def test_the_maps_are_those_that_transformers_gives_out():
    model, clips = hugging_face("ast-eager", (40, 20))
    with torch.no_grad():
        told = model.module.module.model(clips.reshape(-1, 40, 20), output_attentions=True)
    # Two class tokens; three rows of bands by six times, read along time.
    expected = rollout([one.double() for one in told.attentions])[:, :2].mean(dim=1)[:, 2:]
    expected = expected.unflatten(1, (-1, 6)).sum(dim=1)
    for one, row in zip(explain(AttentionRollout(), model, clips), expected, strict=True):
        assert one.provenance["class_tokens"] == 2
        assert one.provenance["token_seconds"] == pytest.approx(0.8 / 6)
        np.testing.assert_allclose(one.over_time(0.8 / 6).relevance, row, rtol=5e-3)


def test_a_model_without_attention_is_refused():
    with pytest.raises(ExplanationError, match="No attention was seen"):
        check_explainer(AttentionRollout(), ModuleModel(SmallDetector()))


@pytest.mark.parametrize("name", ["rawgat-st", "aasist", "transformer-cross-attention"])
@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_maps_over_other_things_than_the_clips_tokens_are_refused(method, name):
    network = get(name)
    labels = ("bonafide", "spoof")
    model = ModuleModel(network.build().double(), RATE, labels)
    with pytest.raises(ExplanationError, match=r"do not chain|moments of the clip"):
        explain(method, model, network.example(2).double())


def test_windows_of_tokens_do_not_chain():
    with pytest.raises(ExplanationError, match="do not chain"):
        explain(AttentionRollout(), *hugging_face("clap-eager", (1, 64, 16)))


class Unasked(ModuleModel):
    """Its logits come from elsewhere."""

    def __call__(self, waveform):
        return waveform[:, :2]


def test_a_module_that_is_not_run_is_refused():
    with pytest.raises(ExplanationError, match="without running its module"):
        explain(AttentionRollout(), Unasked(Looking(), RATE))


class Untold(Looking):
    """The logits do not depend on what attention gives."""

    def forward(self, waveform):
        super().forward(waveform)
        return self.head(self.embed(waveform.unfold(1, FRAME, FRAME)).mean(dim=1))


def test_attention_that_the_score_does_not_hear_is_refused():
    with pytest.raises(ExplanationError, match="does not depend"):
        explain(AttentionRelevancy(), Untold())


def test_rollout_of_uniform_attention_is_known():
    uniform = torch.full((1, 1, 4, 4), 0.25).double()
    torch.testing.assert_close(
        rollout([uniform])[0], 0.5 * torch.eye(4).double() + 0.125 * torch.ones(4, 4).double()
    )


def test_relevancy_without_slopes_is_nothing():
    weights = torch.softmax(noise(1, 2, 3, 3), dim=-1)
    assert not relevancy([weights] * 2, [torch.zeros_like(weights)] * 2).any()
