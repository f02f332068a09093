import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from perturbations.corruption import Key, corruptions, generator, load_corruption
from perturbations.errors import CorruptionError
from tests.perturbations.signals import keys, speech_like

NAMES = (
    "background-noise",
    "echo",
    "high-pass",
    "low-pass",
    "mp3",
    "opus",
    "time-stretch",
    "white-noise",
)


def test_the_first_eight_are_registered():
    assert set(NAMES) <= set(corruptions.names())


def test_an_unknown_corruption_names_those_there_are():
    with pytest.raises(CorruptionError, match=r"Did you mean 'low-pass'.*white-noise"):
        load_corruption("lowpass")


def test_an_unknown_setting_names_those_there_are():
    with pytest.raises(CorruptionError, match=r"no setting 'delay'.*levels, delay_seconds"):
        load_corruption("echo", delay=3)


@pytest.mark.parametrize(
    "levels", [(), (1, 2, 3, 4, float("nan")), "loud", "12345", 3, [10**400] * 5, [None] * 5]
)
def test_levels_that_are_none(levels):
    with pytest.raises(CorruptionError, match="levels") as told:
        load_corruption("white-noise", levels=levels)
    assert not isinstance(levels, str) or levels in str(told.value)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("echo", {"delay_seconds": "abc"}, "'delay_seconds' of 'echo' is a finite number; 'abc'"),
        ("echo", {"delay_seconds": True}, "finite number; True"),
        ("echo", {"delay_seconds": float("inf")}, "finite number; inf"),
        ("echo", {"delay_seconds": 10**400}, "finite number; 1000"),
        ("echo", {"delay_seconds": 1e9}, "above 0 and at most 10"),
        ("background-noise", {"ambience": 5}, "'ambience' of 'background-noise' is a word; 5"),
    ],
)
def test_settings_of_another_kind_are_told(name, settings, said):
    with pytest.raises(CorruptionError, match=said):
        load_corruption(name, **settings)


WRONG_TYPES = {
    "load_corruption('background-noise', folder=5)": "The setting 'folder' of 'background-noise'",
    "load_corruption('gain').apply([[0.5, 0.5]], 16_000, 1, [Key('')])": "of the type list; give a",
    "load_corruption('gain').parameters('1')": "The severity is '1'; it must be a whole number",
}


