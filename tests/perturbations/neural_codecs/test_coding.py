from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch

from perturbations.contract import check_corruption
from perturbations.errors import CorruptionError
from perturbations.neural_codecs import Coded, NeuralCoding, code
from perturbations.neural_codecs.coding import measured_delay
from tests.perturbations.signals import keys, sine, speech_like


class Identity:
    """Gives back what it was given, in frames of 320 samples, `late` samples late."""

    bitrates_kbps = (1.5, 3.0)

    def __init__(self, sample_rate=24_000, late=0):
        self.sample_rate = sample_rate
        self.late = late

    def round_trip(self, samples, bitrate_kbps):
        frames = -(-len(samples) // 320)
        shifted = torch.cat([torch.zeros(self.late), samples])[: len(samples)]
        padded = torch.nn.functional.pad(shifted, (0, 320 * frames - len(samples)))
        return Coded(padded, round(1000 * bitrate_kbps * 320 * frames / self.sample_rate))


class FedAtItsOwnRate(Identity):
    """The published defect: 16 kHz samples taken for 24 kHz, then brought from 24 to 16 kHz."""

    def round_trip(self, samples, bitrate_kbps):
        coded = super().round_trip(samples, bitrate_kbps)
        return Coded(coded.samples[: 2 * len(samples) // 3], coded.bits)


def loudest_hertz(samples, sample_rate):
    spectrum = torch.fft.rfft(samples * torch.hann_window(len(samples))).abs()
    return float(spectrum.argmax()) * sample_rate / len(samples)


@pytest.mark.parametrize("sample_rate", [8_000, 16_000, 22_050, 24_000, 44_100, 192_000])
def test_a_sine_keeps_its_pitch_and_a_click_its_place(sample_rate):
    codec = Identity()
    tone = sine(440.0, 1.0, sample_rate)[0]
    coded = code(codec, tone, sample_rate, 3.0).samples
    assert len(coded) == len(tone)
    assert abs(loudest_hertz(coded, sample_rate) - 440) <= 1
    inner = slice(sample_rate // 10, -sample_rate // 10)
    assert (coded - tone)[inner].abs().max() < 2e-3
    click = torch.zeros(sample_rate)
    click[round(0.37 * sample_rate)] = 1.0
    where = int(code(codec, click, sample_rate, 3.0).samples.abs().argmax())
    assert abs(where - round(0.37 * sample_rate)) <= max(1, sample_rate / codec.sample_rate)


def test_a_codec_out_of_tune_with_its_rate_is_refused():
    with pytest.raises(CorruptionError, match="another sample rate"):
        code(FedAtItsOwnRate(), speech_like(1)[0], 16_000, 3.0)


@pytest.mark.parametrize("late", [0, 1, 37, 960])
def test_delay_is_measured_and_put_right(late):
    codec = Identity(late=late)
    assert measured_delay(codec) == late
    clip = speech_like(1, 1.0, 24_000)[0]
    coded = code(codec, clip, 24_000, 3.0).samples
    assert torch.allclose(coded[: len(clip) - late], clip[: len(clip) - late], atol=1e-6)


def test_what_is_nothing_like_the_clip_is_taken_to_be_in_time():
    class Noise(Identity):
        def round_trip(self, samples, bitrate_kbps):
            noise = torch.randn(len(samples), generator=torch.Generator().manual_seed(0))
            return Coded(noise, 1)

    assert measured_delay(Noise()) == 0


@pytest.mark.parametrize(("asked", "sent"), [(3.0, 3.0), (1.5, 1.5), (1.49, 1.5)])
def test_bits_are_counted_over_the_clip(asked, sent):
    clip = speech_like(1, 1.2)[0]  # 90 whole frames
    assert code(Identity(), clip, 16_000, asked).facts["bitrate_kbps"] == pytest.approx(sent)
    short = code(Identity(), clip[:16], 16_000, asked)  # one frame for 1 ms
    assert short.facts["bitrate_kbps"] == pytest.approx(sent * 320 / 24, rel=0.05)


def test_a_bit_rate_that_the_codec_has_not():
    with pytest.raises(CorruptionError, match=r"2 kbit/s was asked for.*1\.5, 3 kbit/s"):
        code(Identity(), speech_like(1)[0], 16_000, 2.0)


class Rounding(Identity):
    def round_trip(self, samples, bitrate_kbps):
        coded = super().round_trip(samples, bitrate_kbps)
        return Coded((coded.samples * 8 * bitrate_kbps).round() / 8 / bitrate_kbps, coded.bits)


ROUNDING = Rounding()


@dataclass(frozen=True)
class Added(NeuralCoding):
    """All that another codec takes."""

    name: ClassVar[str] = "rounding"
    summary: ClassVar[str] = "Rounds."

    levels: tuple[float, ...] = (3.0, 1.5)

    def codec(self, device):
        return ROUNDING


def test_another_codec_in_a_few_lines():
    check_corruption(Added(), speech_like(2, 0.6))
    corrupted = Added().apply(speech_like(2, 0.6), 16_000, 2, keys(2))
    assert [facts["bitrate_kbps"] for facts in corrupted.facts] == pytest.approx([1.5, 1.5])


def test_too_loud_a_clip_reaches_the_codec_within_full_scale():
    class Watching(Identity):
        def round_trip(self, samples, bitrate_kbps):
            assert samples.abs().max() <= 1
            return super().round_trip(samples, bitrate_kbps)

    code(Watching(16_000), 50 * speech_like(1)[0], 16_000, 3.0)


def test_levels_are_positive():
    with pytest.raises(CorruptionError, match="more than 0"):
        Added(levels=(3.0, 0.0))
