import contextlib
import inspect
import pickle
import random
import subprocess
import sys

import audiomentations
import numpy as np
import pyroomacoustics
import pytest
import python_stretch
import soundfile
import torch

from perturbations.adapters.audiomentations_grades import GRADES
from perturbations.adapters.borrowed_randomness import seeded_globals
from perturbations.adapters.from_audiomentations import from_audiomentations
from perturbations.contract import Trial, check_clock, check_corruption
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, speech_like

RATE = 16_000
ALL = [name for name, _ in inspect.getmembers(audiomentations, inspect.isclass)]
GRADED = sorted(set(ALL) - {"Compose", "OneOf", "SomeOf", "Lambda"})
OFTEN = {"min_time_between_sounds": 0.05, "max_time_between_sounds": 0.2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four recordings of 2 s, loud at first."""
    path = tmp_path_factory.mktemp("recordings")
    for number in range(4):
        noise = np.random.default_rng(number).standard_normal(2 * RATE)
        soundfile.write(
            path / f"{number}.wav", 0.2 * noise * np.exp(-np.arange(2 * RATE) / 4000), RATE
        )
    return path


def loaded(name, folder, **settings):
    if name == "AddShortNoises":
        settings["arguments"] = OFTEN
    if GRADES[name].folder:
        settings["folder"] = folder
    return load_corruption("audiomentations", transform=name, **settings)


def global_states():
    """Python's `random` is looked at on its own below: the checks of types draw from it."""
    name, words, *rest = np.random.get_state()
    return name, words.tobytes(), rest, torch.get_rng_state().numpy().tobytes()


@pytest.mark.parametrize("fault", [None, ValueError])
def test_borrowed_states_are_seeded_and_given_back(fault):
    stretch = python_stretch.Signalsmith.Stretch
    rooms = pyroomacoustics.random.get_rng()
    before = random.getstate(), global_states()

    def drawn(seed):
        numbers = ()
        with contextlib.suppress(ValueError), seeded_globals(np.random.default_rng(seed)):
            numbers = random.random(), np.random.rand(), torch.rand(1).item()
            numbers += (pyroomacoustics.random.get_rng().random(),)
            if fault:
                raise fault
        return numbers

    first, other = drawn(1), drawn(2)
    assert drawn(1) == first and not set(first) & set(other) and len(set(first)) == 4
    assert (random.getstate(), global_states()) == before
    assert python_stretch.Signalsmith.Stretch is stretch
    assert pyroomacoustics.random.get_rng() is rooms


@pytest.mark.parametrize("name", GRADED)
def test_every_transform_is_keyed_and_leaves_no_trace(name, folder):
    corruption, clips = loaded(name, folder), speech_like(2, 1.0)
    clips[:, :3000], clips[:, -2500:] = 0, 0
    before, given = global_states(), clips.clone()
    for severity in {corruption.severities[0], corruption.severities[-1]}:
        done = corruption.apply(clips, RATE, severity, keys(2))
        again = corruption.apply(clips.flip(0), RATE, severity, keys(2)[::-1]).waveform.flip(0)
        assert torch.equal(done.waveform, again) and torch.isfinite(done.waveform).all()
        for row in range(2):
            check_clock(Trial(corruption, severity, clips, RATE, keys(2), done), row)
            facts = done.facts[row]
            assert facts[corruption.quantity] == corruption.levels[severity - 1]
            assert all(isinstance(value, float | int | str) for value in facts.values())
    assert not (done.waveform.shape == clips.shape and torch.equal(done.waveform, clips))
    assert global_states() == before and torch.equal(clips, given)
    repeats = [Key("clip", repeat) for repeat in range(10)]
    drawn = corruption.apply(clips[:1].expand(10, -1), RATE, severity, repeats).waveform
    distinct = len({row.numpy().tobytes() for row in drawn})
    assert distinct > 1 if corruption.random else distinct == 1


def test_the_table_names_every_transform_and_grades_them():
    assert sorted(GRADES) == GRADED
    graded = [grade for grade in GRADES.values() if len(grade.levels) > 1]
    assert len(graded) == len(GRADED) - 4
    for grade in graded:
        steps = np.diff(grade.levels)
        assert len(grade.levels) == 5 and ((steps > 0).all() or (steps < 0).all())


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("AddGaussianNoise", "amplitude"),
        ("AirAbsorption", "distance"),
        ("BitCrush", "bit_depth"),
        ("LoudnessNormalization", "lufs"),
        ("Mp3Compression", "bitrate"),
        ("PeakingFilter", "gain_db"),
        ("PitchShift", "num_semitones"),
        ("RepeatPart", "repeats"),
        ("RoomSimulator", "target_rt60"),
        ("TimeStretch", "rate"),
    ],
)
def test_the_level_is_what_the_transform_has_drawn(name, drawn, folder):
    corruption = loaded(name, folder)
    for severity in (1, 4):
        facts = corruption.apply(speech_like(1, 1.0), RATE, severity, keys(1)).facts[0]
        assert facts[drawn] == pytest.approx(corruption.levels[severity - 1])