def test_what_is_of_another_type_is_told():
    """In a process of its own: here the checks of every annotation would come first."""
    code = f"""
from perturbations.corruption import CorruptionError, Key, load_corruption
for call in {list(WRONG_TYPES)}:
    try:
        eval(call)
    except CorruptionError as told:
        print(told)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for said, expected in zip(ran.stdout.splitlines(), WRONG_TYPES.values(), strict=True):
        assert expected in said


def test_a_whole_number_may_stand_for_any_number():
    delay = load_corruption("echo", delay_seconds=1).delay_seconds
    assert (delay, type(delay)) == (1.0, float)


def test_levels_as_a_user_writes_them():
    assert load_corruption("white-noise", levels=[50, 40, 30, 20, 10]).parameters(1) == {
        "snr_db": 50.0
    }


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("low-pass", (0, 1, 2, 3, 4)),
        ("high-pass", (-1, 1, 2, 3, 4)),
        ("low-pass", (1e-9, 1, 2, 3, 4)),
        ("echo", (1e300, 0, 0, 0, 0)),
        ("white-noise", (-100_000, 0, 0, 0, 0)),
        ("background-noise", (121, 0, 0, 0, 0)),
        ("mp3", (40, 32, 24, 16, 9)),
        ("opus", (31, 16, 12, 8, 2)),
        ("time-stretch", (1.1, 0.9, 1.3, 0.7, 0.0)),
    ],
)
def test_levels_that_the_corruption_cannot_do(name, bad):
    with pytest.raises(CorruptionError, match=name):
        load_corruption(name, levels=bad)


@pytest.mark.parametrize("severity", [-1, 6, 100])
def test_a_severity_that_is_none(severity):
    with pytest.raises(CorruptionError, match="whole number from 0"):
        load_corruption("echo").apply(speech_like(1), 16_000, severity, keys(1))
    with pytest.raises(CorruptionError, match="whole number from 0"):
        load_corruption("echo").parameters(severity)


@pytest.mark.parametrize(
    ("waveform", "sample_rate", "count", "told"),
    [
        (torch.zeros(1, 1), 16_000, 1, "one sample"),
        (torch.zeros(1, 0), 16_000, 1, "empty"),
        (torch.full((1, 9), float("nan")), 16_000, 1, "NaN"),
        (torch.full((1, 9), 20_000.0), 16_000, 1, "32,768"),
        (torch.zeros(1, 9), 3_999, 1, "4,000"),
        (torch.zeros(1, 9), 192_001, 1, "192,000"),
        (torch.zeros(2, 9), 16_000, 1, "one key per clip"),
    ],
)
@pytest.mark.parametrize("severity", [0, 3])
def test_bad_input_is_refused_at_every_severity(waveform, sample_rate, count, told, severity):
    with pytest.raises(CorruptionError, match=told):
        load_corruption("echo").apply(waveform, sample_rate, severity, keys(count))


def test_ten_thousand_keys_share_nothing():
    firsts = np.array(
        [generator("white-noise", 1, Key(f"clip-{n}")).standard_normal(4) for n in range(10_000)]
    )
    for column in firsts.T:
        assert len(np.unique(column)) == 10_000
    assert len(np.unique(firsts)) == firsts.size  # nor one shifted against another
    correlation = np.corrcoef(firsts.T) - np.eye(4)
    assert np.abs(correlation).max() < 0.05
    assert firsts.mean() == pytest.approx(0, abs=0.02)
    assert firsts.std() == pytest.approx(1, abs=0.02)


def test_what_is_in_the_key_and_how_it_is_joined():
    def first(*arguments):
        return generator(*arguments).random()

    same = first("echo", 1, Key("a", 1))
    assert same == first("echo", 1, Key("a", 1))
    others = [
        first("echo", 2, Key("a", 1)),
        first("ech", 1, Key("a", 1)),
        first("echo", 1, Key("a", 2)),
        first("echo", 1, Key("a1", 0)),
        first("echo1", 1, Key("", 1)),
    ]
    assert len({same, *others}) == 6


def test_the_five_severities_share_their_noise():
    clip = speech_like(1)
    noisy = load_corruption("white-noise")
    drawn = [noisy.apply(clip, 16_000, s, keys(1)).waveform - clip for s in (1, 5)]
    mild, harsh = (noise / noise.square().mean().sqrt() for noise in drawn)
    assert torch.allclose(mild, harsh, atol=1e-3)


def test_another_process_draws_the_same():
    script = (
        "from perturbations.corruption import *;"
        "print(generator('opus', 3, Key('ä/b', 2)).standard_normal(3).tobytes().hex())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    here = generator("opus", 3, Key("ä/b", 2)).standard_normal(3).tobytes().hex()
    assert elsewhere.stdout.strip() == here


@pytest.mark.parametrize("name", NAMES)
def test_threads_do_not_get_in_each_others_way(name):
    corruption, clips = load_corruption(name), speech_like(4, seconds=0.5)
    expected = [corruption.apply(clips[i : i + 1], 16_000, 3, keys(4)[i : i + 1]) for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(corruption.apply, clips[i : i + 1], 16_000, 3, keys(4)[i : i + 1])
            for i in range(4)
        ]
        for job, single in zip(jobs, expected, strict=True):
            assert torch.equal(job.result().waveform, single.waveform)


def test_a_loud_result_is_turned_down_and_not_clipped():
    clip = torch.sign(speech_like(1))
    noisy = load_corruption("white-noise").apply(clip, 16_000, 5, keys(1)).waveform
    assert noisy.abs().max() == pytest.approx(1.0, abs=1e-6)
    assert (noisy.abs() > 0.999).sum() < 5


@pytest.mark.parametrize("name", ["time-stretch", "pitch-shift", "room", "white-noise"])
def test_how_the_samples_lie_in_memory_changes_nothing(name):
    clips = speech_like(2, 0.5)
    interleaved = clips.T.contiguous().T  # as the channels of a sound file are read
    one, other = (
        load_corruption(name).apply(each, 16_000, 3, keys(2)) for each in (clips, interleaved)
    )
    assert torch.equal(one.waveform, other.waveform)
