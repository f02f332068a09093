import json
import random

import audiomentations
import numpy as np
import pytest
import torch

from perturbations.adapters.from_audiomentations import from_audiomentations
from perturbations.adapters.to_audiomentations import CorruptionTransform, to_audiomentations
from perturbations.corruption import Key, corruptions, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import speech_like
from tests.perturbations.test_contract import NEED_WEIGHTS, Quieter

RATE = 16_000
CLIP = speech_like(1, 0.5)[0].numpy()
NAMES = sorted(set(corruptions.names()) - NEED_WEIGHTS)


@pytest.mark.parametrize("name", NAMES)
def test_every_corruption_works_as_a_transform(name):
    augment = audiomentations.Compose([to_audiomentations(name, p=1.0)])
    random.seed(1)
    done = augment(CLIP, RATE)
    assert done.dtype == np.float32 and done.ndim == 1 and np.isfinite(done).all()
    drawn = augment.transforms[0].serialize_parameters()
    json.dumps(drawn)
    ours = load_corruption(name).apply(
        torch.from_numpy(CLIP)[None],
        RATE,
        drawn["severity"],
        [Key("audiomentations", drawn["repeat"])],
    )
    np.testing.assert_array_equal(done, ours.waveform[0])


def test_it_draws_from_random_and_freezes():
    augment = to_audiomentations("white-noise", 2, 4, p=1.0)
    random.seed(3)
    results = [augment(CLIP, RATE) for _ in range(12)]
    random.seed(3)
    assert all(np.array_equal(augment(CLIP, RATE), one) for one in results)
    assert len({one.tobytes() for one in results}) == 12
    augment.freeze_parameters()
    np.testing.assert_array_equal(augment(CLIP, RATE), results[-1])
    assert augment.parameters["severity"] in (2, 3, 4)
    drawn = set()
    augment.unfreeze_parameters()
    for _ in range(60):
        augment.randomize_parameters(CLIP, RATE)
        drawn.add(augment.parameters["severity"])
    assert drawn == {2, 3, 4}
    assert not any(to_audiomentations("mp3", p=0.0)(CLIP, RATE) != CLIP)


def test_channels_share_what_was_drawn():
    stereo = np.stack([CLIP, CLIP])
    done = to_audiomentations("pink-noise", p=1.0)(stereo, RATE)
    assert done.shape == stereo.shape
    np.testing.assert_allclose(done[0], done[1], atol=1e-6)
    slower = to_audiomentations(load_corruption("time-stretch", levels=[0.5]), p=1.0)
    assert slower(stereo, RATE).shape == (2, 2 * len(CLIP))
    assert slower(CLIP, RATE).shape == (2 * len(CLIP),)


def test_written_down_and_built_again():
    corruption = load_corruption("echo", levels=[0.2, 0.6], delay_seconds=0.05)
    augment = to_audiomentations(corruption, p=0.7)
    written = json.loads(json.dumps(augment.to_dict()))["transform"]
    assert written.pop("__class_fullname__").endswith("CorruptionTransform")
    again = CorruptionTransform(**written)
    assert again.loaded == corruption and again.p == 0.7 and again.max_severity == 2
    assert "echo" in repr(audiomentations.Compose([again]))
    with pytest.raises(NotImplementedError, match="not registered"):
        to_audiomentations(Quieter()).to_dict()


def test_there_and_back():
    corruption = from_audiomentations(to_audiomentations("gain", p=1.0))
    drawn = [
        corruption.apply(torch.from_numpy(CLIP)[None], RATE, 1, [Key("a", repeat)]).facts[0]
        for repeat in range(9)
    ]
    assert len({each["severity"] for each in drawn}) > 1
    slower = to_audiomentations(load_corruption("time-stretch", levels=[0.5]), p=1.0)
    done = from_audiomentations(audiomentations.Compose([slower])).apply(
        torch.from_numpy(CLIP)[None], RATE, 1, [Key("a")]
    )
    assert done.time_map.forward(0.2) == pytest.approx(0.4) and "seconds" not in done.facts[0]


def test_refused():
    with pytest.raises(CorruptionError, match="no corruption named"):
        to_audiomentations("wobble")
    with pytest.raises(CorruptionError, match="'echo' has 1 to 5"):
        to_audiomentations("echo", 3, 6)
    with pytest.raises(CorruptionError, match="takes no more settings"):
        CorruptionTransform(load_corruption("echo"), {"delay_seconds": 0.2})
