"""Every method, through the whole call, on models whose answer can be written down."""

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, Occlusion, ShapleyValues

from explainers.contract import SmallDetector
from explainers.explainer import explainers, load_explainer
from explainers.explanation import load_explanation
from explainers.segmentation import parse_segmenter
from explainers.targets import parse_target
from tests.explainers.small_models import RATE, Function, model_of, noise

LABELS = ("bonafide", "spoof")
TARGET = parse_target("spoof - bonafide", LABELS)
PARTS, SIZE = 8, 50
CLIP = noise(1, PARTS * SIZE)
TERMS = np.array([0.0, 3.0, -2.0, 0.5, 0.0, 1.0, -1.0, 0.2])
OFFSET = 1.5
WINDOWS = f"windows:{SIZE / RATE}"


def energies(waveform):
    """Of each window, 1 in the whole clip."""
    square = waveform.unfold(1, SIZE, SIZE).square().sum(dim=2)
    return square / CLIP.unfold(1, SIZE, SIZE).square().sum(dim=2)


def additive(waveform):
    score = energies(waveform) @ torch.tensor(TERMS, dtype=torch.float32) + OFFSET
    return torch.stack([torch.zeros_like(score), score], dim=1)


def pair(waveform):
    """Windows 2 and 5 are worth something only together."""
    share = energies(waveform)
    score = 4.0 * share[:, 2] * share[:, 5] + OFFSET
    return torch.stack([torch.zeros_like(score), score], dim=1)


def explain(function, name, clip=CLIP, **settings):
    settings = {"fill": "zeros", "joint": 0.0, "segments": WINDOWS, **settings}
    method = load_explainer(name, **settings)
    return method.explain(Function(function), clip, TARGET)[0]


def near(found, expected, errors=4.0, atol=1e-4):
    assert (np.abs(found.relevance - expected) <= errors * found.standard_error + atol).all()


EXACT = {
    "leave-one-out": {},
    "shapley": {},
    "shapley, sampled": {"evaluations": 200},
    "kernelshap": {},
    "kernelshap, sampled": {"evaluations": 120},
    "regression": {"evaluations": 200},
    "regression, paired": {"evaluations": 200, "design": "paired"},
    "lime": {"evaluations": 200, "alpha": 0.0},
    "lime, wide": {"evaluations": 200, "alpha": 0.0, "kernel_width": 10.0},
}


@pytest.mark.parametrize("name", EXACT)
def test_an_additive_score_gives_its_terms(name):
    found = explain(additive, name.split(",")[0], **EXACT[name])
    np.testing.assert_allclose(found.relevance, TERMS, atol=1e-4)
    assert found.ledger["everything replaced"] == pytest.approx(OFFSET, abs=1e-5)
    assert found.ledger["interaction"] == pytest.approx(0.0, abs=1e-4)
    assert found.score == pytest.approx(TERMS.sum() + OFFSET, abs=1e-4)


def test_ridge_draws_the_terms_to_zero_by_no_more_than_it_says():
    found = explain(additive, "lime", evaluations=400)
    assert (np.abs(found.relevance) <= np.abs(TERMS) + 0.15).all()
    assert np.corrcoef(found.relevance, TERMS)[0, 1] > 0.99


def test_few_features_are_the_heaviest():
    found = explain(additive, "lime", evaluations=200, features=2, alpha=0.0)
    assert {*np.flatnonzero(found.relevance)} == {1, 2}


def test_rise_whose_masks_are_coalitions_gives_the_terms_within_chance():
    near(explain(additive, "rise", cell=1, evaluations=2000), TERMS)


def test_the_forest_finds_the_terms_with_their_sign():
    found = explain(additive, "forest", evaluations=400)
    heavy = np.abs(TERMS) >= 1
    np.testing.assert_array_equal(np.sign(found.relevance[heavy]), np.sign(TERMS[heavy]))
    assert np.corrcoef(found.relevance, TERMS)[0, 1] > 0.95


@pytest.mark.parametrize("name", ["forest-impurity", "forest-permutation"])
def test_the_unsigned_forests_rank_by_magnitude(name):
    found = explain(additive, name, evaluations=400)
    assert (found.relevance >= 0).all()
    assert [*np.argsort(-found.relevance)[:2]] == [1, 2]
    assert found.relevance[[0, 4]].max() < 0.05 * found.relevance.max()


def test_sobol_gives_each_term_its_share_of_the_variance():
    # Fading a window by s leaves s squared of its energy, alike for all windows.
    near(explain(additive, "sobol", evaluations=4000), TERMS**2 / (TERMS**2).sum(), atol=0.01)


PAIRED = np.eye(PARTS)[2] + np.eye(PARTS)[5]


