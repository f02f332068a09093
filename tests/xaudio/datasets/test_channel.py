from dataclasses import replace

import numpy as np

from xaudio.datasets.channel import CODECS, Channel, draw_channel, transmit

RATE = 16000
CLEAR = Channel(
    low_hz=20.0,
    high_hz=8000.0,
    colouring_db=(0.0,) * 6,
    codec=None,
    bitrate_kbps=0.0,
    noise_snr_db=120.0,
    noise_slope_db=0.0,
    level_db=-23.0,
    seed=0,
)


def speech_like(seed=99):
    return 0.1 * np.random.default_rng(seed).standard_normal(RATE).astype(np.float32)


def band_level(samples, low, high):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    return 10 * np.log10(spectrum[(frequencies >= low) & (frequencies < high)].mean() + 1e-20)


def test_the_level_is_as_drawn():
    sent = transmit(speech_like(), RATE, CLEAR)
    assert np.isclose(20 * np.log10(sent.std()), -23.0, atol=0.05)


def test_a_clear_channel_changes_nothing_but_the_level():
    samples = speech_like()
    sent = transmit(samples, RATE, CLEAR)
    assert np.corrcoef(samples, sent)[0, 1] > 0.998


def test_nothing_passes_above_the_band():
    sent = transmit(speech_like(), RATE, replace(CLEAR, high_hz=3400.0))
    assert band_level(sent, 4200, 8000) < band_level(sent, 500, 3000) - 60


def test_the_noise_has_the_drawn_ratio():
    channel = replace(CLEAR, noise_snr_db=20.0)
    clean, noisy = (transmit(speech_like(), RATE, one).astype(float) for one in (CLEAR, channel))
    gain = np.dot(noisy, clean) / np.dot(clean, clean)
    rest = noisy - gain * clean
    assert abs(20 * np.log10((gain * clean).std() / rest.std()) - 20.0) < 0.7


def test_colouring_is_as_drawn():
    channel = replace(CLEAR, colouring_db=(0.0, 0.0, 0.0, 0.0, 12.0, 12.0))
    plain, coloured = (transmit(speech_like(), RATE, one) for one in (CLEAR, channel))
    tilt = [band_level(one, 4000, 7000) - band_level(one, 300, 1200) for one in (plain, coloured)]
    assert abs(tilt[1] - tilt[0] - 12.0) < 1.0


def test_every_codec_keeps_length_and_words():
    for codec, (_, bitrates) in CODECS.items():
        channel = replace(CLEAR, codec=codec, bitrate_kbps=max(bitrates))
        time = np.arange(RATE) / RATE
        tone = (0.2 * np.sin(2 * np.pi * 500 * time)).astype(np.float32)
        sent = transmit(tone, RATE, channel)
        assert sent.shape == tone.shape
        assert np.corrcoef(tone[1600:-1600], sent[1600:-1600])[0, 1] > 0.98, codec


def test_draws_depend_on_the_seed_alone_and_cover_the_range():
    drawn = [draw_channel(seed, RATE) for seed in range(400)]
    assert drawn[3] == draw_channel(3, RATE)
    assert 0.3 < np.mean([one.codec is not None for one in drawn]) < 0.5
    assert 0.4 < np.mean([one.high_hz < RATE / 2 for one in drawn]) < 0.6
    assert min(one.noise_snr_db for one in drawn) >= 20
    assert all(-36 <= one.level_db <= -16 for one in drawn)


def test_the_result_is_within_full_scale_and_repeatable():
    loud = np.sign(speech_like()) * 0.999
    loud = loud.astype(np.float32)
    for seed in range(10):
        channel = draw_channel(seed, RATE)
        sent = transmit(loud, RATE, channel)
        assert np.abs(sent).max() <= 1.0
        assert np.array_equal(sent, transmit(loud, RATE, channel))
