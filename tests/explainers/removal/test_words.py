import numpy as np
import pytest
import torch

from explainers.errors import ExplanationError
from explainers.explainer import load_explainer
from explainers.removal.estimators.leave_one_out import LeaveOneOut
from explainers.removal.estimators.lime import Lime
from explainers.removal.estimators.shapley import Shapley
from explainers.removal.parts import Filling, TimeParts
from explainers.removal.words import widened
from explainers.targets import parse_target
from perturbations.corruption import Key
from tests.explainers.small_models import RATE, Function, noise

TARGET = parse_target("spoof - bonafide", ("bonafide", "spoof"))
CLIPS = noise(2, 2000)
SPOKEN = {"the": (0.05, 0.20), "cat": (0.30, 0.62), "sat": (0.62, 1.10), "mat": (1.50, 1.97)}
TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2
        intervals: size = {count}
{intervals}"""


def textgrid(path):
    rows, last = [], 0.0
    for word, (start, end) in SPOKEN.items():
        rows += [(last, start, "")] if start > last else []
        rows.append((start, end, word))
        last = end
    rows.append((last, 2.0, "sil"))
    intervals = "\n".join(
        f"        intervals [{number}]:\n            xmin = {start}\n            xmax = {end}\n"
        f'            text = "{word}"'
        for number, (start, end, word) in enumerate(rows, start=1)
    )
    path.write_text(TEXTGRID.format(count=len(rows), intervals=intervals))
    return path


@pytest.fixture
def alignment(tmp_path):
    return str(textgrid(tmp_path / "clip.TextGrid"))


def energy(waveform):
    score = waveform.square() @ torch.linspace(-1.0, 2.0, waveform.shape[1])
    return torch.stack([torch.zeros_like(score), score], dim=1)


def explain(clips=CLIPS, function=energy, **settings):
    method = load_explainer("words", **{"joint": 0.0, **settings})
    return method.explain(Function(function), clips, TARGET)


def fall_without(clip, start, stop):
    """Of `energy`, when these samples are silenced."""
    return float((clip.double().square() * torch.linspace(-1.0, 2.0, 2000))[start:stop].sum())


def test_each_word_goes_with_its_margins_and_is_worth_what_is_lost(alignment):
    for one, clip in zip(explain(alignment=alignment), CLIPS, strict=True):
        assert one.segment_names == tuple(SPOKEN)
        np.testing.assert_allclose(one.segments[:, :2], [*SPOKEN.values()])
        for (start, end), worth in zip(SPOKEN.values(), one.relevance, strict=True):
            first, last = max(0, round(1000 * start) - 100), min(2000, round(1000 * end) + 40)
            assert worth == pytest.approx(fall_without(clip, first, last), abs=1e-3)
        assert one.total + sum(one.ledger.values()) == pytest.approx(one.score, abs=1e-6)
        assert one.provenance["evaluations"] == 2 + 4
        assert one.provenance["settings"]["fill"] == "zeros"


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.0), (0.3, 0.0), (0.02, 0.25), (9.0, 9.0)])
def test_margins_are_as_asked_and_end_with_the_clip(alignment, before, after):
    one = explain(CLIPS[:1], alignment=alignment, before=before, after=after)[0]
    for (start, end), worth in zip(SPOKEN.values(), one.relevance, strict=True):
        first = max(0, round(1000 * start) - round(1000 * before))
        last = min(2000, round(1000 * end) + round(1000 * after))
        assert worth == pytest.approx(fall_without(CLIPS[0], first, last), abs=1e-3)


def test_no_word_moves_another(alignment):
    heard = []

    def listening(waveform):
        heard.extend(waveform)
        return energy(waveform)

    explain(CLIPS[:1], listening, alignment=alignment)
    for start, end in SPOKEN.values():
        first, last = max(0, round(1000 * start) - 100), min(2000, round(1000 * end) + 40)
        expected = CLIPS[0].clone()
        expected[first:last] = 0
        assert any(torch.equal(one, expected) for one in heard)


def test_what_a_margin_takes_from_a_neighbour_is_gone_with_both():
    words = TimeParts(("one", "two"), (((100, 200),), ((200, 300),)), 400, RATE)
    wide = widened(words, 0.1, 0.04)
    assert wide.stretches == (((0, 240),), ((100, 340),))
    clip = noise(400)
    coalitions = torch.tensor([[False, True], [True, False], [False, False], [True, True]])
    found = wide.remover(clip, Filling("zeros", Key("clip")))(coalitions)
    for row, stretch in zip(found, ((0, 240), (100, 340), (0, 340), (0, 0)), strict=True):
        expected = clip.clone()
        expected[slice(*stretch)] = 0
        assert torch.equal(row, expected)
    np.testing.assert_array_equal(wide.boxes, words.boxes)
    assert wide.are_boxes and len(wide) == 2
    np.testing.assert_array_equal(
        wide.on_samples(np.array([2.0, 3.0])), words.on_samples(np.array([2.0, 3.0]))
    )


def test_a_word_in_pieces_is_taken_as_one_with_its_pauses():
    word = TimeParts(("um",), (((100, 150), (200, 250)),), 400, RATE)
    assert widened(word, 0.01, 0.02).stretches == (((90, 270),),)


@pytest.mark.parametrize(
    ("name", "kind"), [("leave-one-out", LeaveOneOut), ("lime", Lime), ("shapley", Shapley)]
)
def test_words_are_valued_as_asked(alignment, name, kind):
    method = load_explainer("words", estimator_name=name, evaluations=200)
    assert isinstance(method.estimator(), kind)
    assert getattr(method.estimator(), "evaluations", 200) == 200
    settings = {"estimator_name": name, "evaluations": 200, "before": 0.0, "after": 0.0}
    one = explain(CLIPS[:1], alignment=alignment, **settings)[0]
    expected = [
        fall_without(CLIPS[0], round(1000 * start), round(1000 * end))
        for start, end in SPOKEN.values()
    ]
    slack = 0.2 * max(map(abs, expected)) if name == "lime" else 1e-3
    np.testing.assert_allclose(one.relevance, expected, atol=slack)


def test_without_an_alignment_bursts_of_energy_are_taken():
    clip = 0.001 * noise(1, 3000, seed=2)
    clip[:, 500:900] += noise(400, seed=3)
    clip[:, 1600:2100] += noise(500, seed=4)
    one = explain(clip, before=0.0, after=0.0)[0]
    loud = np.zeros(3000, dtype=bool)
    loud[500:900] = loud[1600:2100] = True
    covered = np.zeros(3000, dtype=bool)
    for start, end in one.segments[:, :2]:
        covered[round(1000 * start) : round(1000 * end)] = True
    assert covered[loud].mean() > 0.9 and covered[~loud].mean() < 0.25


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"before": -0.1}, "0 or more"),
        ({"after": float("inf")}, "0 or more"),
        ({"estimator_name": "forest"}, "leave-one-out, lime, shapley"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ExplanationError, match=words):
        load_explainer("words", **settings)


def test_an_alignment_that_is_missing_is_named(tmp_path):
    with pytest.raises(ExplanationError, match="nowhere"):
        explain(alignment=str(tmp_path / "nowhere.csv"))
