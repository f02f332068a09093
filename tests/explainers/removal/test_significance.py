import numpy as np
import pytest
import torch
from torch import nn

from explainers.contract import SmallDetector, _fingerprint
from explainers.errors import ExplanationError
from explainers.explainer import Scoring, Task, load_explainer
from explainers.removal.significance import chances, null_games
from explainers.segmentation import parse_segmenter
from explainers.targets import parse_target
from tests.explainers.small_models import Function, Linear, model_of, noise
from xaudio.classifiers import Classifier
from xaudio.classifiers.fit import Tile

LABELS = ("bonafide", "spoof")
TARGET = parse_target("spoof - bonafide", LABELS)
CLIPS = noise(2, 800, scale=0.05)
DRAWS = 19


def explain(model, name="leave-one-out", clips=CLIPS, **settings):
    cut = {} if name == "occlusion" else {"segments": "windows:0.1"}
    settings = {**cut, "fill": "zeros", "joint": 0.0, "null_draws": DRAWS, **settings}
    return load_explainer(name, **settings).explain(model, clips, TARGET)


def test_chances_are_counted():
    random = np.random.default_rng(0)
    worth, null = random.normal(size=5) * [4, 1, 1, 1, 0.1], random.normal(size=(30, 5))
    alone, any_part = chances(worth, null)
    share = [abs(value) / sum(map(abs, worth)) for value in worth]
    drawn = [[abs(value) / sum(map(abs, row)) for value in row] for row in null]
    for part in range(5):
        reached = sum(one >= share[part] for row in drawn for one in row)
        assert alone[part] == pytest.approx((1 + reached) / (1 + 150))
        reached = sum(max(row) >= share[part] for row in drawn)
        assert any_part[part] == pytest.approx((1 + reached) / (1 + 30))


def test_nothing_at_all_is_by_chance():
    alone, any_part = chances(np.zeros(3), np.zeros((4, 3)))
    np.testing.assert_array_equal(alone, [1, 1, 1])
    np.testing.assert_array_equal(any_part, [1, 1, 1])
    # A draw that finds nothing reaches no share there is.
    _, any_part = chances(np.array([1.0, 0.0]), np.zeros((4, 2)))
    np.testing.assert_array_equal(any_part, [1 / 5, 1])


class Whistle(nn.Module):
    """Listens for a chirp anywhere: the energy of its correlation with it."""

    def __init__(self):
        super().__init__()
        times = torch.arange(90) / 1000
        chirp = torch.sin(2 * torch.pi * (80 + 2000 * times) * times)
        self.register_buffer("chirp", chirp[None, None])
        self.eval()

    def forward(self, waveform):
        score = nn.functional.conv1d(waveform[:, None], self.chirp, padding=89)
        energy = score.square().mean(dim=(1, 2))
        return torch.stack([torch.zeros_like(energy), energy], dim=1)


def test_the_part_that_holds_an_event_stands_out_from_a_scrambled_clip():
    whistle, clips = Whistle(), CLIPS.clone()
    clips[0, 305:395] += 0.4 * whistle.chirp[0, 0]
    first, second = explain(model_of(whistle), clips=clips, null="scrambled")
    told = first.provenance["significance"]
    assert (told["null"], told["draws"]) == ("scrambled", DRAWS)
    assert [*told["p"]] == [*told["p_over_all_parts"]] == [*first.segment_names]
    over_all = told["p_over_all_parts"]
    assert over_all["0.30-0.40 s"] == 1 / (1 + DRAWS)
    assert told["p"]["0.30-0.40 s"] == pytest.approx(1 / (1 + 8 * DRAWS))
    assert min(p for name, p in over_all.items() if name != "0.30-0.40 s") > 0.5
    assert min(second.provenance["significance"]["p_over_all_parts"].values()) > 0.1


def decisive():
    weights = 0.02 * noise(800, seed=3)
    weights[500:600] = 1.0
    return Linear(weights)


def test_a_part_the_model_learned_to_hear_stands_out_from_shuffled_models():
    model, clips = model_of(decisive()), CLIPS + 0.1
    before = _fingerprint(model)
    for one in explain(model, clips=clips, null="randomised"):
        over_all = one.provenance["significance"]["p_over_all_parts"]
        assert over_all["0.50-0.60 s"] == 1 / (1 + DRAWS)
        assert min(p for name, p in over_all.items() if name != "0.50-0.60 s") > 0.5
        assert one.provenance["significance"]["null"] == "randomised"
    assert _fingerprint(model) == before


