"""The bundled codec and the network it is made of."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.neural_codecs.coding import measured_delay
from perturbations.neural_codecs.network import (
    CodecNetwork,
    FourierHead,
    NetworkSettings,
    mel_triangles,
    overlap_added,
)
from perturbations.neural_codecs.quantiser import ResidualQuantiser
from perturbations.neural_codecs.residual import (
    BUNDLED_FILE,
    load_network,
    load_residual_codec,
    save_network,
)
from tests.perturbations.signals import keys, speech_like

CODEC = load_corruption("neural-codec")
TINY = NetworkSettings(width=8, bands=8, bins=8, latent=4, codebooks=3, entries=8)


def tiny(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CodecNetwork(TINY)
        for codebook in network.quantiser.codebooks:
            codebook.vectors.normal_()
    return network


def log_spectral_distance(clean, coded, sample_rate=16_000):
    """Median over clips, in dB, by scipy."""
    spectra = [scipy.signal.stft(each.double().numpy(), sample_rate)[2] for each in (clean, coded)]
    levels = [10 * np.log10(np.abs(spectrum) ** 2 + 1e-9) for spectrum in spectra]
    per_clip = np.sqrt(((levels[0] - levels[1]) ** 2).mean(axis=-2)).mean(axis=-1)
    return float(np.median(per_clip))


def test_fewer_bits_do_more_harm():
    clips = speech_like(6, 1.5, seed=11)
    distances = []
    for severity in CODEC.severities:
        corrupted = CODEC.apply(clips, 16_000, severity, keys(6))
        asked = CODEC.levels[severity - 1]
        sent = corrupted.facts[0]["bitrate_kbps"]
        assert sent == pytest.approx(asked, abs=0.016 / 1.5 + 1e-9)  # and the gain's 16 bits
        distances.append(log_spectral_distance(clips, corrupted.waveform))
    assert distances == sorted(distances)
    assert distances[-1] > 1.05 * distances[0]


def test_what_comes_out_is_still_the_voice():
    clips = 0.3 * speech_like(6, 1.5, seed=11)  # room below full scale: none is turned down
    mild = CODEC.apply(clips, 16_000, 1, keys(6)).waveform
    other = clips.roll(1, 0)
    near, far = log_spectral_distance(clips, mild), log_spectral_distance(clips, other)
    assert near < 0.75 * far
    levels = mild.square().mean(1) / clips.square().mean(1)
    assert (10 * levels.log10()).abs().max() < 0.1


def test_it_is_in_time():
    assert abs(measured_delay(load_residual_codec("bundled"))) <= 2
    burst = torch.zeros(1, 16_000)
    burst[:, 8_000:8_400] = speech_like(1, 1.0)[:, 4_000:4_400]
    energy = CODEC.apply(burst, 16_000, 1, keys(1)).waveform[0].square()
    centre = float((energy * torch.arange(16_000)).sum() / energy.sum())
    assert 7_900 < centre < 8_500


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 20_000),
    st.sampled_from([4_000, 8_000, 11_025, 16_000, 44_100, 192_000]),
    st.sampled_from([0.0, 1e-7, 0.3, 1.0, 60.0]),
    st.integers(1, 5),
)
def test_any_clip(length, sample_rate, loudness, severity):
    generator = torch.Generator().manual_seed(length)
    clip = loudness * (2 * torch.rand(2, length, generator=generator) - 1)
    corrupted = CODEC.apply(clip, sample_rate, severity, keys(2))
    assert corrupted.waveform.shape == clip.shape
    assert torch.isfinite(corrupted.waveform).all()
    assert corrupted.waveform.abs().max() <= 1
    assert loudness > 0 or not corrupted.waveform.any()


def test_a_minute():
    clip = speech_like(1, 4.0).repeat(1, 15)
    assert CODEC.apply(clip, 16_000, 3, keys(1)).waveform.shape == clip.shape


def test_loudness_is_kept():
    clip = speech_like(1, 1.0)
    loud = CODEC.apply(clip, 16_000, 2, keys(1)).waveform
    quiet = CODEC.apply(0.001 * clip, 16_000, 2, keys(1)).waveform
    assert torch.allclose(1000 * quiet, loud, atol=1e-4)


def test_every_thread_and_batch_hears_the_same():
    clips = speech_like(4, 0.8)
    together = CODEC.apply(clips, 16_000, 3, keys(4)).waveform
    with ThreadPoolExecutor(2) as pool:
        alone = list(
            pool.map(
                lambda row: CODEC.apply(clips[[row]], 16_000, 3, [Key("x")]).waveform, range(4)
            )
        )
    assert torch.equal(torch.cat(alone), together)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert torch.equal(CODEC.apply(clips, 16_000, 3, keys(4)).waveform, together)
    finally:
        torch.set_num_threads(threads)


def test_the_bundle_is_small_and_tells_its_size():
    from safetensors import safe_open

    assert BUNDLED_FILE.stat().st_size < 1_000_000
    with safe_open(BUNDLED_FILE, "pt") as opened:
        said = json.loads(opened.metadata()["settings"])
    assert said["codebooks"] == 8
    assert BUNDLED_FILE.with_suffix(".md").is_file()


def test_a_network_of_ones_own(tmp_path):
    file = tmp_path / "mine.safetensors"
    network = tiny()
    save_network(network, file)
    again = load_network(file)
    assert again.settings == TINY
    for name, value in network.state_dict().items():
        assert torch.allclose(again.state_dict()[name], value, atol=1e-3)
    own = replace(CODEC, weights=str(file), levels=(0.45, 0.3, 0.15))
    clip = speech_like(1, 1.0)
    corrupted = own.apply(clip, 16_000, 2, keys(1))
    assert corrupted.facts[0]["bitrate_kbps"] == pytest.approx(2 * 3 * 50 / 1000 + 0.016)
    with pytest.raises(CorruptionError, match=r"3\.6 kbit/s was asked for"):
        replace(CODEC, weights=str(file)).apply(clip, 16_000, 1, keys(1))


@pytest.mark.parametrize("content", [None, b"", b"no weights at all"])
def test_weights_that_are_none(tmp_path, content):
    file = tmp_path / "broken.safetensors"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CorruptionError, match=r"no weights file|holds no neural codec"):
        load_residual_codec(str(file))


def test_weights_of_something_else(tmp_path):
    from safetensors.torch import save_file

    file = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, file)
    with pytest.raises(CorruptionError, match="holds no neural codec"):
        load_residual_codec(str(file))


def test_codes_are_the_nearest_entries_one_after_another():
    quantiser = ResidualQuantiser(3, 8, 4)
    generator = torch.Generator().manual_seed(1)
    for codebook in quantiser.codebooks:
        codebook.vectors.normal_(generator=generator)
    latent = torch.randn(2, 4, 5, generator=generator)
    codes = quantiser.encode(latent, 3)
    for clip in range(2):
        for frame in range(5):
            left = latent[clip, :, frame].clone()
            for number, codebook in enumerate(quantiser.codebooks):
                nearest = int((codebook.vectors - left).norm(dim=1).argmin())
                assert codes[clip, number, frame] == nearest
                left -= codebook.vectors[nearest]
            decoded = quantiser.decode(codes)[clip, :, frame]
            assert torch.allclose(decoded, latent[clip, :, frame] - left, atol=1e-6)
    assert torch.equal(quantiser.encode(latent, 2), codes[:, :2])


def test_a_codebook_learns_where_the_vectors_are():
    generator = torch.Generator().manual_seed(0)
    places = torch.randn(8, 4, generator=generator) * 3
    quantiser = ResidualQuantiser(2, 32, 4)
    for _ in range(300):
        drawn = places[torch.randint(8, (64,), generator=generator)]
        latent = (drawn + 0.01 * torch.randn(64, 4, generator=generator)).T[None]
        quantiser.train_on(latent, torch.tensor([2]), generator)
    found = torch.cdist(places, quantiser.codebooks[0].vectors).amin(1)
    assert found.max() < 0.05


def test_training_passes_gradients_straight_and_drops_codebooks():
    quantiser = tiny().quantiser
    latent = torch.randn(2, 4, 5, requires_grad=True)
    before = [codebook.vectors.clone() for codebook in quantiser.codebooks]
    generator = torch.Generator().manual_seed(0)
    quantised, commitment = quantiser.train_on(latent, torch.tensor([1, 2]), generator)
    quantised.sum().backward()
    assert torch.allclose(latent.grad, torch.ones_like(latent))
    assert commitment > 0
    changed = [
        not torch.equal(old, codebook.vectors)
        for old, codebook in zip(before, quantiser.codebooks, strict=True)
    ]
    assert changed == [True, True, False]


def test_overlapping_frames_add_up_to_the_signal():
    signal = torch.randn(1, 320 * 7)
    window = torch.hann_window(640)
    pieces = torch.nn.functional.pad(signal, (160, 160)).unfold(1, 640, 320) * window
    share = overlap_added(window.expand(1, pieces.shape[1], -1))
    assert torch.allclose(overlap_added(pieces) / share, signal, atol=1e-5)


def test_the_fourier_head_sounds_one_bin_evenly_up_to_the_edges():
    head = FourierHead(4, 320)
    with torch.no_grad():
        head.spectrum.weight.zero_()
        head.spectrum.bias.fill_(-50.0)  # levels, then phases
        head.spectrum.bias[20] = 1.0
        head.spectrum.bias[321:] = 0.5
        sound = head(torch.randn(1, 4, 6))[0]
    cycles = 20 * torch.arange(160, 160 + 6 * 320) / 640
    expected = 2 / 640**0.5 * torch.e * torch.cos(2 * torch.pi * cycles + 0.5)
    assert torch.allclose(sound, expected, atol=1e-5)


def test_mel_triangles_are_librosas():
    from librosa.filters import mel

    ours = mel_triangles(640, 64, 16_000)
    theirs = mel(sr=16_000, n_fft=640, n_mels=64, htk=True, norm=None).T
    assert np.allclose(ours.numpy(), theirs, atol=1e-5)
