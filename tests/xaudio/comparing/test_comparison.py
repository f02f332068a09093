"""Looks of the tests' detector, whose evidence is a tone from 0.5 to 1 s at 5 kHz."""

import io

import librosa
import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from explainers.inspection import to_time_frequency
from tests.xaudio.clips import RATE, hybrid
from tests.xaudio.tiny import HighBandDetector, ThreeKinds
from xaudio.audio import clip_from_samples
from xaudio.classifiers import Classifier
from xaudio.comparing import (
    OVER_FREQUENCY,
    OVER_TILES,
    OVER_TIME,
    Look,
    by_likeness,
    by_mean_agreement,
    compare_clips,
    compare_methods,
    compare_models,
    compared,
    look_at,
    small_map,
)
from xaudio.comparing.grounds import knows_frequencies, knows_instants
from xaudio.errors import MetricError
from xaudio.explaining import load_method
from xaudio.reports.elements import DARK
from xaudio.sweeps.explanation_drift.maps import relevance_maps

NOISE = 0.02 * np.random.default_rng(0).standard_normal(2 * RATE)
CLIP = clip_from_samples(hybrid() + NOISE, RATE, "hybrid.wav")
DETECTOR = Classifier(HighBandDetector(), "high", RATE, HighBandDetector.labels)
KINDS = Classifier(ThreeKinds(), "kinds", ThreeKinds.sample_rate, ThreeKinds.labels)


def method(name, **settings):
    return load_method(name, settings)


@pytest.fixture(scope="module")
def methods():
    names = ["input-x-gradient", "saliency", "occlusion", "voice"]
    return compare_methods(CLIP, DETECTOR, [method(name) for name in names])


def test_methods_on_one_clip(methods):
    assert methods.names == ("input-x-gradient", "saliency", "occlusion", "voice")
    assert methods.over == OVER_TIME  # saliency knows no frequencies
    assert {look.explained.decision.label for look in methods.looks} == {"spoof"}
    found = methods.agreement("input-x-gradient", "occlusion")
    maps = [
        relevance_maps(methods.looks[place].explained.explanation, CLIP.seconds).over_time.relevance
        for place in (0, 2)
    ]
    assert found.value == pytest.approx(spearmanr(*maps).statistic)
    assert found.signed and found.beats_chance and found.low < found.value < found.high
    assert np.array_equal(methods.matrix, methods.matrix.T, equal_nan=True)


def test_a_method_of_the_whole_voice_is_there_and_says_why_it_is_not_compared(methods):
    voice = methods.looks[3]
    assert voice.explained.is_of_the_voice
    others = [methods.agreement("saliency", name).value for name in methods.names[::2]]
    assert methods.mean_agreement("saliency") == pytest.approx(np.mean(others))
    assert "whole voice" in methods.agreement("voice", "occlusion").problem
    assert methods.mean_agreement("voice") is None
    assert np.isnan(methods.matrix[3]).all()
    assert methods.agreement("saliency", "occlusion").value is not None


def test_what_fails_is_a_look_that_says_why_and_the_rest_goes_on():
    blind = Classifier(lambda waveform: HighBandDetector()(waveform).detach(), "blind", RATE,
                       HighBandDetector.labels)  # fmt: skip
    found = compare_methods(CLIP, blind, [method("saliency"), method("occlusion")])
    assert found.looks[0].explained is None and "needs gradients" in found.looks[0].problem
    assert found.agreement("saliency", "occlusion").problem == found.looks[0].problem
    assert found.sentence == "No two of these can be compared."


def test_methods_with_frequencies_are_compared_over_tiles():
    found = compare_methods(
        CLIP, DETECTOR, [method("input-x-gradient"), method("integrated-gradients")]
    )
    assert found.over == OVER_TILES
    both = [
        relevance_maps(look.explained.explanation, CLIP.seconds).over_tiles.relevance
        for look in found.looks
    ]
    expected = spearmanr(both[0].ravel(), both[1].ravel()).statistic
    assert found.agreement(*found.names).value == pytest.approx(expected)
    again = compared(found.looks, OVER_TIME)
    assert again.over == OVER_TIME and again.looks == found.looks


def test_models_of_different_rates_are_compared_where_both_hear():
    eight = HighBandDetector()
    eight.sample_rate = 8000
    low = Classifier(eight, "at 8 kHz", 8000, HighBandDetector.labels)
    found = compare_models(
        CLIP, {"high": DETECTOR, "low": low}, [method("input-x-gradient")], over=OVER_TILES
    )
    assert found.names == ("high", "low")
    value = found.agreement("high", "low")
    # Four bands, up to the 4 kHz that both have: what lies above in one of them plays no part.
    maps = [relevance_maps(look.explained.explanation, 2.0).over_tiles for look in found.looks]
    expected = spearmanr(maps[0].relevance[:4].ravel(), maps[1].relevance[:4].ravel()).statistic
    assert value.value == pytest.approx(expected, abs=1e-6)


