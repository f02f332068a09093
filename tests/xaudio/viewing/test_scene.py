import io

import numpy as np
import pytest
import soundfile

from xaudio.audio import clip_from_samples
from xaudio.reports.elements import Stretch
from xaudio.viewing import Lane, scene_of, sound_of

RATE = 16000


def clip(seconds=1.0, level=0.3, rate=RATE, seed=0):
    samples = np.random.default_rng(seed).uniform(-level, level, round(seconds * rate))
    return clip_from_samples(samples.astype(np.float32), rate, "made.wav")


def heard(sound):
    return soundfile.read(io.BytesIO(sound.file))


def test_a_sound_is_the_clip_to_within_a_step_of_sixteen_bits():
    made = clip(rate=22050)
    samples, rate = heard(sound_of("Original", made))
    assert rate == 22050
    assert np.abs(samples - made.samples).max() <= 1.6 / 32768


def test_full_scale_does_not_wrap_around():
    made = clip_from_samples(np.array([1.0, -1.0, 2.0, -2.0], np.float32), RATE, "loud")
    assert heard(sound_of("x", made))[0] == pytest.approx([1, -1, 1, -1], abs=1e-4)


def test_the_outline_holds_the_extremes_of_every_column():
    made = clip(seconds=2.0)
    outline = sound_of("x", made).outline
    width = round(outline.column * RATE)
    assert width == 8 and len(outline.lowest) == len(outline.highest) == 4000
    for column in (0, 77, 3999):
        part = made.samples[column * width : (column + 1) * width]
        assert outline.lowest[column] / 127 == pytest.approx(part.min(), abs=0.004)
        assert outline.highest[column] / 127 == pytest.approx(part.max(), abs=0.004)
    packed = np.frombuffer(outline.packed, np.int8)
    assert packed.tolist() == [*outline.lowest, *outline.highest]


def test_the_levels_worth_showing_end_at_the_loudest_cell():
    low, high = sound_of("x", clip()).levels
    assert high == sound_of("x", clip()).spectrogram.values.max()
    assert low == high - 80


def test_the_clip_itself_is_the_first_sound():
    scene = scene_of(clip(), sounds={"Quieter": clip(level=0.1)})
    assert [sound.name for sound in scene.sounds] == ["Original", "Quieter"]
    assert np.abs(heard(scene.sounds[1])[0]).max() == pytest.approx(0.1, abs=0.001)
    assert (scene.seconds, scene.sample_rate, scene.name) == (1.0, RATE, "made.wav")


def test_versions_louder_than_full_scale_are_turned_down_together():
    scene = scene_of(clip(level=0.5), sounds={"Loud": clip(level=2.0, seed=1)})
    original, loud = (np.abs(heard(sound)[0]).max() for sound in scene.sounds)
    assert loud == pytest.approx(1.0, abs=1e-3)
    assert original == pytest.approx(0.25, abs=1e-3)


def test_the_same_samples_are_the_same_clip_to_a_viewer():
    one = scene_of(clip())
    assert one.identity == scene_of(clip(), lanes=[Lane("w", (Stretch(0.0, 1.0, "a"),))]).identity
    assert one.identity != scene_of(clip().cut(0.0, 0.5)).identity
    assert one.identity != scene_of(clip(seed=1)).identity
    nearly = [scene_of(clip().cut(0.0, end)).identity for end in (0.5, 0.5002)]
    assert nearly[0] != nearly[1]  # though both chains say "cut 0.000-0.500 s"


def test_ten_seconds_are_less_than_half_a_megabyte():
    sound = sound_of("x", clip(seconds=10.0, level=0.1))
    assert len(sound.spectrogram.packed) + len(sound.outline.packed) < 260_000
    assert len(sound.file) < 320_000 * 0.95
