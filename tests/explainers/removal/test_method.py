import json
import tempfile
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError, NotFiniteScore
from explainers.explainer import default_settings, load_explainer
from explainers.explanation import load_explanation
from explainers.removal.game import Estimates, Estimator
from explainers.removal.method import MOST_PARTS
from explainers.removal.methods import SegmentMethod
from explainers.removal.parts import Filling
from explainers.segmentation import parse_segmenter
from explainers.targets import parse_target
from perturbations.corruption import Key
from tests.explainers.small_models import RATE, Function, Quadratic, model_of, noise

CLIPS = noise(3, 500)
LABELS = ("bonafide", "spoof")
TARGET = parse_target("spoof - bonafide", LABELS)


def explain(model, name="leave-one-out", clips=CLIPS, progress=None, **settings):
    cut = {"segments": "windows:0.1"} if "segments" in default_settings(name) else {}
    settings = {**cut, "fill": "zeros", "joint": 0.0, **settings}
    return load_explainer(name, **settings).explain(model, clips, TARGET, progress)


class Recording:
    """The energy of the clip; keeps what it was asked, rounded to coalitions of 100 samples."""

    module, layers, sample_rate, labels = None, (), RATE, LABELS
    default_target = "spoof - bonafide"

    def __init__(self):
        self.asked = []

    def __call__(self, waveform):
        self.asked += [tuple(row) for row in (waveform[:, ::100] != 0).tolist()]
        energy = waveform.square() @ torch.linspace(0.5, 2.0, waveform.shape[1])
        return torch.stack([-energy, energy], dim=1)

    def frame_evidence(self, waveform):
        return None


SAMPLED = {
    "lime": {"evaluations": 60},
    "regression": {"evaluations": 60},
    "kernelshap": {"evaluations": 120},
    "shapley": {"evaluations": 120},
    "forest": {"evaluations": 60},
    "forest-impurity": {"evaluations": 60},
    "forest-permutation": {"evaluations": 60},
    "rise": {"evaluations": 60, "segments": "windows:0.1", "cell": 1},
    "sobol": {"evaluations": 200},
}


@pytest.mark.parametrize("name", SAMPLED)
def test_the_seed_decides_and_the_batch_nothing(name):
    settings = {"segments": "windows:0.05", "fill": "matched-noise", **SAMPLED[name]}
    model = ModuleModel(SmallDetector(), RATE)
    together = explain(model, name, batch_size=64, **settings)
    scale = max(np.abs(one.relevance).max() for one in together)
    for size in (0, 1, 7):
        others = explain(model, name, batch_size=size, **settings)
        for one, other in zip(together, others, strict=True):
            np.testing.assert_allclose(one.relevance, other.relevance, atol=2e-3 * scale)
            assert one.provenance["evaluations"] == other.provenance["evaluations"]
    alone = explain(model, name, CLIPS[2:], batch_size=7, **settings)[0]
    np.testing.assert_allclose(alone.relevance, together[2].relevance, atol=2e-3 * scale)


@pytest.mark.parametrize("name", [name for name in SAMPLED if name != "sobol"])
def test_other_seeds_ask_about_other_coalitions(name):
    clip = noise(1, 2000) + 1.0
    asked = []
    for seed, size in ((0, 3), (0, 64), (1, 64)):
        model = Recording()
        explain(model, name, clip, **SAMPLED[name], seed=seed, batch_size=size)
        asked.append(model.asked)
    assert asked[0] == asked[1] != asked[2]
    assert len(asked[0]) <= SAMPLED[name]["evaluations"] + 2


@pytest.mark.parametrize("name", ["kernelshap", "shapley", "leave-one-out", "lime"])
def test_the_books_balance(name):
    evaluations = {} if name == "leave-one-out" else {"evaluations": 100}
    model = ModuleModel(SmallDetector(), RATE)
    for one in explain(model, name, segments="windows:0.03", **evaluations):
        assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-9)
        silent = TARGET(model(torch.zeros(1, 500)))
        assert one.ledger["everything replaced"] == pytest.approx(float(silent.detach()), abs=1e-5)
        if name in ("kernelshap", "shapley"):
            assert abs(one.ledger["interaction"]) < 1e-6


def test_unsigned_methods_keep_no_books():
    one = explain(model_of(Quadratic()), "sobol", evaluations=64)[0]
    assert one.ledger == {} and not one.signed


def test_parts_that_tile_are_segments_with_names_and_errors():
    one = explain(model_of(Quadratic()), "lime", evaluations=60, confidence=0.0)[0]
    assert one.domain == "segments"
    assert one.segment_names[:2] == ("0.00-0.10 s", "0.10-0.20 s")
    np.testing.assert_allclose(one.segments[1], [0.1, 0.2, 0, RATE / 2])
    assert one.standard_error.shape == (5,) and (one.standard_error > 0).all()
    assert 0.9 < one.provenance["fit"] <= 1.0
    assert "settled" not in one.provenance and "significance" not in one.provenance


