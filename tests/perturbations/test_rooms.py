import itertools

import numpy as np
import pytest
import scipy.signal
import soundfile
import torch

from perturbations.contract import check_corruption
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.impulse_responses import reverberation_seconds
from perturbations.rooms import (
    Images,
    Room,
    absorption,
    draw_room,
    early_images,
    find_images,
    images_power,
    simulate,
)
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
ROOM = Room((5.0, 4.0, 3.0), (1.0, 1.2, 1.5), (3.5, 2.9, 1.3))


def images_by_hand(room, most):
    """Metres and reflections of every image, from the lattice that mirrors span."""
    found = []
    for counts in itertools.product(range(-most, most + 1), repeat=3):
        reflections = sum(map(abs, counts))
        if reflections <= most:
            image = [
                count * side + (place if count % 2 == 0 else side - place)
                for count, side, place in zip(counts, room.size, room.source, strict=True)
            ]
            found.append((np.linalg.norm(np.subtract(image, room.microphone)), reflections))
    return np.array(sorted(found)).T


def test_direct_and_first_order_sounds_are_where_mirrors_put_them():
    images = find_images(ROOM, 1)
    (x, y, z), (mx, my, mz) = ROOM.source, ROOM.microphone
    mirrored = [(-x, y, z), (10 - x, y, z), (x, -y, z), (x, 8 - y, z), (x, y, -z), (x, y, 6 - z)]
    expected = [np.linalg.norm(np.subtract(one, (mx, my, mz))) for one in mirrored]
    np.testing.assert_allclose(sorted(images.metres[images.reflections == 1]), sorted(expected))
    np.testing.assert_allclose(images.metres[images.reflections == 0], [ROOM.distance_metres])


def test_all_early_images_are_found():
    metres, reflections = images_by_hand(ROOM, 14)
    images = early_images(ROOM)
    order = np.lexsort((images.reflections, images.metres.round(5)))
    near = metres <= images.metres.max() + 1e-6
    assert near.sum() == len(order) > 200
    np.testing.assert_allclose(images.metres[order], metres[near], atol=1e-5)
    assert images.reflections.sum() == reflections[near].sum()


def test_echoes_arrive_in_time_and_as_loud_as_geometry_says():
    """A response against a sum of sincs, one for each image, up to the noise."""
    response = simulate(ROOM, 0.5, RATE, np.random.default_rng(0))
    metres, reflections = images_by_hand(ROOM, 14)
    amplitudes = (1 - absorption(ROOM, 0.5)) ** (reflections / 2) * ROOM.distance_metres / metres
    late = (metres - ROOM.distance_metres) / 343.0 * RATE
    times = np.arange(round(0.03 * RATE))
    echoes = np.sinc(times[:, None] - late[1:]) @ amplitudes[1:]
    lows = scipy.signal.butter(2, 20, "highpass", fs=RATE, output="sos")
    expected = np.eye(1, len(times))[0] + scipy.signal.sosfilt(lows, echoes)
    heard = response.samples[response.lead : response.lead + len(times)]
    assert heard[0] == pytest.approx(1, abs=0.02)
    # Up to 0.85 of the Nyquist frequency; beyond, the sincs' windows take something away.
    different = np.abs(np.fft.rfft((heard - expected) * np.hanning(len(times)), n=4096))
    assert different[:1700].max() < 0.02
    assert np.corrcoef(heard, expected)[0, 1] > 0.99


def test_eyring_by_hand():
    """Reverberation time = 24 ln 10 V / (-c S ln(1 - absorption))."""
    kept = absorption(ROOM, 0.6)
    volume, surface = 60.0, 94.0
    seconds = 24 * np.log(10) * volume / (-343.0 * surface * np.log(1 - kept))
    assert seconds == pytest.approx(0.6)


@pytest.mark.parametrize(("rt60", "error"), [(0.2, 0.1), (0.4, 0.03), (1.0, 0.025), (1.5, 0.02)])
def test_the_reverberation_time_is_the_one_asked_for(rt60, error):
    """The error that the documentation states, for all of 30 rooms."""
    for seed in range(30):
        random = np.random.default_rng(seed)
        response = simulate(draw_room(random), rt60, RATE, random)
        assert reverberation_seconds(response, RATE) == pytest.approx(rt60, rel=error)


def test_the_tail_is_as_loud_as_diffuse_field_theory_says():
    """4 pi distance^2 c / V per second over the direct sound: the median room within 0.5 dB."""
    rt60, excess = 1.0, []
    for seed in range(60):
        room = draw_room(np.random.default_rng(seed))
        images: Images = early_images(room)
        seconds = (images.metres - room.distance_metres) / 343.0
        kept = (1 - absorption(room, rt60)) ** (images.reflections / 2)
        power = images_power(seconds, kept * room.distance_metres / images.metres, rt60)
        theory = 4 * np.pi * room.distance_metres**2 * 343.0 / room.volume
        decayed = 10 ** (-6 * room.distance_metres / 343.0 / rt60)
        excess.append(10 * np.log10(power / theory / decayed))
    assert abs(np.median(excess)) < 0.5 and max(map(abs, excess)) < 1.5