def test_the_samples_are_those_of_audiomentations():
    clip = speech_like(1, 1.0)
    for name, arguments in {
        "Gain": {"min_gain_db": -12, "max_gain_db": -12},
        "BitCrush": {"min_bit_depth": 7, "max_bit_depth": 7},
        "LoudnessNormalization": {"min_lufs": -28, "max_lufs": -28},
        "PitchShift": {"min_semitones": 6, "max_semitones": 6},
    }.items():
        done = load_corruption("audiomentations", transform=name).apply(clip, RATE, 3, keys(1))
        theirs = getattr(audiomentations, name)(**arguments, p=1.0)(clip[0].numpy(), RATE)
        np.testing.assert_allclose(done.waveform[0], theirs, atol=1e-6)


def test_other_parameters_and_arguments():
    corruption = load_corruption(
        "audiomentations",
        transform="LowPassFilter",
        parameter="rolloff",
        levels=[6.0, 48.0],
        arguments={"min_cutoff_freq": 900, "max_cutoff_freq": 900},
    )
    told = corruption.apply(speech_like(1, 0.3), RATE, 2, keys(1)).facts[0]
    assert told["rolloff"] == 48 and told["cutoff_freq"] == pytest.approx(900)
    assert corruption.parameters(2)["min_cutoff_freq"] == 900 and not corruption.random
    same = load_corruption(
        "audiomentations",
        transform="LowPassFilter",
        parameter="rolloff",
        levels=[6.0, 48.0],
        arguments={"max_cutoff_freq": 900, "min_cutoff_freq": 900},
    )
    assert same == corruption and hash(same) == hash(corruption)
    assert pickle.loads(pickle.dumps(corruption)) == corruption


THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor

import audiomentations
import torch

from perturbations.adapters.from_audiomentations import from_audiomentations
from perturbations.corruption import Key

clip = torch.rand(1, 8000) - 0.5
each = [Key(str(number)) for number in range(4)]
rays = {"receiver_radius": 0.5, "n_rays": 500, "energy_thres": 1e-5}
for transform in (
    lambda: audiomentations.AddColorNoise(p=1.0),
    lambda: audiomentations.TimeStretch(0.3, 0.3, p=1.0),  # draws phases below 0.5
    lambda: audiomentations.RoomSimulator(ray_tracing_options=rays, p=1.0),
    lambda: audiomentations.AdjustDuration(duration_seconds=0.2, p=1.0),
):
    shared = from_audiomentations(transform())

    def once(key, corruption=None):
        corruption = corruption or from_audiomentations(transform())
        return corruption.apply(clip, 16_000, 1, [key]).waveform

    alone = [once(key) for key in each]
    assert not torch.equal(alone[0][:, :3000], alone[1][:, :3000])
    with ThreadPoolExecutor(4) as pool:
        for results in pool.map(once, each), pool.map(lambda key: once(key, shared), each):
            assert all(torch.equal(*pair) for pair in zip(alone, results, strict=True))
"""


def test_threads_at_once():
    """In a process without run-time type checks: these draw from `random`, from every thread."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", THREADS], check=True)


