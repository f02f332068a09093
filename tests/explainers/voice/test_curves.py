import json
import math

import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import Scoring
from explainers.targets import parse_target
from explainers.voice.curves import CurveSettings, ResponseCurve, response_curves
from perturbations.voice.intonation import Intonation, flatten_intonation
from perturbations.voice.loudness import Loudness
from perturbations.voice.noise import NoiseLevel
from perturbations.voice.pitch import Pitch
from perturbations.voice.speed import Speed
from tests.explainers.small_models import Function
from tests.perturbations.signals import sine, speech_like

RATE = 16_000


def measuring(measure):
    """A model whose one score is a measurement of the clip."""
    model = Function(lambda clips: torch.stack([torch.zeros(len(clips)), measure(clips)], dim=1))
    model.sample_rate = RATE
    return Scoring(model, parse_target("spoof - bonafide", model.labels))


def level(clips):
    return 20 * clips.square().mean(dim=1).sqrt().log10()


def semitones_above_440(clips):
    window = torch.hann_window(clips.shape[1])
    peak = torch.fft.rfft(clips * window, n=1 << 18).abs().argmax(dim=1)
    return 12 * torch.log2(peak * RATE / (1 << 18) / 440)


def curves(scoring, clips, *properties, progress=lambda _: None, **settings):
    return response_curves(scoring, clips, properties, CurveSettings(**settings), progress)


def curve(values, scores, neutral_value, neutral_score):
    return ResponseCurve(
        "made-up", "units", np.array(values), np.array(scores), neutral_value, neutral_score, 0.0
    )


def test_a_model_that_measures_the_level_answers_in_decibels():
    loudness = Loudness(values=(-10.0, -2.0, 4.0, 20.0))
    ((one,),) = curves(measuring(level), sine(440, 0.3), loudness)
    np.testing.assert_allclose(one.changes, loudness.values, atol=1e-4)
    assert one.neutral_score == one.clip_score == pytest.approx(20 * math.log10(0.125**0.5))
    assert one.attribution == pytest.approx(-3.0, abs=1e-4)
    assert one.standard_error == 0
    assert one.slope == pytest.approx(1.0, abs=1e-4)
    assert one.flips(one.neutral_score + 7) == pytest.approx((7.0,), abs=1e-4)


def test_a_model_that_measures_the_pitch_answers_in_semitones():
    pitch = Pitch(values=(-3.0, -1.0, 2.0, 5.0))
    ((one,),) = curves(measuring(semitones_above_440), sine(440, 1.0), pitch)
    np.testing.assert_allclose(one.mean_scores, pitch.values, atol=0.1)
    assert one.neutral_score == pytest.approx(0, abs=0.01)
    assert one.flips(1.5)[0] == pytest.approx(1.5, abs=0.1)


def test_a_model_that_measures_the_length_answers_to_the_speed_alone():
    def seconds(clips):
        return torch.full((len(clips),), clips.shape[1] / RATE)

    clips, speed = sine(440, 0.5).repeat(3, 1), Speed(values=(0.5, 2.0))
    for fast, loud in curves(measuring(seconds), clips, speed, Loudness(), batch_size=2):
        np.testing.assert_allclose(fast.mean_scores, (1.0, 0.25), atol=1e-4)
        assert fast.attribution == pytest.approx(0.5 - 0.625, abs=1e-4)
        assert not loud.changes.any() and loud.flips(0.4) == ()


def test_noise_is_drawn_again_for_every_repeat_and_its_spread_is_told():
    noise = NoiseLevel(values=(0.0, 10.0))
    clip = speech_like(1, 1.0)

    def energy(clips):
        return clips.square().mean(dim=1)

    ((one,),) = curves(measuring(energy), clip, noise, repeats=4)
    assert one.scores.shape == (4, 2) and len(set(one.scores[:, 0])) == 4
    expected = one.neutral_score * (1 + 10 ** -np.array([0.0, 1.0]))
    assert (np.abs(one.mean_scores - expected) < 0.05 * expected).all()
    per_repeat = one.neutral_score - one.scores.mean(axis=1)
    assert one.attribution == pytest.approx(per_repeat.mean())
    assert one.standard_error == pytest.approx(per_repeat.std(ddof=1) / 2)
    np.testing.assert_allclose(one.standard_errors, one.scores.std(axis=0, ddof=1) / 2)
    ((again,),) = curves(measuring(energy), clip, noise, repeats=4)
    ((other,),) = curves(measuring(energy), clip, noise, repeats=4, seed=1)
    assert np.array_equal(one.scores, again.scores)
    assert not np.array_equal(one.scores, other.scores)