@pytest.mark.parametrize(
    ("name", "settings", "each"),
    [
        ("leave-one-out", {}, 4.0),  # the score falls by all of it without either
        ("shapley", {}, 2.0),
        ("kernelshap", {}, 2.0),
        ("shapley", {"evaluations": 240}, 2.0),
        ("kernelshap", {"evaluations": 240}, 2.0),
        ("regression", {"evaluations": 2000}, 2.0),  # there in half of the coalitions
        ("lime", {"evaluations": 2000, "alpha": 0.0, "kernel_width": 100.0}, 2.0),
        ("rise", {"evaluations": 3000, "cell": 1}, 2.0),
        # E[v^4] Var(u^2) / Var(u^2 v^2) with u and v uniform on 0 to 1.
        ("sobol", {"evaluations": 4000}, (1 / 5 * 4 / 45) / (1 / 25 - 1 / 81)),
    ],
)
def test_a_pair_gives_each_its_due(name, settings, each):
    near(explain(pair, name, **settings), each * PAIRED, atol=2e-3)


def test_two_sided_occlusion_halves_between_missing_and_alone():
    settings = {"window": 2 * SIZE / RATE, "hop": SIZE / RATE, "fill": "zeros", "joint": 0.0}
    method = load_explainer("two-sided-occlusion", **settings)
    found, both = (method.explain(Function(score), CLIP, TARGET)[0] for score in (additive, pair))
    inside = TERMS[:-1] + TERMS[1:]  # of the windows of two hops
    covering = [inside[:1], *([inside[i - 1], inside[i]] for i in range(1, 7)), inside[-1:]]
    expected = [np.mean(one) / (2 * SIZE) for one in covering]
    np.testing.assert_allclose(found.relevance, np.repeat(expected, SIZE), atol=1e-5)
    assert found.total + sum(found.ledger.values()) == pytest.approx(found.score, abs=1e-6)
    # No window holds both of the pair: missing, all is lost; alone, nothing is there.
    worth = 4.0 / 2 * np.array([0, 1, 1, 0, 1, 1, 0])
    covering = [worth[:1], *([worth[i - 1], worth[i]] for i in range(1, 7)), worth[-1:]]
    expected = [np.mean(one) / (2 * SIZE) for one in covering]
    np.testing.assert_allclose(both.relevance, np.repeat(expected, SIZE), atol=1e-5)
    assert len(both.provenance["alone"]) == len(both.provenance["without"]) == 7


def test_what_two_do_together_is_in_the_books():
    found = explain(pair, "leave-one-out")
    assert found.ledger["interaction"] == pytest.approx(-4.0, abs=1e-4)
    assert explain(pair, "shapley").ledger["interaction"] == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("name", ["forest", "forest-impurity", "forest-permutation"])
def test_forests_find_a_pair(name):
    found = explain(pair, name, evaluations=500)
    assert {*np.argsort(-found.relevance)[:2]} == {2, 5}
    rest = np.delete(np.abs(found.relevance), [2, 5])
    assert rest.max() < 0.25 * found.relevance[[2, 5]].min()


EVERY = {
    **{name: settings for name, settings in EXACT.items() if "," not in name},
    "forest": {"evaluations": 40},
    "forest-impurity": {"evaluations": 40},
    "forest-permutation": {"evaluations": 40},
    "rise": {"evaluations": 40},
    "sobol": {"evaluations": 64},
}


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("segments", [WINDOWS, "windows:0.1:0.05"])
def test_a_constant_score_is_nobodys_doing_and_can_be_saved(name, segments, tmp_path):
    def constant(waveform):
        return torch.tensor([[0.0, OFFSET]]).expand(len(waveform), 2)

    found = explain(constant, name, segments=segments, **EVERY[name])
    np.testing.assert_allclose(found.relevance, 0, atol=1e-9)
    found.save(tmp_path / "found.npz")
    assert load_explanation(tmp_path / "found.npz").equals(found)


# Against captum ----------------------------------------------------------------------------------

LONG = noise(2, 470)
MODULE = SmallDetector()


def detector(waveform):
    return TARGET(MODULE(waveform))


def test_leave_one_out_is_captums_feature_ablation_on_any_cut(tmp_path):
    words = (20, 95, 96, 240, 330, 470)
    stretches = [*zip((0, *words[:-1]), words, strict=True)]
    masks = torch.zeros(1, 470, dtype=torch.long)
    for number, (start, stop) in enumerate(stretches):
        masks[0, start:stop] = number
    theirs = FeatureAblation(detector).attribute(LONG, feature_mask=masks).detach().numpy()
    np.save(path := tmp_path / "masks.npy", masks.numpy() == np.arange(len(stretches))[:, None])
    method = load_explainer("leave-one-out", segments=f"masks:{path}", fill="zeros", joint=0.0)
    for one, ablated in zip(method.explain(model_of(MODULE), LONG, TARGET), theirs, strict=True):
        np.testing.assert_allclose(one.relevance, ablated[[a for a, _ in stretches]], atol=1e-5)


