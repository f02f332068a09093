import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients as CaptumPath
from captum.attr import NoiseTunnel
from captum.attr import Saliency as CaptumSaliency

from explainers.contract import SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import default_settings, load_explainer
from explainers.targets import parse_target
from tests.explainers.small_models import Function, Linear, Quadratic, model_of, noise

CLIPS = noise(2, 320)
WEIGHTS = noise(320, seed=1)


def explain(name, module, clips=CLIPS, target="spoof - bonafide", **settings):
    model = model_of(module)
    return load_explainer(name, **settings).explain(
        model, clips, parse_target(target, model.labels)
    )


def scored(module):
    target = parse_target("spoof - bonafide", ("bonafide", "spoof"))
    return lambda waveform: target(module(waveform))


def books_balance(one):
    return one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-5)


def test_saliency_of_a_sum_is_the_size_of_its_weights():
    for one in explain("saliency", Linear(WEIGHTS)):
        np.testing.assert_allclose(one.relevance, WEIGHTS.abs(), rtol=1e-6)
        assert not one.signed and one.coefficient is None


@pytest.mark.parametrize(
    ("name", "settings"),
    [("input-x-gradient", {}), ("integrated-gradients", {"baseline": "zeros"})],
)
def test_a_sum_is_explained_by_its_terms(name, settings):
    found = explain(name, Linear(WEIGHTS, bias=2.0), **settings)
    for one, clip in zip(found, CLIPS, strict=True):
        np.testing.assert_allclose(one.relevance, clip * WEIGHTS, rtol=1e-4, atol=1e-7)
        assert one.total == pytest.approx(one.score - 2.0, abs=1e-4)
        assert books_balance(one)
        np.testing.assert_allclose(one.activation * one.coefficient, one.relevance, rtol=1e-6)


def test_input_x_gradient_counts_an_energy_twice_and_says_so():
    one = explain("input-x-gradient", Quadratic())[0]
    np.testing.assert_allclose(one.relevance, 2 * CLIPS[0] ** 2, rtol=1e-6)
    assert one.ledger["nonlinearity"] == pytest.approx(-one.score, rel=1e-5)


def test_integrated_gradients_of_an_energy_are_its_terms():
    one = explain("integrated-gradients", Quadratic(), baseline="zeros")[0]
    np.testing.assert_allclose(one.relevance, CLIPS[0] ** 2, rtol=1e-4)
    assert abs(one.ledger["convergence gap"]) < 1e-4
    assert one.ledger["baseline"] == 0


def test_integrated_gradients_start_at_the_baseline():
    one = explain("integrated-gradients", Linear(WEIGHTS, 0.5), baseline="white-noise", seed=3)[0]
    start = CLIPS[0] - torch.from_numpy(one.activation)
    assert 0.0005 < start.std() < 0.002
    assert one.ledger["baseline"] == pytest.approx(float(start @ WEIGHTS) + 0.5, abs=1e-5)
    assert books_balance(one)
    other = explain("integrated-gradients", Linear(WEIGHTS), baseline="white-noise", seed=4)[0]
    assert not np.array_equal(one.activation, other.activation)


def test_the_convergence_gap_closes_with_more_steps():
    gaps = [
        abs(
            explain("integrated-gradients", SmallDetector(), 5 * CLIPS, steps=steps)[0].ledger[
                "convergence gap"
            ]
        )
        for steps in (1, 8, 64)
    ]
    assert gaps[0] > gaps[1] > gaps[2]


def test_gradients_and_paths_are_captums():
    module = SmallDetector()
    saliency = CaptumSaliency(scored(module)).attribute(CLIPS.clone().requires_grad_())
    paths = CaptumPath(scored(module)).attribute(CLIPS, n_steps=20)
    for one, expected in zip(explain("saliency", module), saliency, strict=True):
        np.testing.assert_allclose(one.relevance, expected.detach(), rtol=1e-5, atol=1e-8)
    found = explain("integrated-gradients", module, steps=20, baseline="zeros")
    for one, expected in zip(found, paths, strict=True):
        np.testing.assert_allclose(one.relevance, expected.detach(), rtol=1e-4, atol=1e-6)
        assert books_balance(one)


