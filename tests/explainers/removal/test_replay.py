import numpy as np
import pytest
import torch

from explainers.contract import ModuleModel, SmallDetector
from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.explanation import load_explanation
from explainers.targets import parse_target
from tests.explainers.small_models import RATE, Function, noise

TARGET = parse_target("spoof - bonafide", ("bonafide", "spoof"))
CLIPS = noise(2, 4000)
START, STOP = 2310, 2460


def listening(start=START, stop=STOP, sign=1.0, offset=0.7):
    def logits(waveform):
        energy = sign * waveform[:, start:stop].square().sum(dim=1) + offset
        return torch.stack([torch.zeros_like(energy), energy], dim=1)

    return Function(logits)


def explain(model, clips=CLIPS, progress=None, **settings):
    settings = {"fill": "zeros", "joint": 0.0, **settings}
    return load_explainer("replay", **settings).explain(model, clips, TARGET, progress)


def looks_of(one):
    return [
        (round(look["start"] * RATE), round(look["end"] * RATE)) for look in one.provenance["looks"]
    ]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("at", [0, 700, START, 4000 - 150])
def test_looks_close_in_on_what_the_model_listens_to(at, sign):
    for one in explain(listening(at, at + 150, sign)):
        looks = looks_of(one)
        assert len(looks) == 4
        outer = (0, 4000)
        for number, (start, stop) in enumerate(looks):
            assert outer[0] <= start < stop <= outer[1]
            size = 1000 / 2**number
            assert size * 0.95 <= stop - start <= size * 1.25 + 1
            shared = min(stop, at + 150) - max(start, at)
            assert shared == 150 if number < 3 else shared >= 0.8 * (stop - start)
            outer = (start, stop)
        assert np.sign(one.total) == sign
        assert one.ledger["everything replaced"] == pytest.approx(0.7, abs=1e-5)
        before, after = one.provenance["looks"][0], one.provenance["looks"][-1]
        assert before["alone"] == pytest.approx(one.score, rel=1e-5)
        assert before["without"] == pytest.approx(0.7, abs=1e-5)
        assert abs(after["worth"]) < abs(before["worth"])


def test_relevance_is_of_the_finest_look_and_each_look_is_a_child(tmp_path):
    one = explain(listening())[0]
    looks = looks_of(one)
    assert len(one.children) == len(looks)
    energy = CLIPS[0, START:STOP].double().square()
    assert one.score == pytest.approx(float(energy.sum()) + 0.7, rel=1e-5)
    for child, (start, stop), told in zip(
        one.children, looks, one.provenance["looks"], strict=True
    ):
        assert child.domain == "segments" and child.score == one.score
        chosen = np.abs(child.relevance).argmax()
        np.testing.assert_allclose(child.segments[chosen, :2], [start / RATE, stop / RATE])
        assert child.relevance[chosen] == told["worth"]
        for (begin, end), worth in zip(child.segments[:, :2], child.relevance, strict=True):
            first, last = (round(begin * RATE), round(end * RATE))
            heard = float(CLIPS[0, max(first, START) : min(last, STOP)].square().sum())
            assert worth == pytest.approx(heard if first < STOP and last > START else 0, abs=1e-3)
    outside = np.ones(4000, dtype=bool)
    outside[looks[0][0] : looks[0][1]] = False
    first = one.children[0]
    for sample in (0, 1500, 3999):
        over = (first.segments[:, 0] * RATE <= sample) & (sample < first.segments[:, 1] * RATE)
        lengths = (first.segments[over, 1] - first.segments[over, 0]) * RATE
        expected = (first.relevance[over] / lengths).mean()
        if outside[sample]:
            assert one.relevance[sample] == pytest.approx(expected, abs=1e-6)
    inner = one.children[-1]
    sample = looks[-1][0] + 5
    over = (inner.segments[:, 0] * RATE <= sample) & (sample < inner.segments[:, 1] * RATE)
    lengths = (inner.segments[over, 1] - inner.segments[over, 0]) * RATE
    assert one.relevance[sample] == pytest.approx(
        (inner.relevance[over] / lengths).mean(), rel=1e-5
    )
    assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-6)
    one.save(tmp_path / "one.npz")
    assert load_explanation(tmp_path / "one.npz").equals(one)