@pytest.mark.parametrize(
    "transform",
    [
        audiomentations.Reverse(p=1.0),
        audiomentations.Shift(0.2, 0.2, fade_duration=0.0, p=1.0),
        audiomentations.Shift(-700, -700, shift_unit="samples", fade_duration=0.0, p=1.0),
        audiomentations.Shift(0.1, 0.1, shift_unit="seconds", rollover=False, p=1.0),
        audiomentations.Trim(top_db=20, p=1.0),
        audiomentations.AdjustDuration(duration_seconds=0.7, p=1.0),
        audiomentations.AdjustDuration(duration_seconds=1.7, padding_position="start", p=1.0),
        audiomentations.AdjustDuration(duration_seconds=1.7, padding_mode="wrap", p=1.0),
        audiomentations.Padding(p=1.0),
        audiomentations.Padding(mode="reflect", pad_section="start", p=1.0),
        audiomentations.RepeatPart(p=1.0),
        audiomentations.RepeatPart(mode="replace", p=1.0),
        audiomentations.RepeatPart(crossfade_duration=0.0, p=1.0),
        audiomentations.Compose(
            [
                audiomentations.Trim(top_db=20, p=1.0),
                audiomentations.Compose([audiomentations.Reverse(p=1.0)], p=1.0),
                audiomentations.AdjustDuration(duration_samples=9000, p=1.0),
            ]
        ),
    ],
    ids=repr,
)
def test_time_maps_are_right_to_the_sample(transform):
    """Most samples of a noise, quiet at both ends, are found where the map says they went."""
    noise = torch.rand(1, RATE, generator=torch.Generator().manual_seed(0)) - 0.5
    noise[:, :3000] *= 1e-3
    noise[:, -2000:] *= 1e-3
    done = from_audiomentations(transform).apply(noise, RATE, 1, keys(1)).clip(0)
    went = done.time_map.forward(np.arange(RATE) / RATE) * RATE
    places = np.rint(went).astype(int)
    assert np.abs(went - places).max() < 1e-3
    inside = (places >= 0) & (places < len(done.samples))
    same = (done.samples.numpy()[places[inside]] == noise[0].numpy()[inside]).mean()
    told = repr(transform)
    assert inside.sum() > 8000 and same > 0.25
    if "crossfade_duration=0.0" in told:
        assert same == 1
    elif not any(name in told for name in ("Padding", "Repeat", "wrap")):
        assert same > 0.95


@pytest.mark.parametrize("mode", ["insert", "replace"])
def test_where_repeats_leave_the_rest(mode):
    """Up to the part nothing moves; behind the last repeat all, or nothing, moves."""
    noise = torch.rand(1, 2 * RATE, generator=torch.Generator().manual_seed(0)) - 0.5
    transform = audiomentations.RepeatPart(2, 2, 0.1, 0.2, mode, p=1.0)
    corruption = from_audiomentations(transform)
    for repeat in range(30):
        done = corruption.apply(noise, RATE, 1, [Key("a", repeat)]).clip(0)
        long = done.facts["part_num_samples"]
        join = int(done.facts["part_start_index"] + long)
        if join < RATE:
            break
    behind = join + 100 + (int(2 * long) if mode == "replace" else 0)
    for instants in (np.arange(join - 100), np.arange(behind, 2 * RATE)):
        places = np.rint(done.time_map.forward(instants / RATE) * RATE).astype(int)
        np.testing.assert_array_equal(done.samples[places], noise[0, instants])
    moved = 2 * long / RATE if mode == "insert" else 0.0
    assert done.time_map.forward(1.9) == pytest.approx(1.9 + moved, abs=0.011)


@pytest.mark.parametrize(
    ("transform", "error"),
    [
        (audiomentations.TimeStretch(1.3, 1.3, leave_length_unchanged=False, p=1.0), 0.003),
        (audiomentations.TimeStretch(0.8, 0.8, p=1.0), 0.003),
        (audiomentations.Resample(12_000, 12_000, p=1.0), 0.0001),
        (audiomentations.RoomSimulator(max_order=0, use_ray_tracing=False, p=1.0), 0.0001),
        (audiomentations.PitchShift(2, 2, p=1.0), 0.003),
        (audiomentations.Limiter(p=1.0), 0.0001),
        (audiomentations.Mp3Compression(64, 64, p=1.0), 0.0002),
    ],
    ids=lambda value: type(value).__name__,
)
def test_time_maps_by_a_click(transform, error):
    click = torch.zeros(1, RATE)
    click[0, 7000] = 0.9
    done = from_audiomentations(transform).apply(click, RATE, 1, keys(1)).clip(0)
    heard = done.samples.abs().argmax().item() / RATE
    assert done.time_map.forward(7000 / RATE) == pytest.approx(heard, abs=error)


