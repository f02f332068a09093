import numpy as np
import pytest
import torch

from explainers.segmentation.speech import Speech
from tests.explainers.segmentation.sounds import RATE, bursts, with_noise

SPOKEN = [(0.5, 1.0), (1.4, 2.2), (2.6, 3.0)]
NAMES = ("pause 1", "speech 1", "pause 2", "speech 2", "pause 3", "speech 3", "pause 4")


def speech_times(clip: torch.Tensor) -> np.ndarray:
    parts = Speech().cut(clip, RATE)
    assert parts.names == NAMES
    assert np.array_equal(parts.boxes[1:, 0], parts.boxes[:-1, 1])
    return parts.boxes[1::2, :2]


@pytest.mark.parametrize("snr_db", [100.0, 20.0, 10.0, 5.0, 0.0])
def test_known_runs_within_50_ms(snr_db: float):
    times = speech_times(with_noise(bursts(SPOKEN, 4.0), snr_db))
    assert np.abs(times - SPOKEN).max() < 0.05


def test_clean_and_at_any_level():
    clip = bursts(SPOKEN, 4.0)
    for gain in (1.0, 1e-2, 5.0):
        assert np.abs(speech_times(gain * clip) - SPOKEN).max() < 0.05


def test_hum_and_rumble_are_no_speech():
    time = torch.arange(4 * RATE) / RATE
    hum = torch.sin(2 * torch.pi * 120 * time)
    rumble = torch.cumsum(torch.randn(4 * RATE, generator=torch.Generator().manual_seed(2)), 0)
    times = speech_times(bursts(SPOKEN, 4.0) + hum + 1e-3 * rumble)
    assert np.abs(times - SPOKEN).max() < 0.05


def test_the_threshold_follows_noise_that_sets_in():
    """A sudden fan counts as sound at first; 2.5 s later it is the floor."""
    clip = bursts([*SPOKEN, (10.5, 11.0), (11.5, 12.0)], 13.0)
    noise = torch.randn(len(clip), generator=torch.Generator().manual_seed(3))
    level = torch.where(torch.arange(len(clip)) < 6 * RATE, 1e-4, 2e-2)
    parts = Speech().cut(clip + noise * level, RATE)
    later = [box for name, box in zip(parts.names, parts.boxes, strict=True) if "speech" in name]
    assert np.abs(np.array(later)[-2:, :2] - [(10.5, 11.0), (11.5, 12.0)]).max() < 0.05


def test_the_hangover_bridges_short_pauses_only():
    clip = bursts([(0.5, 0.8), (0.9, 1.2), (1.6, 2.0)], 2.5)
    assert [name for name in Speech().cut(clip, RATE).names if "speech" in name] == [
        "speech 1",
        "speech 2",
    ]
    assert len(Speech(hangover=0.05).cut(clip, RATE)) == 7


def test_a_breath_lasts_but_does_not_open():
    """Noise 6 dB above the rest is enough to stay in a run of speech, not to start one."""
    clip = with_noise(bursts(SPOKEN, 4.0), 30)
    breath = torch.randn(4_800, generator=torch.Generator().manual_seed(5))
    clip[54_400:59_200] = 2 * clip[:4_000].std() * breath
    assert np.abs(speech_times(clip) - SPOKEN).max() < 0.05


def test_clicks_are_left_out():
    clip = with_noise(bursts([(1.0, 1.5)], 2.0), 40)
    clip[RATE // 2 : RATE // 2 + 16] += 0.5
    assert Speech().cut(clip, RATE).names == ("pause 1", "speech 1", "pause 2")


def test_a_clip_without_change_is_one_part():
    steady = torch.randn(2 * RATE, generator=torch.Generator().manual_seed(4)) * 0.1
    tone = 0.1 * torch.sin(2 * torch.pi * 440 * torch.arange(2 * RATE) / RATE)
    assert Speech().cut(steady, RATE).names == ("speech 1",)
    assert Speech().cut(tone, RATE).names == ("speech 1",)
    assert Speech().cut(torch.zeros(2 * RATE), RATE).names == ("pause 1",)