def test_smoothgrad_is_captums_noise_tunnel_with_the_same_noise():
    module, clip = SmallDetector(), CLIPS[:1]
    level = 0.2
    torch.manual_seed(7)
    tunnel = NoiseTunnel(CaptumSaliency(scored(module)))
    expected = tunnel.attribute(
        clip.clone().requires_grad_(),
        nt_samples=12,
        stdevs=level * float(clip.square().mean().sqrt()),
    )
    one = explain("smoothgrad", module, clip, samples=12, noise_level=level, seed=7)[0]
    np.testing.assert_allclose(one.relevance, expected[0].detach(), rtol=1e-4, atol=1e-7)


def test_smoothgrad_knows_its_standard_error():
    module, clip = Quadratic(), CLIPS[:1]
    runs = [
        explain("smoothgrad", module, clip, samples=20, seed=seed, noise_level=0.5)[0]
        for seed in range(60)
    ]
    spread = np.std([run.relevance for run in runs], axis=0, ddof=1)
    claimed = np.mean([run.standard_error for run in runs], axis=0)
    assert np.median(claimed / spread) == pytest.approx(1, abs=0.1)
    assert (explain("smoothgrad", Linear(WEIGHTS))[0].standard_error < 1e-6).all()


def test_smoothgrad_follows_its_seed_and_not_its_batches():
    module = SmallDetector()
    one, same, other = (
        explain("smoothgrad", module, seed=seed, batch_size=size)[0].relevance
        for seed, size in ((1, 16), (1, 5), (2, 16))
    )
    np.testing.assert_allclose(one, same, rtol=1e-4, atol=1e-7)
    assert not np.allclose(one, other, rtol=1e-3)


@pytest.mark.parametrize(
    "name", ["saliency", "input-x-gradient", "integrated-gradients", "smoothgrad"]
)
def test_parameters_gather_no_gradients_even_where_gradients_are_off(name):
    module = SmallDetector()
    with torch.no_grad():
        explain(name, module)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert all(parameter.requires_grad for parameter in module.parameters())


@pytest.mark.parametrize("name", ["saliency", "integrated-gradients", "smoothgrad", "grad-cam"])
def test_a_model_without_gradients_is_told_what_works(name):
    model = Function(lambda waveform: waveform[:, :2])
    with pytest.raises(ExplanationError, match="occlusion, occlusion-time-frequency"):
        load_explainer(name).explain(model, CLIPS, parse_target("spoof", model.labels))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("integrated-gradients", {"steps": 0}),
        ("integrated-gradients", {"batch_size": 0}),
        ("integrated-gradients", {"baseline": "rain"}),
        ("smoothgrad", {"samples": 1}),
        ("smoothgrad", {"noise_level": 0.0}),
        ("smoothgrad", {"noise_level": float("nan")}),
        ("smoothgrad", {"batch_size": 0}),
    ],
)
def test_settings_that_make_no_sense_are_refused(name, settings):
    with pytest.raises(ExplanationError):
        load_explainer(name, **settings)


def test_progress_ends_at_one_and_can_stop_the_work():
    told = []
    model = model_of(Quadratic())
    target = parse_target("spoof", model.labels)
    load_explainer("smoothgrad", batch_size=4).explain(model, CLIPS, target, told.append)
    assert told == sorted(told) and told[-1] == 1 and len(told) == 8

    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_explainer("smoothgrad").explain(model, CLIPS, target, stop)


class LogEnergy(torch.nn.Module):
    """The logarithm of a clip's energy, as every spectral front end takes it."""

    def forward(self, waveform):
        loud = torch.log(waveform.square().mean(dim=1) + 1e-14)
        return torch.stack([loud, -loud], dim=1)


def test_by_default_the_path_converges_behind_a_logarithm_and_from_zero_it_does_not():
    """What the score gains between digital silence and faint noise no point of a path sees."""
    clip = 0.1 * torch.randn(1, 1000, generator=torch.Generator().manual_seed(0))
    share = {}
    for baseline in ("white-noise", "zeros"):
        one = explain("integrated-gradients", LogEnergy().eval(), clip, baseline=baseline)[0]
        change = one.score - one.ledger["baseline"]
        share[baseline] = abs(one.ledger["convergence gap"] / change)
    assert default_settings("integrated-gradients")["baseline"] == "white-noise"
    assert share["white-noise"] < 0.02
    assert share["zeros"] > 0.1