def test_models_by_methods_have_both_names():
    found = compare_models(
        CLIP,
        {"high": DETECTOR, "kinds": KINDS},
        [method("input-x-gradient"), method("occlusion")],
    )
    assert found.names == (
        "high · input-x-gradient",
        "high · occlusion",
        "kinds · input-x-gradient",
        "kinds · occlusion",
    )
    # They explain different numbers, so only strengths can be compared.
    assert not found.agreement("high · occlusion", "kinds · occlusion").signed
    assert found.agreement("high · input-x-gradient", "high · occlusion").signed


def test_clips_are_compared_over_frequency():
    longer = clip_from_samples(hybrid(3.0), RATE, "longer")
    low = clip_from_samples(0.3 * np.sin(np.arange(2 * RATE) / 20) + NOISE, RATE, "low")
    clips = {"hybrid": CLIP, "longer": longer, "low": low}
    found = compare_clips(clips, DETECTOR, method("input-x-gradient"))
    assert found.over == OVER_FREQUENCY
    edges = librosa.mel_frequencies(25, fmin=0.0, fmax=RATE / 2, htk=True)
    profiles = [
        to_time_frequency(look.explained.explanation).over_bands(edges).relevance
        for look in found.looks
    ]
    alike = found.agreement("hybrid", "longer")
    assert alike.value == pytest.approx(spearmanr(profiles[0], profiles[1]).statistic)
    assert alike.low is None and alike.chance is not None
    over_time = compared(found.looks, OVER_TIME)
    assert "They last 2.00 and 3.00 s" in over_time.agreement("hybrid", "longer").problem
    assert over_time.agreement("hybrid", "low").value is not None


def test_progress_runs_over_all_looks():
    told = []
    compare_methods(
        CLIP, DETECTOR, [method("occlusion"), method("two-sided-occlusion")], progress=told.append
    )
    assert told == sorted(told) and told[-1] == pytest.approx(1.0) and told[0] < 0.5


def test_orders(methods):
    by_mean = by_mean_agreement(methods)
    means = [by_mean.mean_agreement(name) for name in by_mean.names]
    assert means[-1] is None and means[:-1] == sorted(means[:-1], reverse=True)
    for one in methods.names:
        for other in methods.names:
            assert by_mean.agreement(one, other) == methods.agreement(one, other)
    like = by_likeness(methods, "saliency")
    values = [like.agreement("saliency", name).value for name in like.names]
    assert like.names[0] == "saliency" and like.names[-1] == "voice"
    assert values[:-1] == sorted(values[:-1], reverse=True)


def test_it_is_told_in_a_sentence(methods):
    (first, second, _), *_, (third, fourth, _) = methods.pairs()
    assert methods.sentence.startswith(f"“{first}” and “{second}” agree most: ")
    assert f"Least: “{third}” and “{fourth}”" in methods.sentence
    assert "of 3 pairs agree better than chance" in methods.sentence


def test_names_and_grounds_that_cannot_be():
    look = look_at("a", CLIP, DETECTOR, method("occlusion"))
    with pytest.raises(MetricError, match="Two looks are called 'a'"):
        compared([look, look])
    with pytest.raises(MetricError, match="over 'smell'"):
        compared([look], "smell")
    assert compared([]).sentence == "No two of these can be compared."
    assert compared([Look("a", None, "Why not.")]).agreements[0][0].problem == "Why not."


def test_what_an_explanation_knows():
    grid = look_at("x", CLIP, DETECTOR, method("input-x-gradient")).explained.explanation
    assert knows_instants(grid) and knows_frequencies(grid)
    times = look_at("x", CLIP, DETECTOR, method("occlusion")).explained.explanation
    assert knows_instants(times) and not knows_frequencies(times)
    bands = to_time_frequency(grid).over_bands([1000.0, 4000.0])
    assert not knows_instants(bands) and knows_frequencies(bands)


def test_a_small_map_is_as_wide_as_its_share_of_the_time():
    explained = look_at("x", CLIP, DETECTOR, method("input-x-gradient")).explained
    light = np.asarray(Image.open(io.BytesIO(small_map(explained, 4.0))))
    assert light.shape == (96, 400, 4)
    assert (light[:, 200:, 3] == 0).all() and (light[:, :200, 3] == 255).all()
    # Red where the evidence is: from 0.5 to 1 s, which is column 50 to 100.
    red = light[..., 0].astype(int) - light[..., 2].astype(int)
    columns = red.max(axis=0)
    assert 50 <= columns.argmax() < 100 and columns[110:200].max() < columns.max() / 2
    dark = np.asarray(Image.open(io.BytesIO(small_map(explained, 4.0, DARK))))
    assert not np.array_equal(light, dark)
