import logging
from dataclasses import replace
from math import log

import numpy as np
import pytest
import soundfile
import torch

from perturbations.errors import CorruptionError
from perturbations.neural_codecs import training
from perturbations.neural_codecs.network import NetworkSettings
from perturbations.neural_codecs.residual import ResidualCodec, load_residual_codec
from perturbations.neural_codecs.training import (
    MelDistance,
    TrainingSettings,
    batches,
    drawn_codebooks,
    learning_rate_share,
    levelled,
    main,
    measured_quality,
    read_folder,
    train,
)
from tests.perturbations.signals import sine, speech_like

TINY = NetworkSettings(width=16, bands=16, bins=8, latent=8, codebooks=3, entries=16)
QUICK = TrainingSettings(steps=50, batch=3, seconds=0.5)


def trained(clips, settings):
    *_, (network, _) = train(clips, TINY, settings)
    return network


@pytest.fixture(scope="module")
def clips():
    return [levelled(clip) for clip in speech_like(6, 1.5)]


def test_training_learns_and_is_repeatable(clips):
    begun = trained(clips, replace(QUICK, steps=1))
    finished, again = trained(clips, QUICK), trained(clips, QUICK)
    for one, other in zip(finished.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    before, after = (
        measured_quality(ResidualCodec(each), [clip / 10 for clip in clips], 0.6)
        for each in (begun, finished)
    )
    assert after["log_spectral_distance_db"] < 0.9 * before["log_spectral_distance_db"]
    other = trained(clips, replace(QUICK, seed=1, steps=1))
    assert not torch.equal(other.encoder[0].mixed.weight, begun.encoder[0].mixed.weight)


def test_the_command(tmp_path, monkeypatch, caplog):
    for number, clip in enumerate(speech_like(3, 1.0, 44_100)):
        soundfile.write(tmp_path / f"{number}.flac", clip.numpy(), 44_100)
    soundfile.write(tmp_path / "silence.wav", np.zeros(16_000), 16_000)
    soundfile.write(tmp_path / "click.wav", np.ones(100), 16_000)
    assert [len(clip) for clip in read_folder(tmp_path, 16_000)] == [16_000] * 3
    monkeypatch.setattr(training, "NetworkSettings", lambda: TINY)
    out = tmp_path / "mine.safetensors"
    with caplog.at_level(logging.INFO):
        main([str(tmp_path), "--out", str(out), "--test", str(tmp_path), "--steps", "2"])
    assert load_residual_codec(str(out)).bitrates_kbps == pytest.approx((0.2, 0.4, 0.6))
    assert "si_sdr_db" in caplog.text


def test_a_folder_without_speech(tmp_path):
    with pytest.raises(CorruptionError, match="holds no speech"):
        read_folder(tmp_path, 16_000)


def test_batches_are_as_long_as_asked_at_many_speeds():
    tone = [levelled(sine(400.0, 3.0)[0])]
    settings = TrainingSettings(batch=16, seconds=0.5)
    batch = next(batches(tone, 16_000, settings))
    assert batch.shape == (16, 8_000)
    heard = torch.fft.rfft(batch).abs().argmax(1) * 2.0  # bins of 2 Hz
    assert heard.min() >= 400 * settings.slowest - 3
    assert heard.max() <= 400 * settings.fastest + 3
    assert heard.max() - heard.min() > 60
    assert torch.equal(batch, next(batches(tone, 16_000, settings)))


def test_the_distance_of_a_louder_copy():
    distance = MelDistance.at_rate(16_000)
    noise = torch.randn(1, 16_000, generator=torch.Generator().manual_seed(0))
    assert distance(2 * noise, noise) == pytest.approx(log(2), rel=1e-3)
    assert distance(noise, noise) < 1e-6
    assert len(distance.some(torch.Generator().manual_seed(0)).filters) == 2


def test_half_the_batch_uses_every_codebook_and_the_rest_any_number():
    drawn = drawn_codebooks(400, 8, torch.Generator().manual_seed(0))
    assert (drawn[:200] == 8).all()
    assert set(drawn[200:].tolist()) == set(range(1, 9))


def test_the_learning_rate_rises_and_falls():
    shares = [learning_rate_share(step, 10, 200) for step in range(200)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == shares[9] == shares[10] == 1
    assert shares[105] == pytest.approx(0.5)
    assert shares[-1] < 1e-3
