import numpy as np
import pytest
import soxr
import torch

from perturbations.errors import CorruptionError, UserError
from perturbations.waveform import (
    check_waveform,
    cut_or_pad,
    decibels,
    frames,
    noise_folder,
    peak,
    resample,
    rms,
    within_full_scale,
)
from tests.perturbations.signals import sine, speech_like


@pytest.mark.parametrize(
    ("waveform", "sample_rate", "told"),
    [
        (torch.zeros(5), 16_000, r"\[batch, time\]"),
        (torch.zeros(1, 0), 16_000, "empty"),
        (torch.zeros(0, 5), 16_000, "empty"),
        (torch.zeros(1, 5, dtype=torch.float64), 16_000, "float32"),
        (torch.tensor([[0.0, float("nan")]]), 16_000, "1 NaN or infinite"),
        (torch.tensor([[float("inf"), float("nan")]]), 16_000, "2 NaN or infinite"),
        (torch.zeros(1, 5), 0, "sample rate"),
        (torch.zeros(1, 5), -8, "sample rate"),
    ],
)
def test_bad_waveforms_are_refused_by_name(waveform, sample_rate, told):
    with pytest.raises(CorruptionError, match=told):
        check_waveform(waveform, sample_rate)


def test_each_floor_gets_its_own_error():
    class OtherError(UserError):
        pass

    with pytest.raises(OtherError):
        check_waveform(torch.zeros(1, 0), 16_000, OtherError)


def test_levels_of_a_sine():
    tone = sine(1000, amplitude=0.5)
    assert rms(tone).item() == pytest.approx(0.5 / 2**0.5, rel=1e-4)
    assert peak(-tone).item() == pytest.approx(0.5, rel=1e-4)
    assert decibels(torch.tensor(0.5)).item() == pytest.approx(-6.0206, rel=1e-4)


def test_only_loud_clips_are_turned_down():
    quiet, loud = torch.tensor([0.5, -0.25]), torch.tensor([1.0, -4.0])
    result = within_full_scale(torch.stack([quiet, loud]))
    assert torch.equal(result[0], quiet)
    assert torch.equal(result[1], loud / 4)


@pytest.mark.parametrize("to_rate", [8_000, 22_050, 48_000])
def test_a_resampled_sine_is_the_sine_at_that_rate(to_rate):
    there = resample(sine(440), 16_000, to_rate)
    expected = sine(440, sample_rate=to_rate)
    assert there.shape == expected.shape
    middle = slice(to_rate // 10, -to_rate // 10)
    assert torch.allclose(there[:, middle], expected[:, middle], atol=2e-4)


def test_resampling_is_soxr_row_by_row():
    clips = speech_like(3)
    together = resample(clips, 16_000, 11_025)
    for clip, row in zip(clips, together, strict=True):
        alone = soxr.resample(clip.numpy(), 16_000, 11_025)
        np.testing.assert_array_equal(row.numpy()[: len(alone)], alone[: len(row)])


@pytest.mark.parametrize("length", [1, 2, 3, 97])
@pytest.mark.parametrize(
    ("from_rate", "to_rate"), [(192_000, 4_000), (4_000, 192_000), (16_000, 22_050)]
)
def test_the_resampled_length_is_as_said(length, from_rate, to_rate):
    there = resample(torch.ones(2, length), from_rate, to_rate)
    assert there.shape == (2, max(1, round(length * to_rate / from_rate)))


def test_frames_are_slices():
    clip = torch.arange(23.0)[None]
    found = frames(clip, size=6, hop=4)
    padded = cut_or_pad(clip, 40)[0]
    assert len(found[0]) == 6
    for number, frame in enumerate(found[0]):
        assert torch.equal(frame, padded[4 * number : 4 * number + 6])
    assert frames(clip, size=50, hop=7).shape == (1, 1, 50)


def test_a_noise_folder_lists_recordings_in_one_order(tmp_path):
    for name in ("b.wav", "a/z.FLAC", "a.txt", "c.ogg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    listed = [file.relative_to(tmp_path).as_posix() for file in noise_folder(tmp_path)]
    assert listed == ["a/z.FLAC", "b.wav", "c.ogg"]


def test_a_missing_or_empty_noise_folder_is_refused(tmp_path):
    with pytest.raises(CorruptionError, match="no folder"):
        noise_folder(tmp_path / "nowhere")
    with pytest.raises(CorruptionError, match="no recording"):
        noise_folder(tmp_path)
