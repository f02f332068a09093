import numpy as np
import pytest
import torch

from tests.xaudio.datasets.voices import voice
from xaudio.training.examples import (
    KINDS,
    Examples,
    Material,
    Utterance,
    cut_at_random,
    draw_example,
)
from xaudio.training.recipe import Recipe

RATE = 16000


@pytest.fixture(scope="module")
def material():
    human = voice(4.0)
    return Material((Utterance("s", human, {"world": -human}),), {"flite": (voice(1.0, seed=5),)})


def drawn(material, count=300):
    return [
        draw_example(material, 3.0, RATE, np.random.default_rng(1000 + i)) for i in range(count)
    ]


def test_kinds_come_as_often_as_promised(material):
    examples = drawn(material)
    whole = sum(one.synthetic == ((0.0, 3.0),) for one in examples) / len(examples)
    clean = sum(one.synthetic == () for one in examples) / len(examples)
    assert whole == pytest.approx(KINDS["copy"] + KINDS["speech"], abs=0.08)
    assert clean == pytest.approx(KINDS["human"] + KINDS["human splice"], abs=0.08)


def test_stretches_mark_where_the_copy_is(material):
    """The copy here is the human upside down, so its sign tells where it was put in."""
    human = material.utterances[0].human
    for one in drawn(material):
        if not one.synthetic or one.synthetic == ((0.0, 3.0),):
            continue
        start = next(
            s
            for s in range(len(human) - 48000 + 1)
            if np.array_equal(one.samples[:1000], human[s : s + 1000])
        )
        agreement = one.samples * human[start : start + 48000]
        for first, last in one.synthetic:
            inside = agreement[round((first + 0.01) * RATE) : round((last - 0.01) * RATE)]
            assert inside.sum() < 0
        break


def test_short_clips_are_repeated_and_cuts_are_shared():
    clips = np.arange(10.0).repeat(2).reshape(10, 2).T
    cut = cut_at_random(clips, 25, np.random.default_rng(0))
    assert cut.shape == (2, 25)
    assert np.array_equal(cut[0], cut[1])
    assert set(np.diff(cut[0])) == {1.0, -9.0}


def test_an_example_depends_on_seed_epoch_and_index_alone(material):
    recipe = Recipe(examples=4)
    first, again = (Examples(material, recipe, RATE, 3) for _ in range(2))
    other = Examples(material, recipe, RATE, 4)
    samples, truth = first[2]
    assert torch.equal(samples, again[2][0])
    assert torch.equal(truth, again[2][1])
    assert not torch.equal(samples, other[2][0])
    assert samples.shape == (48000,)
    assert truth.shape == (300,)
