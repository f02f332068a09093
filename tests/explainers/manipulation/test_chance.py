import itertools
import json

import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explainer import Scoring
from explainers.manipulation import (
    RANKINGS,
    SUPPORT,
    Bands,
    Keep,
    Move,
    Noise,
    Remove,
    Samples,
    Scale,
    Stretches,
    compare_with_chance,
)
from explainers.targets import parse_target
from tests.explainers.manipulation.explained import explanation, of_band
from tests.explainers.small_models import RATE, Function, Linear, model_of, noise

SPOOF = parse_target("spoof", Function.labels)
CLIP = noise(1000)


def scoring_of(score, rate=RATE):
    """A function of waveforms as the logit of spoof."""

    def logits(waveform):
        spoof = score(waveform)
        return torch.stack([0 * spoof, spoof], dim=1)

    model = Function(logits)
    model.sample_rate = rate
    return Scoring(model, SPOOF)


def energy_of_300_to_400(waveform):
    return waveform[:, 300:400].square().sum(dim=1)


HEARD = explanation((CLIP.square() * ((torch.arange(1000) // 100) == 3)).numpy(), RATE)


@pytest.mark.parametrize("units", [Samples(), Stretches(0.02, 0.0)], ids=["samples", "stretches"])
@pytest.mark.parametrize("action", [Remove(), Keep()], ids=["remove", "keep"])
def test_a_model_that_hears_one_stretch_is_found_out(units, action):
    scoring = scoring_of(energy_of_300_to_400)
    found = compare_with_chance(scoring, CLIP, HEARD, action, units, [0.1], draws=49)
    before = float(energy_of_300_to_400(CLIP[None])[0])
    assert found.before == pytest.approx(before)
    lost = found.guided if isinstance(action, Remove) else before - found.guided
    assert lost == pytest.approx([0], abs=1e-5)
    assert found.p_values == pytest.approx([1 / 50])
    expected = 0.9 if isinstance(action, Remove) else 0.1
    assert found.chance_mean / before == pytest.approx([expected], abs=0.05)
    assert scoring.evaluations == found.evaluations == 1 + 51


def test_a_model_that_hears_one_band_is_found_out():
    clip, rate = noise(8000, seed=2), 16000

    def energy(waveform):
        bins = torch.fft.rfft(waveform)[:, 1000:1250]  # 2000 to 2500 Hz
        return bins.abs().square().sum(dim=1) / 1000

    bands = Bands.of_equal_width(16, rate)
    explained = of_band(clip, 2000, 2500, rate)
    for action in (Remove(), Move(2500.0)):
        found = compare_with_chance(
            scoring_of(energy, rate), clip, explained, action, bands, [1 / 16], draws=29
        )
        assert found.guided[0] < 0.15 * found.before
        assert found.chance_interval[1, 0] > 0.9 * found.before
        # one draw of 16 or so takes the same band, and does as much
        assert found.p_values[0] < 0.2


def test_a_choice_that_chance_makes_as_well_is_no_surprise():
    """Of two bands, every second draw takes the same: it does as much but for rounding."""
    relevance = np.array([[1.0], [0.0]])
    axes = {"time_edges": np.array([0.0, 1.0]), "frequency_edges": np.array([0.0, 250.0, 500.0])}
    explained = explanation(relevance, RATE, 1.0, domain="stft", **axes)

    def low(waveform):
        return torch.fft.rfft(waveform)[:, :200].abs().square().sum(dim=1)

    found = compare_with_chance(
        scoring_of(low), CLIP, explained, Remove(), Bands((250.0,)), [0.5], draws=99, batch_size=7
    )
    same = np.isclose(found.chance[:, 0], found.guided[0], rtol=1e-3)
    assert 30 < same.sum() < 70
    assert found.p_values[0] == pytest.approx((1 + same.sum()) / 100)


def test_choices_of_chance_are_of_the_same_size_and_grow():
    seen = []

    def remember(waveform):
        seen.append(waveform.clone())
        return waveform.sum(dim=1)

    shares = [0.05, 0.3]
    found = compare_with_chance(
        scoring_of(remember), CLIP, HEARD, Remove(), Samples(), shares, draws=5, batch_size=3
    )
    assert found.counts.tolist() == [50, 300]
    gone = (torch.cat(seen[1:]) == 0).numpy()
    assert np.array_equal(gone.sum(axis=1), [50, 300] * 7)
    assert (gone[0::2] <= gone[1::2]).all()  # the smaller choice lies in the larger
    assert len({row.tobytes() for row in gone}) == 14
    loudest = np.argsort(-CLIP.abs().numpy())[:50]
    assert set(np.flatnonzero(gone[2])) == set(loudest)


@pytest.mark.parametrize("action", [Noise(), Keep()], ids=["noise", "keep"])
def test_the_batch_size_changes_nothing_and_the_seed_does(action):
    def found(batch_size, seed=0):
        return compare_with_chance(
            scoring_of(lambda waveform: waveform.abs().sum(dim=1)),
            CLIP,
            HEARD,
            action,
            Stretches(0.05),
            [0.1, 0.4],
            SUPPORT,
            draws=9,
            seed=seed,
            batch_size=batch_size,
        )

    one, many, other = found(1), found(64), found(64, seed=1)
    for name in ("guided", "loudest", "chance", "p_values"):
        assert np.allclose(getattr(one, name), getattr(many, name), rtol=1e-6)
    assert not np.allclose(one.chance, other.chance)


def test_p_values_count_who_does_as_much():
    """A model that adds up samples, and relevance that knows it only dimly."""
    random = np.random.default_rng(3)
    weights = random.normal(size=1000)
    model = model_of(Linear(torch.from_numpy(weights).float()))
    scoring = Scoring(model, parse_target("spoof", model.labels))
    dim = explanation(0.03 * weights + random.normal(size=1000), RATE)
    p_values = {}
    for action, ranking in itertools.product((Remove(), Keep(), Scale(-6.0)), RANKINGS.values()):
        found = compare_with_chance(
            scoring, torch.ones(1000), dim, action, Samples(), [0.3], ranking, draws=40
        )
        fell = found.before - np.append(found.guided, found.chance)
        moved = np.abs(fell)
        did = fell if ranking is SUPPORT and not isinstance(action, Scale) else moved
        did = -did if isinstance(action, Keep) else did
        expected = (1 + (did[1:] >= did[0]).sum()) / 41
        assert found.p_values == pytest.approx([expected])
        assert found.effect == pytest.approx(did[:1])
        p_values[action.name, ranking.name] = expected
    assert len(set(p_values.values())) > 3, p_values


def test_a_map_that_says_nothing_is_chance():
    """p at or below 0.2 comes in a fifth of 300 clips, within three standard errors."""
    scoring = scoring_of(lambda waveform: waveform[:, ::50].sum(dim=1))
    flat = explanation(np.ones(1000), RATE)
    values = [
        compare_with_chance(
            scoring, noise(1000, seed=seed), flat, Remove(), Stretches(0.05, 0.0), [0.3], draws=9
        ).p_values[0]
        for seed in range(300)
    ]
    assert np.mean(np.array(values) <= 0.2) == pytest.approx(0.2, abs=3 * np.sqrt(0.16 / 300))


def test_the_plain_form_is_json_and_progress_is_told():
    told = []
    found = compare_with_chance(
        scoring_of(energy_of_300_to_400),
        CLIP,
        HEARD,
        Remove(),
        Stretches(0.1),
        [0.1, 0.5],
        draws=3,
        batch_size=4,
        progress=told.append,
    )
    assert told == pytest.approx([0.4, 0.8, 1.0])
    plain = json.loads(json.dumps(found.as_dict()))
    assert plain["action"] == {"name": "remove"}
    assert plain["units"] == {"name": "stretches", "seconds": 0.1, "joint": 0.005}
    assert [point["count"] for point in plain["points"]] == [1, 5]
    assert plain["points"][1]["score"] == found.guided[1]
    for wrong in ({"draws": 0}, {"batch_size": 0}, {"shares": []}):
        with pytest.raises(ExplanationError, match="one or more of each"):
            compare_with_chance(
                scoring_of(energy_of_300_to_400),
                CLIP,
                HEARD,
                Remove(),
                Samples(),
                **{"shares": [0.1], **wrong},
            )
