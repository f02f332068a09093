import numpy as np
import pytest
import soundfile
import torch

from perturbations.errors import CorruptionError
from perturbations.impulse_responses import (
    Response,
    decaying_noise,
    direct_to_reverberant_db,
    modified,
    place_impulses,
    recorded_response,
    reverberate,
    reverberation_seconds,
    with_direct_sound,
    with_direct_to_reverberant,
    without_lows,
)

RATE = 16_000


@pytest.mark.parametrize("rt60", [0.2, 0.7, 3.0])
def test_schroeder_on_an_exact_decay(rt60):
    decay = 10 ** (-3 * np.arange(round(1.5 * rt60 * RATE)) / RATE / rt60)
    assert reverberation_seconds(Response(decay, 0), RATE) == pytest.approx(rt60, rel=1e-3)
    assert reverberation_seconds(Response(np.eye(1, 100)[0], 0), RATE) == 0


@pytest.mark.parametrize("rt60", [0.3, 1.0])
def test_noise_decays_as_asked(rt60):
    noise = decaying_noise(np.random.default_rng(0), rt60, RATE, round(rt60 * RATE))
    assert reverberation_seconds(Response(noise, 0), RATE) == pytest.approx(rt60, rel=0.03)
    undone = noise * 10 ** (3 * np.arange(len(noise)) / RATE / rt60)
    assert np.square(undone).mean() == pytest.approx(1, abs=0.05)


def test_an_impulse_between_samples_is_a_delay():
    """Against the closed form exp(-i w t): to 1 % up to 0.9 of the Nyquist frequency."""
    placed = place_impulses(np.array([30.37, 500.0]), np.array([0.8, 1.0]), 400)
    assert len(placed.samples) == 400 + placed.lead, "what comes too late is left out"
    radians = np.linspace(0, 0.9 * np.pi, 200)
    samples = np.arange(len(placed.samples)) - placed.lead
    response = np.exp(-1j * radians[:, None] * samples) @ placed.samples
    np.testing.assert_allclose(response, 0.8 * np.exp(-1j * radians * 30.37), atol=0.01)


def test_the_direct_to_reverberant_ratio_is_the_one_asked_for():
    random = np.random.default_rng(1)
    whole = with_direct_sound(Response(0.1 * random.standard_normal(4000), 7))
    turned = with_direct_to_reverberant(whole, RATE, -4.0)
    direct = np.square(turned.samples[: 7 + 41]).sum()
    rest = np.square(turned.samples[7 + 41 :]).sum()
    assert 10 * np.log10(direct / rest) == pytest.approx(-4)
    assert direct_to_reverberant_db(turned, RATE) == pytest.approx(-4)
    np.testing.assert_array_equal(turned.samples[:48], whole.samples[:48])
    with pytest.raises(CorruptionError, match="ends with its direct sound"):
        with_direct_to_reverberant(Response(np.ones(10), 0), RATE, 0.0)


def test_a_recording_is_neither_late_nor_upside_down(tmp_path):
    samples = np.zeros((4800, 2), np.float32)
    samples[960], samples[1440], samples[:, 1] = -0.5, 0.2, 0.9
    soundfile.write(tmp_path / "ir.wav", samples, 48_000, "FLOAT")
    response = recorded_response(tmp_path / "ir.wav", 0, RATE)
    assert response.samples[response.lead] == 1 == np.abs(response.samples).max()
    assert response.samples[response.lead + 160] == pytest.approx(-0.4, abs=0.01)
    click = torch.zeros(2, 1000)
    click[:, 300] = 0.5
    heard = reverberate(click, [response, Response(np.ones(1), 0)])
    assert heard.argmax(1).tolist() == [300, 300]
    torch.testing.assert_close(heard[1], click[1])
    torch.testing.assert_close(heard.norm(dim=1), click.norm(dim=1))


@pytest.mark.parametrize("content", [b"no audio", np.zeros(50), np.full(50, np.nan), np.zeros(0)])
def test_what_is_no_recording(tmp_path, content):
    file = tmp_path / "bad.wav"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        soundfile.write(file, content, RATE, "FLOAT")
    with pytest.raises(CorruptionError, match=r"bad\.wav"):
        recorded_response(file, modified(file), RATE)


def test_a_recording_that_is_gone(tmp_path):
    with pytest.raises(CorruptionError, match="cannot be read"):
        modified(tmp_path / "gone.wav")


def test_lows_are_gone_and_the_rest_stays():
    click = Response(np.eye(1, RATE)[0], 0)
    response = np.abs(np.fft.rfft(without_lows(click, RATE).samples))
    assert response[0] < 1e-6
    assert response[20] == pytest.approx(2**-0.5, abs=0.01)
    np.testing.assert_allclose(response[200:], 1, atol=1e-3)
