import numpy as np
import pytest
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import Lime as CaptumLime
from sklearn.linear_model import Ridge, lars_path

from explainers.errors import ExplanationError
from explainers.removal.estimators.exact_shapley import all_coalitions
from explainers.removal.estimators.lime import Lime, lasso_choice, nearness
from explainers.removal.estimators.regression import weighted_ridge
from explainers.removal.game import play_against
from tests.explainers.removal.estimators.games import additive, interacting

EFFECTS = np.array([3.0, -2.0, 0.0, 0.5, 1.0, 0.0])
TANGLED = interacting(6, np.random.default_rng(4))


@pytest.mark.parametrize(("width", "alpha"), [(0.25, 1.0), (0.1, 0.01)])
def test_captum_finds_the_same_on_the_same_masks(width, alpha):
    """Its masks are noted down as it draws them, for a net on 24 samples in 6 parts."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(24, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1), torch.nn.Flatten(0)
    )
    clip, parts = torch.randn(1, 24), torch.arange(24)[None] // 4
    masks = []

    def similarity(original, perturbed, mask, **_):
        masks.append(mask[0].bool().numpy())
        return torch.tensor(nearness(mask.bool().numpy(), width))

    captum = CaptumLime(net, SkLearnRidge(alpha=alpha), similarity_func=similarity)
    theirs = captum.attribute(
        clip, feature_mask=parts, n_samples=300, return_input_shape=False
    ).detach()
    coalitions = np.array(masks)
    with torch.no_grad():
        scores = net(clip * torch.tensor(coalitions)[:, parts[0]]).double().numpy()
    ours = weighted_ridge(coalitions, scores, nearness(coalitions, width), alpha)
    assert len(coalitions) == 300
    np.testing.assert_allclose(ours.coefficients, theirs[0].numpy(), atol=1e-5)


def test_nearness_is_the_kernel_of_the_cosine_distance():
    coalitions = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=bool)
    distances = np.array([0, 0.5, 1 - np.sqrt(0.5), 1])
    np.testing.assert_allclose(nearness(coalitions, 0.4), np.exp(-(distances**2) / 0.32))


def test_the_weights_the_docstring_tells():
    coalitions = np.arange(20) < np.array([[18], [10], [5], [0]])
    np.testing.assert_allclose(nearness(coalitions, 0.25), [0.98, 0.50, 0.14, 0.0003], atol=5e-3)


@pytest.mark.parametrize("width", [0.05, 0.25, 10.0])
def test_the_penalty_means_the_same_at_every_width(width):
    def found(alpha):
        lime = Lime(alpha=alpha, kernel_width=width, evaluations=1000)
        return play_against(lime, additive(EFFECTS), 6, np.random.default_rng(0))

    exact = found(1e-9)
    np.testing.assert_allclose(exact.values, EFFECTS, atol=1e-6)
    assert exact.fit == pytest.approx(1)
    shrunk = found(1.0).values @ EFFECTS / (EFFECTS @ EFFECTS)
    assert shrunk == pytest.approx(1 / 1.004, abs=1e-3)


def test_it_is_scikit_learns_ridge_on_what_it_asked():
    rows = np.concatenate([np.ones((1, 6), bool), np.random.default_rng(1).random((39, 6)) < 0.5])
    found = play_against(
        Lime(alpha=30.0, kernel_width=0.2, evaluations=40), TANGLED, 6, np.random.default_rng(1)
    )
    weights = nearness(rows, 0.2)
    centred = rows - np.average(rows, axis=0, weights=weights)
    weights *= 10 / (weights @ centred**2).mean()
    oracle = Ridge(alpha=30.0).fit(rows, TANGLED(rows), sample_weight=weights)
    np.testing.assert_allclose(found.values, oracle.coef_, atol=1e-9)


@pytest.mark.parametrize("features", [1, 3, 5])
@pytest.mark.parametrize("seed", range(5))
def test_the_lasso_path_chooses_what_limes_own_selection_chooses(features, seed):
    """lime_base.py: rows centred, times root weights; back along the path to few enough."""
    random = np.random.default_rng(seed)
    coalitions = random.random((30, 6)) < 0.5
    scores, weights = TANGLED(coalitions), random.random(30) ** 4
    root = np.sqrt(weights)[:, None]
    rows = (coalitions - np.average(coalitions, axis=0, weights=weights)) * root
    answers = (scores - np.average(scores, weights=weights)) * root[:, 0]
    _, _, path = lars_path(rows, answers, method="lasso")
    step = next(s for s in range(path.shape[1] - 1, 0, -1) if (path[:, s] != 0).sum() <= features)
    np.testing.assert_array_equal(
        lasso_choice(coalitions, scores, weights, features), np.flatnonzero(path[:, step])
    )


def test_k_lasso_explains_with_the_largest_terms_and_says_which():
    found = play_against(
        Lime(features=3, alpha=1e-9), additive(EFFECTS), 6, np.random.default_rng(0)
    )
    assert found.findings == {"chosen": [0, 1, 4]}
    np.testing.assert_array_equal(found.values != 0, EFFECTS**2 >= 1)
    np.testing.assert_array_equal(found.standard_errors > 0, EFFECTS**2 >= 1)
    np.testing.assert_allclose(found.values, EFFECTS * (EFFECTS**2 >= 1), atol=0.1)
    assert 0.9 < found.fit < 1


@pytest.mark.parametrize("design", ["independent", "paired"])
def test_intervals_cover_what_lime_on_all_coalitions_finds(design):
    everything = all_coalitions(6)
    rows = np.full(64, 300 / 64)
    rows[-1] += 1
    weights = rows * nearness(everything, 0.15)
    centred = all_coalitions(6) - np.average(everything, axis=0, weights=weights)
    weights *= 301 / 4 / (weights @ centred**2).mean()
    truth = weighted_ridge(everything, TANGLED(everything), weights, 1.0).coefficients
    lime = Lime(design=design, evaluations=301, kernel_width=0.15)
    inside = []
    for seed in range(200):
        found = play_against(lime, TANGLED, 6, np.random.default_rng(seed))
        inside.append(np.abs(found.values - truth) <= 1.96 * found.standard_errors)
    assert 0.92 < np.mean(inside) < 0.98


def test_settings_that_cannot_be_meant_are_refused_at_once():
    for settings in (
        {"features": -1},
        {"kernel_width": 0.0},
        {"kernel_width": float("nan")},
        {"alpha": -1.0},
        {"design": "runs"},
        {"evaluations": 0},
        {"evaluations": 1},
        {"confidence": 1.0},
    ):
        with pytest.raises(ExplanationError):
            Lime(**settings)