@pytest.mark.parametrize(("size", "hop"), [(100, 100), (90, 20), (70, 25), (30, 7)])
def test_occlusion_is_captums_sliding_window(size, hop):
    """Captum gives a sample the mean fall of its windows; here it is the mean fall per sample."""
    theirs = Occlusion(detector).attribute(
        LONG, sliding_window_shapes=(size,), strides=(hop,), baselines=0
    )
    method = load_explainer(
        "occlusion", window=size / RATE, hop=hop / RATE, fill="zeros", joint=0.0
    )
    # Captum's last window is cut at the end, as ours is; it spreads nothing over its samples.
    last = (470 - size + hop - 1) // hop * hop
    whole = last if last + size > 470 else 470
    for one, other in zip(
        method.explain(model_of(MODULE), LONG, TARGET), theirs.detach(), strict=True
    ):
        np.testing.assert_allclose(one.relevance[:whole] * size, other[:whole], atol=1e-5)


def test_shapley_is_captums():
    masks = (torch.arange(470) // 94)[None]
    theirs = ShapleyValues(detector).attribute(LONG, feature_mask=masks, perturbations_per_eval=8)
    for name in ("shapley", "kernelshap"):
        method = load_explainer(name, segments="windows:0.094", fill="zeros", joint=0.0)
        for one, other in zip(
            method.explain(model_of(MODULE), LONG, TARGET), theirs.detach(), strict=True
        ):
            np.testing.assert_allclose(one.relevance, other[::94], atol=1e-5)


# Names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("occlusion", {"window": 0.1, "hop": 0.05}),
        ("occlusion", {"window": 0.01, "hop": 0.005}),
        ("occlusion-time-frequency", {"window": 0.2, "bands": 8}),
        ("occlusion-time-frequency", {"window": 0.03, "bands": 4}),
        ("replay", {"window": 1.0}),
        ("two-sided-occlusion", {"window": 0.02, "hop": 0.005}),
    ],
)
@pytest.mark.parametrize("seconds", [3, 130])
def test_parts_of_long_clips_have_names_of_their_own(name, settings, seconds):
    parts = load_explainer(name, **settings).cut(torch.zeros(seconds * 1000), 1000)
    assert len(set(parts.names)) == len(parts)


def test_all_methods_that_remove_are_here_or_in_files_of_their_own():
    removing = {name for name in explainers.names() if hasattr(explainers.get(name), "cut")}
    assert removing == {
        *(name.split(",")[0] for name in EXACT),
        *("forest", "forest-impurity", "forest-permutation", "rise", "sobol"),
        *("occlusion", "occlusion-time-frequency", "two-sided-occlusion", "replay", "words"),
    }


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("lime", {"features": 3, "kernel_width": 0.5, "alpha": 0.1, "design": "paired"}),
        ("regression", {"design": "pooled"}),
        ("kernelshap", {"sampling": "kernel"}),
        ("shapley", {}),
        ("forest", {"design": "independent"}),
        ("forest-impurity", {"design": "independent"}),
        ("rise", {"cell": 5}),
        ("sobol", {}),
    ],
)
def test_settings_reach_the_estimator(name, settings):
    settings = {**settings, "evaluations": 777, "confidence": 0.7}
    estimator = load_explainer(name, **settings).estimator()
    assert {key: getattr(estimator, key) for key in settings} == settings


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("leave-one-out", {}),
        ("occlusion", {"window": 0.05, "hop": 0.02}),
        ("occlusion-time-frequency", {"window": 0.1, "bands": 3}),
        ("two-sided-occlusion", {"window": 0.1, "hop": 0.02}),
    ],
)
def test_what_will_be_asked_is_known_for_the_progress(name, settings):
    told = []
    method = load_explainer(name, batch_size=1, **settings)
    method.explain(Function(additive), CLIP, TARGET, told.append)
    steps = np.diff(told[:-1])
    assert told[-1] == 1 and told[-2] > 0.7
    np.testing.assert_allclose(steps[:-3], steps[0])


def test_every_way_to_cut_goes_with_a_method():
    for segments in ("windows:0.1:0.04", "bands:linear:4", "patches:0.1:2:linear", "onsets"):
        expected = len(parse_segmenter(segments).cut(CLIP[0], RATE))
        found = explain(additive, "leave-one-out", segments=segments)
        told = found.segment_names or found.provenance["parts"]
        assert len(told) == expected
        assert found.total + sum(found.ledger.values()) == pytest.approx(found.score, abs=1e-6)
