import numpy as np
import pytest
import torch

from perturbations.corruption import load_corruption
from perturbations.errors import CorruptionError
from perturbations.quantisation import round_between_extremes, round_to_bits
from tests.perturbations.signals import keys, sine, snr, speech_like


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_quantisation_leaves_so_many_evenly_spaced_values(severity):
    count = int(load_corruption("quantisation").parameters(severity)["value_count"])
    assert count == (1024, 256, 64, 16, 4)[severity - 1]
    clips = torch.from_numpy(np.random.default_rng(0).uniform(-0.3, 0.9, (2, 50_000))).float()
    rounded = load_corruption("quantisation").apply(clips, 16_000, severity, keys(2)).waveform
    for before, after in zip(clips, rounded, strict=True):
        values = after.unique()
        assert len(values) == count
        torch.testing.assert_close(values[[0, -1]], torch.stack([before.min(), before.max()]))
        step = (before.max() - before.min()) / (count - 1)
        torch.testing.assert_close(values.diff(), step.expand(count - 1), atol=3e-7, rtol=0)
        assert (after - before).abs().max() <= step / 2 + 2e-7


def test_quantisation_takes_the_nearest_value():
    clip = speech_like(1, 0.2)
    low, high = clip.min().double(), clip.max().double()
    allowed = torch.linspace(0, 1, 16, dtype=torch.float64) * (high - low) + low
    nearest = allowed[(clip.double().T - allowed).abs().argmin(1)]
    rounded = round_between_extremes(clip, 16)[0]
    torch.testing.assert_close(rounded.double(), nearest, atol=1e-6, rtol=0)


@pytest.mark.parametrize("clip", [torch.zeros(1, 9), torch.full((1, 9), -0.7)])
def test_a_constant_clip_stays(clip):
    assert torch.equal(round_between_extremes(clip, 4), clip)


@pytest.mark.parametrize("bits", [4, 6, 8, 10, 12, 16])
def test_a_full_scale_sine_has_the_signal_to_noise_ratio_of_the_textbook(bits):
    """6.02 dB per bit and 1.76 dB, of a sine that just is not clipped."""
    amplitude = 1 - 2.0 ** (1 - bits)
    tone = sine(997.13, 4.0, amplitude=amplitude)
    expected = 6.0206 * bits + 1.7609 + 20 * np.log10(amplitude)
    assert snr(tone, round_to_bits(tone, bits)).item() == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_bits_leave_the_values_of_pcm(bits):
    ramp = torch.linspace(-1, 1, 100_001)[None]
    half = 2 ** (bits - 1)
    values = round_to_bits(ramp, bits).unique()
    assert torch.equal(values, torch.arange(-half, half) / half)


def test_eight_and_sixteen_bits_are_soundfiles(tmp_path):
    """What a WAV file of so many bits gives back."""
    import soundfile

    clip = 0.9 * speech_like(1, 0.2)
    for bits, subtype in ((8, "PCM_U8"), (16, "PCM_16")):
        rounded = round_to_bits(clip, bits)
        path = tmp_path / f"{bits}.wav"
        soundfile.write(path, rounded[0].numpy(), 16_000, subtype)
        read, _ = soundfile.read(path, dtype="float32")
        np.testing.assert_array_equal(read, rounded[0].numpy())


def test_what_is_softer_than_half_a_step_is_lost():
    clip = sine(100, amplitude=0.06)
    corruption = load_corruption("bit-depth")
    assert not corruption.apply(clip, 16_000, 5, keys(1)).waveform.any()
    assert corruption.apply(clip, 16_000, 4, keys(1)).waveform.any()


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("quantisation", (1.0,)),
        ("quantisation", (4.5,)),
        ("bit-depth", (0.0,)),
        ("bit-depth", (25.0,)),
    ],
)
def test_levels_that_are_none(name, levels):
    with pytest.raises(CorruptionError, match="whole numbers from"):
        load_corruption(name, levels=levels)