def test_a_classifier_is_randomised_with_its_fit():
    classifier = Classifier(decisive(), "small", 1000, LABELS, Tile(800))
    before = classifier.fingerprint
    one = explain(classifier, clips=CLIPS[:1, :700] + 0.1, null="randomised")[0]
    assert one.provenance["significance"]["p_over_all_parts"]["0.50-0.60 s"] == 1 / (1 + DRAWS)
    assert classifier.fingerprint == before


@pytest.mark.parametrize("null", ["scrambled", "randomised"])
@pytest.mark.parametrize("name", ["leave-one-out", "lime", "occlusion"])
def test_the_null_is_the_same_on_any_batch_and_counted(name, null):
    settings = {"evaluations": 40} if name == "lime" else {}
    settings |= {"null": null, "null_draws": 4}
    model = model_of(decisive())
    together = explain(model, name, batch_size=64, **settings)
    again = explain(model, name, batch_size=3, **settings)
    alone = explain(model, name, CLIPS[1:], **settings)[0]
    plain = explain(model, name, **{**settings, "null": ""})[0]
    for one, other in zip(together, again, strict=True):
        assert one.provenance["significance"] == other.provenance["significance"]
    assert together[1].provenance["significance"] == alone.provenance["significance"]
    np.testing.assert_allclose(together[0].relevance, plain.relevance, rtol=1e-3, atol=1e-6)
    once = plain.provenance["evaluations"]
    # Coalitions that are drawn twice are scored once, so LIME's number varies a little.
    assert 3.5 * once < together[0].provenance["evaluations"] < 5.5 * once
    other_seed = explain(model, name, seed=1, **settings)[0].provenance["significance"]
    assert name == "lime" or len({*map(str, (other_seed, together[0].provenance))}) == 2


def test_every_fill_has_its_own_significance():
    one = explain(model_of(decisive()), clips=CLIPS[:1], fill="all", null="scrambled", null_draws=2)
    for child in one[0].children:
        assert child.provenance["significance"]["draws"] == 2


def test_sources_are_scrambled_with_the_clip_they_are_in():
    heard = []

    def listening(waveform):
        heard.extend(waveform.double())
        return torch.stack([waveform[:, 0], waveform.square().sum(dim=1)], dim=1)

    settings = {"segments": "harmonic-percussive", "null": "scrambled", "null_draws": 1}
    explain(Function(listening), clips=CLIPS[:1], **settings)
    count = (len(heard) - 3) // 2
    clip, nothing, *without = heard[: 2 + count]
    nothing_scrambled, scrambled, *without_scrambled = heard[2 + count :]
    assert not torch.equal(scrambled, clip)
    for one, other in zip(
        (clip, nothing, *without),
        (scrambled, nothing_scrambled, *without_scrambled),
        strict=True,
    ):
        # Whatever is taken away, what is left is the same samples in another order.
        torch.testing.assert_close(one.sort().values, other.sort().values, atol=1e-6, rtol=0)


def test_a_model_without_parameters_has_none_to_shuffle():
    model = Function(lambda waveform: waveform[:, :2])
    with pytest.raises(ExplanationError, match="'scrambled'"):
        explain(model, null="randomised")
    assert explain(model, null="scrambled")


def games(null, seed=0):
    model = model_of(SmallDetector())
    clips = torch.arange(800.0) + torch.tensor([[0.0], [1000.0]])
    task = Task(Scoring(model, TARGET), clips, torch.zeros(len(clips)), lambda _: None)
    cut = [parse_segmenter("windows:0.1").cut(clip, 1000) for clip in clips]
    return model, [*null_games(null, task, cut, 3, seed)]


def test_every_draw_shuffles_every_parameter_in_another_way():
    model, drawn = games("randomised")
    other = games("randomised", seed=1)[1][0]
    modules = [scoring.model.module for scoring, _, _ in (*drawn, other)]
    for name, parameter in model.module.named_parameters():
        entries = [module.get_parameter(name).detach() for module in modules]
        for one in entries:
            assert torch.equal(one.flatten().sort().values, parameter.flatten().sort().values)
        if parameter.numel() > 10:
            different = {one.numpy().tobytes() for one in (*entries, parameter.detach())}
            assert len(different) == 5


def test_every_draw_scrambles_every_clip_in_another_way():
    orders = set()
    for seed in (0, 1):
        for _, waveform, _ in games("scrambled", seed)[1]:
            for order in (waveform - torch.tensor([[0.0], [1000.0]])).long():
                assert torch.equal(order.sort().values, torch.arange(800))
                # In pieces of 30 ms, each as it was.
                assert int((order.diff() != 1).sum()) <= 800 // 30
                orders.add(tuple(order.tolist()))
    assert len(orders) == 2 * 3 * 2
