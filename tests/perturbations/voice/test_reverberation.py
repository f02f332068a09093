import numpy as np
import pyroomacoustics
import pytest
import torch

from perturbations.voice.reverberation import Layout, draw_layout, find_echoes, reverberate
from tests.perturbations.signals import sine, speech_like

LAYOUT = Layout((0.31, 0.27, 0.4), (0.63, 0.51, 0.55))
ECHOES = find_echoes(LAYOUT)


@pytest.mark.parametrize("sample_rate", [4_000, 16_000])
@pytest.mark.parametrize("side", [3.0, 7.0])
def test_the_direct_sound_stays_in_place_and_the_level_is_kept(side, sample_rate):
    click = torch.zeros(1, sample_rate)
    click[0, sample_rate // 4] = 0.9
    heard = reverberate(click, sample_rate, side, ECHOES)
    assert heard.shape == click.shape
    assert heard[0].abs().argmax().item() == sample_rate // 4
    before = heard[0, : sample_rate // 4].double().square().sum()
    assert before < 0.01 * heard.double().square().sum(), "nothing is heard before it is said"
    torch.testing.assert_close(heard.norm(), click.norm())


def test_it_is_the_room_that_pyroomacoustics_builds_at_full_size():
    """Up to level, its delay of the direct sound and its fractional delays of 81 samples.

    An echo pattern half a sample late agrees to 0.92 only.
    """
    side, rate = 4.0, 16_000
    clip = speech_like(1, 1.0)
    room = pyroomacoustics.ShoeBox(
        [side] * 3, fs=rate, materials=pyroomacoustics.Material(0.1), max_order=88
    )
    room.add_source([side * share for share in LAYOUT.speaker])
    room.add_microphone([side * share for share in LAYOUT.microphone])
    room.compute_rir()
    response = torch.from_numpy(room.rir[0][0]).double()
    size = 1 << 17
    delay = 40 + side * np.linalg.norm(np.subtract(LAYOUT.speaker, LAYOUT.microphone)) * rate / 343
    advance = torch.exp(2j * torch.pi * torch.fft.rfftfreq(size) * delay)
    spectrum = torch.fft.rfft(clip[0].double(), n=size) * torch.fft.rfft(response, n=size)
    expected = torch.fft.irfft(spectrum * advance, n=size)[: clip.shape[1]]
    heard = reverberate(clip, rate, side, ECHOES)[0].double()
    correlation = expected @ heard / (expected.norm() * heard.norm())
    assert correlation > 0.995


def test_an_echo_by_hand():
    """The nearest wall's echo of a click, at its detour and its damping."""
    layout = Layout((0.2, 0.5, 0.5), (0.5, 0.5, 0.5))
    echoes = find_echoes(layout)
    first = echoes.detours.argmin()
    assert echoes.detours[first] == pytest.approx(0.7 - 0.3, abs=1e-6)
    assert echoes.amplitudes[first] == pytest.approx(np.sqrt(0.9) * 0.3 / 0.7, rel=1e-5)


def test_a_small_room_hardly_sounds_and_none_does_not_at_all():
    tone = sine(440, 0.5)
    assert torch.equal(reverberate(tone, 16_000, 0.0, ECHOES), tone)

    def tail(side):
        burst = torch.cat([tone, torch.zeros(1, 16_000)], dim=1)
        heard = reverberate(burst, 16_000, side, ECHOES)[0].double().square()
        return (heard[len(tone[0]) :].sum() / heard.sum()).item()

    tails = [tail(side) for side in (0.5, 3.0, 7.0)]
    assert tails == sorted(tails) and tails[0] < 0.2 < 0.4 < tails[2], tails


def test_every_layout_lies_inside_the_room():
    random = np.random.default_rng(0)
    for _ in range(200):
        layout = draw_layout(random)
        places = np.array([layout.speaker, layout.microphone])
        assert ((places > 0.04) & (places < 0.96)).all()
        assert np.linalg.norm(places[0] - places[1]) == pytest.approx(0.3)