def test_parts_that_overlap_are_laid_on_the_samples(tmp_path):
    model = model_of(Quadratic())
    one = explain(model, clips=CLIPS[:1, :400], segments="windows:0.2:0.1")[0]
    energy = CLIPS[0, :400].double().square().split(100)
    falls = [float(energy[i].sum() + energy[i + 1].sum()) for i in range(3)]
    expected = np.repeat([falls[0], falls[0] + falls[1], falls[1] + falls[2], falls[2]], 100) / 200
    assert one.domain == "waveform" and one.standard_error is None
    np.testing.assert_allclose(one.relevance, expected, rtol=1e-4)
    names = ["0.00-0.20 s", "0.10-0.30 s", "0.20-0.40 s"]
    assert [*one.provenance["parts"]] == names
    for name, fall in zip(names, falls, strict=True):
        told = one.provenance["parts"][name]
        assert told == {"relevance": pytest.approx(fall, rel=1e-4), "standard_error": 0.0}
    assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-9)
    one.save(tmp_path / "one.npz")
    assert load_explanation(tmp_path / "one.npz").equals(one)


def test_errors_of_parts_that_overlap_are_in_the_provenance():
    settings = {"segments": "windows:0.2:0.1", "evaluations": 60, "confidence": 0.0}
    one = explain(ModuleModel(SmallDetector(), RATE), "lime", **settings)[0]
    assert one.domain == "waveform"
    assert all(part["standard_error"] > 0 for part in one.provenance["parts"].values())


def test_joints_are_made_as_long_as_asked():
    heard = []

    def listening(waveform):
        heard.extend(waveform)
        return torch.stack([waveform[:, 0], waveform.square().sum(dim=1)], dim=1)

    explain(Function(listening), clips=CLIPS[:1], joint=0.012)
    parts = parse_segmenter("windows:0.1").cut(CLIPS[0], RATE)
    remove = parts.remover(CLIPS[0], Filling("zeros", Key(""), 0.012))
    for expected in remove(~torch.eye(5).bool()):
        assert any(torch.equal(one, expected) for one in heard)


class Balance(Estimator):
    """Half of the parts are worth less than nothing."""

    def play(self, players, random):
        yield np.ones((1, players), dtype=bool)
        return Estimates(np.linspace(-1.0, 1.0, players), np.ones(players))


@dataclass(frozen=True)
class Against(SegmentMethod):
    name: ClassVar[str] = "against"
    signed: ClassVar[bool] = True
    needs_gradients: ClassVar[bool] = False
    summary: ClassVar[str] = "Made up."

    def estimator(self):
        return Balance()


class Strength(Against):
    signed = False


def test_a_strength_is_never_below_zero():
    model = model_of(Quadratic())
    signed, strength = (
        kind(segments="windows:0.1").explain(model, CLIPS, TARGET)[0]
        for kind in (Against, Strength)
    )
    np.testing.assert_allclose(signed.relevance, np.linspace(-1.0, 1.0, 5))
    np.testing.assert_allclose(strength.relevance, np.linspace(-1.0, 1.0, 5).clip(min=0))
    np.testing.assert_allclose(strength.standard_error, 1.0)


def test_more_parts_than_anything_can_be_said_of_are_refused():
    clip = noise(1, MOST_PARTS + 1)
    with pytest.raises(ExplanationError, match=f"{MOST_PARTS + 1} parts; give longer"):
        explain(model_of(Quadratic()), clips=clip, segments="windows:0.001")


def test_evaluations_are_counted_and_capped():
    one = explain(model_of(Quadratic()), segments="windows:0.1")[0]
    assert one.provenance["evaluations"] == 7  # the clip, nothing, and five parts
    lime = explain(model_of(Quadratic()), "lime", evaluations=30, segments="windows:0.02")[0]
    assert lime.provenance["evaluations"] <= 32
    with pytest.raises(ExplanationError, match=r"3 are allowed.*fewer and longer segments"):
        explain(model_of(Quadratic()), segments="windows:0.05", evaluations=3)
    assert explain(model_of(Quadratic()), segments="windows:0.1", evaluations=5)


def test_stopping_is_told():
    settings = {"evaluations": 3000, "confidence": 0.95}
    clip = (torch.linspace(0.1, 2.0, 20).repeat_interleave(25) * noise(500))[None]
    one = explain(model_of(Quadratic()), "regression", clip, segments="windows:0.05", **settings)[0]
    assert one.provenance["settled"] is True
    assert one.provenance["evaluations"] < 3000