def test_compositions_and_functions():
    """What is drawn on every level comes from the key; what was applied is told in order."""
    transform = audiomentations.Compose(
        [
            audiomentations.OneOf([audiomentations.Gain(p=1.0), audiomentations.BitCrush(p=1.0)]),
            audiomentations.SomeOf((1, 2), [audiomentations.AddGaussianSNR(p=1.0)] * 2),
            audiomentations.Lambda(lambda samples, rate: samples + 0.01 * np.random.rand(), p=0.5),
        ],
        shuffle=True,
    )
    corruption, clip = from_audiomentations(transform), speech_like(1, 0.3)
    before = global_states()
    applied = set()
    for repeat in range(12):
        one, other = (corruption.apply(clip, RATE, 1, [Key("a", repeat)]) for _ in range(2))
        assert torch.equal(one.waveform, other.waveform) and one.facts == other.facts
        applied.add(one.facts[0]["applied"])
        assert ("AddGaussianSNR-2.noise_std" in one.facts[0]) == (
            one.facts[0]["applied"].count("SNR") == 2
        )
    assert len(applied) > 4 and global_states() == before
    assert "apply" not in vars(transform.transforms[2])
    assert "OneOf" in corruption.parameters(1)["transform"]


def test_what_is_given_stays_as_it_was():
    def overwrite(samples, rate):
        samples *= 0.5
        return samples

    clip = speech_like(1, 0.3)
    before = clip.clone()
    corruption = from_audiomentations(audiomentations.Lambda(overwrite, p=1.0))
    torch.testing.assert_close(corruption.apply(clip, RATE, 1, keys(1)).waveform, 0.5 * before)
    assert torch.equal(clip, before)


def test_two_transforms_share_no_random_numbers():
    first, second = (
        load_corruption("audiomentations", transform=name).generator(Key("a")).random()
        for name in ("AddGaussianSNR", "AddGaussianNoise")
    )
    assert first != second


def test_the_contract():
    check_corruption(load_corruption("audiomentations"))
    check_corruption(from_audiomentations(audiomentations.AddGaussianNoise(p=1.0)))
    check_corruption(from_audiomentations(audiomentations.Reverse(p=1.0)))


def fails(samples, rate):
    raise AssertionError  # as audiomentations does: without a word


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (fails, "AssertionError: raise AssertionError"),
        (lambda samples, rate: samples / "x", "TypeError"),
        (lambda samples, rate: samples * np.nan, "NaN or infinite"),
        (lambda samples, rate: samples[:0], r"shape \(0,\)"),
        (lambda samples, rate: np.stack([samples, samples]), r"shape \(2, "),
        (lambda samples, rate: None, "shape"),
    ],
)
def test_what_goes_wrong_on_the_way(function, told):
    corruption = from_audiomentations(audiomentations.Lambda(function, p=1.0))
    before = global_states()
    with pytest.raises(CorruptionError, match=f"Lambda.*{told}"):
        corruption.apply(speech_like(1, 0.2), RATE, 1, keys(1))
    assert global_states() == before


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"transform": "Wobble"}, "no transform 'Wobble'. There are: AddBackgroundNoise"),
        ({"transform": "load_sound_file"}, "no transform"),
        ({"transform": "Lambda"}, "from_audiomentations"),
        ({"transform": "Compose"}, "from_audiomentations"),
        ({"transform": "Gain", "levels": [40.0], "parameter": "volume"}, "There are: gain_db"),
        ({"transform": "Gain", "parameter": "gain_db"}, "Give the levels"),
        ({"transform": "Gain", "arguments": {"volume": 1}}, "does not take"),
        ({"transform": "BitCrush", "arguments": {"p": {}}}, "mapping"),
        ({"transform": "PitchShift", "levels": [40.0]}, "does not take.*<= 24"),
        ({"transform": "Normalize", "arguments": {"apply_to": "none"}}, "does not take"),
        ({"transform": "AddBackgroundNoise"}, "give the setting 'folder'"),
        ({"transform": "ApplyImpulseResponse", "folder": "/no/such"}, "does not take"),
    ],
)
def test_refused(settings, told):
    with pytest.raises(CorruptionError, match=told):
        load_corruption("audiomentations", **settings)


def test_only_instances_are_wrapped():
    for other in (audiomentations.Gain, np.abs, None):
        with pytest.raises(CorruptionError, match="an instance"):
            from_audiomentations(other)