def test_the_vocoder_is_not_blamed_on_the_melody():
    """A model that cares for the samples alone: the origin is what the vocoder made of them."""
    clip = speech_like(1, 0.6)

    def likeness(clips):
        return clips @ clip[0]

    ((one,),) = curves(measuring(likeness), clip, Intonation(values=(0.5, 1.0)))
    expected = [likeness(flatten_intonation(clip, RATE, share)).item() for share in (0.0, 0.5, 1.0)]
    assert one.neutral_score == pytest.approx(expected[0], rel=1e-4)
    assert one.mean_scores == pytest.approx(expected[1:], rel=1e-4, abs=1e-4)
    assert one.clip_score == pytest.approx(likeness(clip).item())
    assert one.neutral_score < 0.9 * one.clip_score


def test_flips_lie_on_the_lines_between_the_points():
    straight = curve((-2.0, -1.0, 2.0), [[-4.0, -2.0, 4.0]], 0.0, 0.0)
    assert straight.flips(1.0) == pytest.approx((0.5,))
    assert straight.flips(-3.0) == pytest.approx((-1.5,))
    assert straight.flips(0.0) == pytest.approx((0.0,))
    assert straight.flips(9.0) == ()
    valley = curve((1.0, 2.0, 3.0), [[-1.0, -1.0, 3.0]], 0.0, 1.0)
    assert valley.flips() == pytest.approx((0.5, 2.25))


def test_an_infinite_neutral_value_ends_the_axis():
    one = curve((0.0, 10.0, 40.0), [[3.0, 1.0, -1.0]], math.inf, -2.0)
    assert one.flips() == pytest.approx((25.0,))
    assert one.flips(-1.5) == (40.0,)
    assert one.slope is None
    assert one.points()[0].tolist() == [0.0, 10.0, 40.0, math.inf]


def test_the_slope_is_taken_about_the_neutral_value():
    assert curve((-1.0, 2.0), [[3.0, 6.0]], 0.0, 9.0).slope == pytest.approx(1.0)
    assert curve((3.0, 7.0), [[3.0, 6.0]], 0.0, 9.0).slope == pytest.approx(-2.0)
    assert curve((-3.0, -2.0), [[3.0, 6.0]], 0.0, 9.0).slope == pytest.approx(1.5)


@pytest.mark.parametrize("neutral", [0.0, math.inf])
def test_a_curve_goes_through_json(neutral):
    one = curve((-1.5, 0.1), [[1.0, 2.0], [3.0, 4.0]], neutral, 0.3)
    text = json.dumps(one.to_plain(), allow_nan=False)
    same = ResponseCurve.from_plain(json.loads(text))
    assert same.to_plain() == one.to_plain()
    assert same.neutral_value == neutral
    assert same.standard_error == one.standard_error == pytest.approx(1.0)


def test_what_is_no_curve_is_refused():
    plain = curve((1.0,), [[1.0]], 0.0, 0.0).to_plain()
    for wrong in ({"values": [1, 2]}, {"scores": "many"}, {"scores": []}, {"neutral_score": None}):
        with pytest.raises(ExplanationError):
            ResponseCurve.from_plain({**plain, **wrong})
    with pytest.raises(ExplanationError, match="'unit'"):
        ResponseCurve.from_plain({key: plain[key] for key in plain if key != "unit"})


def test_the_batch_size_and_the_other_clips_change_nothing_and_all_is_counted():
    clips = speech_like(2, 0.3, 4_000)
    model = ModuleModel(SmallDetector(), 4_000)
    properties = (NoiseLevel(values=(5.0, 20.0)), Speed(values=(0.8, 1.2)), Pitch(values=(2.0,)))

    def table(scoring, given, **settings):
        found = curves(scoring, given, *properties, repeats=2, **settings)
        return [[one.scores.tolist() for one in each] for each in found]

    def scored():
        return Scoring(model, parse_target("spoof - bonafide", model.labels))

    counted, told = scored(), []
    together = table(counted, clips, batch_size=3, progress=told.append)
    assert counted.evaluations == 2 * (1 + (2 * 2 + 1) + (2 + 1) + (1 + 1))
    assert told == sorted(told) and told[-1] == 1 and len(told) > 5
    alone = [table(scored(), clip[None], batch_size=1)[0] for clip in clips]
    for one, other in zip(together, alone, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_a_score_that_is_not_finite_is_refused():
    def fragile(clips):
        return torch.where(clips.abs().amax(dim=1) > 1, torch.nan, 0.0)

    with pytest.raises(ExplanationError, match="not finite"):
        curves(measuring(fragile), sine(440, 0.2), Loudness())


@pytest.mark.parametrize("settings", [{"repeats": 1}, {"batch_size": 0}])
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ExplanationError, match=next(iter(settings))):
        CurveSettings(**settings)