def test_how_far_the_chosen_window_is_ahead_is_of_windows_apart_from_it():
    def two(waveform):
        energy = waveform.square()
        score = energy[:, 300:400].sum(dim=1) + 0.25 * energy[:, 3300:3400].sum(dim=1)
        return torch.stack([torch.zeros_like(score), score], dim=1)

    one = explain(Function(two))[0]
    look, energy = one.provenance["looks"][0], CLIPS[0].double().square()
    for child in one.children:
        for (begin, end), worth in zip(child.segments[:, :2] * RATE, child.relevance, strict=True):
            first, last = round(begin), round(end)
            heard = energy[max(first, 300) : max(300, min(last, 400))].sum()
            heard += 0.25 * energy[max(first, 3300) : max(3300, min(last, 3400))].sum()
            # What lies around a look counts for none of its windows.
            assert worth == pytest.approx(float(heard), abs=1e-3)
    rival = 0.25 * float(energy[3300:3400].sum())
    assert look["ahead"] == pytest.approx(float(energy[300:400].sum()) - rival, rel=1e-4)


def test_it_ends_when_it_no_longer_matters_which_window_is_taken():
    constant = Function(lambda waveform: torch.ones(len(waveform), 2) * torch.tensor([0.0, 2.0]))
    assert [len(one.provenance["looks"]) for one in explain(constant)] == [1, 1]

    def presence(waveform):
        """Whether there is any sound at all: each window is enough, and none is needed."""
        there = (waveform != 0).any(dim=1).float()
        return torch.stack([-there, there], dim=1)

    assert [len(one.provenance["looks"]) for one in explain(Function(presence))] == [1, 1]

    def both(waveform):
        return 50 * presence(waveform) + listening()(waveform)

    # The stretch brings about an eighth of all: 14 of 114.
    for tolerance, count in ((0.2, 1), (0.02, 4)):
        found = explain(Function(both), CLIPS[:1], tolerance=tolerance)[0]
        assert len(found.children) == count


def test_clips_go_on_for_as_long_as_each_one_needs():
    clips = CLIPS.clone()
    clips[0, START:STOP] = 0
    first, second = explain(listening(), clips)
    assert len(first.children) == 1 and len(second.children) == 4
    alone = explain(listening(), clips[1:])[0]
    assert looks_of(alone) == looks_of(second)
    np.testing.assert_allclose(alone.relevance, second.relevance, atol=1e-7)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_the_batch_size_decides_nothing(size):
    model = ModuleModel(SmallDetector(), RATE)
    expected = explain(model, fill="matched-noise", batch_size=16)
    for one, other in zip(
        explain(model, fill="matched-noise", batch_size=size), expected, strict=True
    ):
        assert looks_of(one) == looks_of(other)
        np.testing.assert_allclose(one.relevance, other.relevance, atol=1e-6)


@pytest.mark.parametrize("samples", [1, 2, 3, 4, 5, 7, 50, 333])
def test_short_clips_are_looked_at_too(samples):
    clip = CLIPS[:1, :samples]
    one = explain(listening(0, max(1, samples // 3), offset=0.0), clip)[0]
    for start, stop in looks_of(one):
        assert 0 <= start < stop <= samples
    assert one.relevance.shape == (samples,)
    assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-6)
    first = looks_of(one)[0]
    if samples >= 8:
        assert first[1] - first[0] <= 0.6 * samples
    if samples <= 4:
        assert looks_of(one) == [(0, samples)]
        assert one.total == pytest.approx(one.score, rel=1e-5)


def test_looks_are_no_shorter_than_asked():
    for shortest, count in ((0.1, 4), (0.25, 3), (0.3, 2), (0.03, 6)):
        one = explain(listening(), shortest=shortest)[0]
        assert len(one.children) == count


def test_no_window_is_shorter_than_its_hops():
    one = explain(listening(20, 30), CLIPS[:1, :64], shortest=1e-6)[0]
    assert len(one.children) == 4  # 32, 16, 8 and 4 samples
    assert all(stop - start >= 4 for start, stop in looks_of(one))


def test_progress_rises_to_one_and_may_stop_the_work():
    told = []
    explain(listening(), progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 4

    def cancel(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain(listening(), progress=cancel)


def test_evaluations_are_counted():
    asked = []

    def counted(waveform):
        asked.append(len(waveform))
        return listening()(waveform)

    one = explain(Function(counted), CLIPS[:1])[0]
    assert one.provenance["evaluations"] == sum(asked)


@pytest.mark.parametrize(
    "settings",
    [
        {"window": 0.05},
        {"window": float("inf")},
        {"shortest": 0.0},
        {"tolerance": 1.0},
        {"tolerance": -0.1},
        {"fill": "all"},
        {"null": "scrambled"},
        {"repeats": 2},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ExplanationError, match=r"asked for|name one fill"):
        load_explainer("replay", **settings)