@pytest.mark.parametrize("name", ["lime", "regression", "kernelshap", "shapley", "rise", "sobol"])
def test_confidence_reaches_the_estimator(name):
    settings = {"evaluations": 64, "segments": "windows:0.05", "confidence": 0.999}
    one = explain(model_of(Quadratic()), name, **settings)[0]
    assert one.provenance["settled"] in (True, False)


@pytest.mark.parametrize("name", ["forest", "forest-impurity", "forest-permutation"])
def test_confidence_reaches_the_forest(name):
    settings = {"evaluations": 64, "segments": "windows:0.1", "confidence": 0.999}
    one = explain(model_of(Quadratic()), name, **settings)[0]
    assert one.provenance["settled"] in (True, False)


@pytest.mark.parametrize("settings", [{}, {"null": "scrambled", "null_draws": 3}, {"fill": "all"}])
def test_progress_rises_to_one(settings):
    told = []
    explain(model_of(Quadratic()), progress=told.append, batch_size=2, **settings)
    assert told == sorted(told) and told[-1] == 1.0 and len(set(told)) > 6


@pytest.mark.parametrize("settings", [{}, {"null": "scrambled", "null_draws": 3}, {"fill": "all"}])
def test_the_work_can_be_cancelled(settings):
    def cancel(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(model_of(Quadratic()), progress=cancel, batch_size=1, **settings)


def fragile(waveform):
    """The energy, NaN where the second tenth of a second is silent and the first is not."""
    energy = waveform.square().sum(dim=1)
    broken = (waveform[:, 100:200] == 0).all(dim=1) & (waveform[:, :100] != 0).any(dim=1)
    energy = torch.where(broken, torch.nan, energy)
    return torch.stack([-energy, energy], dim=1)


@pytest.mark.parametrize("clips", [CLIPS, CLIPS[:1]])
def test_an_answer_that_is_not_finite_names_the_part_and_keeps_the_clip(
    clips, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where it is kept
    with pytest.raises(NotFiniteScore, match=r"where 0\.10-0\.20 s is taken away") as refused:
        explain(Function(fragile), clips=clips)
    path = str(refused.value).split("kept in ")[1].split(".npz")[0] + ".npz"
    with np.load(path, allow_pickle=False) as kept:
        waveform = torch.from_numpy(kept["waveform"])
        assert kept["coalition"].tolist() == [True, False, True, True, True]
        assert kept["parts"][1] == "0.10-0.20 s"
    assert torch.equal(waveform[200:], CLIPS[0, 200:]) and not waveform[100:200].any()
    assert fragile(waveform[None]).isnan().all()


def test_mixed_precision_is_asked_for_by_name():
    model = ModuleModel(SmallDetector(), RATE)
    precise, rounded = (
        explain(model, precision=precision)[0].relevance for precision in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(rounded, precise, atol=0.05 * np.abs(precise).max() + 0.01)
    assert not np.array_equal(rounded, precise)


@pytest.mark.parametrize("samples", [1, 2, 50])
@pytest.mark.parametrize("name", ["leave-one-out", "lime", "kernelshap", "shapley"])
def test_a_clip_that_is_one_part(name, samples):
    settings = {} if name == "leave-one-out" else {"evaluations": 32}
    settings |= {"alpha": 0.0} if name == "lime" else {}
    one = explain(model_of(Quadratic()), name, CLIPS[:1, :samples], **settings)[0]
    assert one.relevance.shape == (1,)
    assert one.relevance[0] == pytest.approx(one.score, rel=1e-5)


def test_every_setting_is_in_the_provenance_as_json_can_hold_it():
    one = explain(model_of(Quadratic()), "lime", evaluations=40, null="scrambled", null_draws=2)[0]
    settings = json.loads(json.dumps(one.provenance))["settings"]
    assert settings["fill"] == "zeros" and settings["segments"] == "windows:0.1"
    assert settings["null"] == "scrambled" and settings["design"] == "independent"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fill": "rain"}, "matched-noise.*and 'all'"),
        ({"evaluations": 0}, "at least one"),
        ({"joint": -0.1}, "0 or more"),
        ({"joint": float("nan")}, "0 or more"),
        ({"joint": float("inf")}, "0 or more"),
        ({"batch_size": -1}, "batch_size"),
        ({"precision": "double"}, "float32, bfloat16, float16"),
        ({"null": "shuffled"}, "scrambled, randomised"),
        ({"null": "scrambled", "null_draws": 0}, "at least one draw"),
        ({"segments": "syllables"}, "windows"),
        ({"segments": "windows:-1"}, "the hop must be"),
        ({"design": "thirds"}, "design"),
        ({"alpha": -1.0}, "alpha"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_any_work(settings, words):
    with pytest.raises(ExplanationError, match=words):
        load_explainer("lime", **settings)