def test_noise_takes_over_where_images_end():
    """No step: the power in the 20 ms after the crossover is what the decay leaves of the last."""
    steps = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        response = simulate(draw_room(random), 0.7, RATE, random)
        power = (
            np.square(response.samples[response.lead + 160 :][: 3 * 320]).reshape(3, 320).mean(1)
        )
        steps.append(10 * np.log10(power[1:] / power[:-1]))
    np.testing.assert_allclose(np.median(steps, axis=0), -60 * 0.02 / 0.7, atol=0.7)


def test_one_room_at_all_severities_and_another_for_another_clip():
    room, clips = load_corruption("room"), speech_like(2, 0.5)
    told = [room.apply(clips, RATE, severity, keys(2)).facts for severity in room.severities]
    for clip in range(2):
        assert (
            len({(each[clip]["room_metres"], each[clip]["distance_metres"]) for each in told}) == 1
        )
        times = [each[clip][room.primary] for each in told]
        ratios = [each[clip]["direct_to_reverberant_db"] for each in told]
        assert times == sorted(times) and ratios == sorted(ratios, reverse=True)
    assert told[0][0]["room_metres"] != told[0][1]["room_metres"]


def test_drawn_rooms_hold_those_who_are_in_them():
    random = np.random.default_rng(0)
    for _ in range(300):
        room = draw_room(random)
        for who in (room.source, room.microphone):
            assert (np.array(who) >= 0.5).all() and (np.subtract(room.size, who) >= 0.5).all()
        assert room.distance_metres >= 0.5


@pytest.mark.parametrize("name", ["room", "impulse-response"])
def test_the_direct_sound_stays_and_the_level_too(name):
    click = torch.zeros(1, RATE)
    click[0, 4000] = 0.9
    corruption = load_corruption(name)
    for severity in (1, 3):
        heard = corruption.apply(click, RATE, severity, [Key("near")]).waveform
        before = heard[0, :3980].square().sum()
        assert heard[0].abs().argmax() == 4000 and before < 1e-8
        torch.testing.assert_close(heard.norm(), click.norm())


@pytest.mark.parametrize("name", ["room", "impulse-response"])
@pytest.mark.parametrize("rate", [4_000, 192_000])
def test_short_silent_and_loud_clips(name, rate):
    corruption = load_corruption(name)
    for clips in (
        torch.zeros(1, 2),
        torch.ones(1, 3),
        -torch.ones(1, 777),
        1e-20 * torch.ones(1, 9),
    ):
        done = corruption.apply(clips, rate, 5, keys(1)).waveform
        assert done.shape == clips.shape and torch.isfinite(done).all()


def test_recorded_responses(tmp_path):
    random = np.random.default_rng(2)
    for name, rt60 in {"hall": 0.9, "car": 0.25}.items():
        samples = (
            0.3 * np.exp(-6.9 * np.arange(48_000) / 48_000 / rt60) * random.standard_normal(48_000)
        )
        samples[0], samples = 1.0, np.pad(samples, (3000, 0))
        soundfile.write(tmp_path / f"{name}.wav", 0.5 * samples, 48_000, "FLOAT")
    corruption = load_corruption("impulse-response", folder=tmp_path)
    facts = corruption.apply(speech_like(1, 0.4).expand(12, -1), RATE, 4, keys(12)).facts
    assert {each["response"] for each in facts} == {"hall.wav", "car.wav"}
    for each in facts:
        assert each["direct_to_reverberant_db"] == pytest.approx(0)
        expected = 0.9 if each["response"] == "hall.wav" else 0.25
        assert each["rt60_seconds"] == pytest.approx(expected, rel=0.1)
    told = corruption.parameters(4)["responses"]
    (tmp_path / "car.wav").unlink()
    alone = load_corruption("impulse-response", folder=str(tmp_path))
    check_corruption(alone)
    assert corruption.random and not alone.random
    assert told.startswith(tmp_path.name)
    assert alone.parameters(4)["responses"] != told


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("room", {"levels": [0.2, 9.0]}, "from 0.1 to 5 s"),
        ("impulse-response", {"rt60_seconds": 0.0}, "from 0.1 to 5 s"),
        ("impulse-response", {"levels": [99.0]}, "from -60 to 60 dB"),
        ("impulse-response", {"folder": "/no/such/folder"}, "no folder"),
    ],
)
def test_refused(name, settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption(name, **settings)
