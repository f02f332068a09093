"""The real loading code on tiny networks with random weights, saved to a folder."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from perturbations.contract import check_corruption
from perturbations.corruption import Key, load_corruption
from perturbations.errors import CorruptionError
from perturbations.neural_codecs.coding import check_clock, measured_delay
from perturbations.neural_codecs.hugging_face import check_reachable, load_hugging_face
from tests.perturbations.signals import keys, speech_like

transformers = pytest.importorskip("transformers")


def spread(codebooks):
    """Codebooks are all zeros before training; these stand for something."""
    for codebook in codebooks:
        codebook.normal_()


def tiny_encodec(**settings):
    config = transformers.EncodecConfig(
        num_filters=4,
        hidden_size=16,
        codebook_size=16,
        codebook_dim=16,
        num_lstm_layers=1,
        target_bandwidths=[0.3, 0.6, 1.2, 2.4],
        **settings,
    )
    model = transformers.EncodecModel(config)
    spread(layer.codebook.embed for layer in model.quantizer.layers)
    return model


def tiny_dac():
    return transformers.DacModel(
        transformers.DacConfig(
            encoder_hidden_size=4,
            decoder_hidden_size=32,
            downsampling_ratios=[2, 4, 5, 8],
            n_codebooks=4,
            codebook_size=16,
            codebook_dim=4,
        )
    )


def tiny_mimi():
    model = transformers.MimiModel(
        transformers.MimiConfig(
            hidden_size=16,
            num_filters=4,
            codebook_size=16,
            codebook_dim=8,
            vector_quantization_hidden_dimension=8,
            num_quantizers=4,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            intermediate_size=16,
            upsample_groups=16,
        )
    )
    for part in (
        model.quantizer.semantic_residual_vector_quantizer,
        model.quantizer.acoustic_residual_vector_quantizer,
    ):
        spread(layer.codebook.embed_sum for layer in part.layers)
    return model


TINY = {"encodec": tiny_encodec, "dac": tiny_dac, "mimi": tiny_mimi}
LEVELS = {"encodec": (2.4, 1.2, 0.6, 0.3), "dac": (4.0, 3.0, 2.0, 1.0), "mimi": (4.0, 3.0, 2.0)}
KBPS = {"encodec": 2.4, "dac": 4 * 4 * 50 / 1000, "mimi": 4 * 4 * 12.5 / 1000}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = {}
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        for name, make in TINY.items():
            made[name] = str(tmp_path_factory.mktemp(name))
            make().save_pretrained(made[name])
    return made


def corruption(name, folders):
    return load_corruption(name, model=folders[name], levels=LEVELS[name])


@pytest.mark.parametrize("name", TINY)
def test_they_keep_their_promises(name, folders):
    check_corruption(corruption(name, folders), speech_like(2, 0.6))


@pytest.mark.parametrize("name", TINY)
@pytest.mark.parametrize("sample_rate", [4_000, 44_100])
@pytest.mark.parametrize("length", [2, 319, 40_001])
def test_any_length_at_any_rate(name, folders, sample_rate, length):
    clip = speech_like(1, 11.0, 4_000)[:, :length]
    corrupted = corruption(name, folders).apply(clip, sample_rate, 2, keys(1))
    assert corrupted.waveform.shape == clip.shape
    assert torch.isfinite(corrupted.waveform).all()


@pytest.mark.parametrize("name", TINY)
def test_the_bits_are_those_of_the_codes(name, folders):
    clip = speech_like(1, 1.6)  # whole frames of all three
    corrupted = corruption(name, folders).apply(clip, 16_000, 1, keys(1))
    assert corrupted.facts[0]["bitrate_kbps"] == pytest.approx(KBPS[name])
    fewer = corruption(name, folders).apply(clip, 16_000, 3, keys(1))
    share = LEVELS[name][2] / LEVELS[name][0]
    assert fewer.facts[0]["bitrate_kbps"] == pytest.approx(KBPS[name] * share)
    assert not torch.equal(fewer.waveform, corrupted.waveform)


@pytest.mark.parametrize("name", TINY)
def test_what_is_decoded_is_what_the_model_decodes(name, folders):
    kind = {"encodec": "EncodecModel", "dac": "DacModel", "mimi": "MimiModel"}[name]
    model = getattr(transformers, kind).from_pretrained(folders[name]).eval()
    codec = load_hugging_face(name, folders[name], "cpu")
    clip = speech_like(1, 1.6, codec.sample_rate)[0]
    how = {"bandwidth": 2.4} if name == "encodec" else {}
    with torch.no_grad():
        expected = model(clip[None, None], **how).audio_values.flatten()
    coded = codec.round_trip(clip, max(codec.bitrates_kbps))
    assert torch.allclose(coded.samples[: len(expected)], expected[: len(clip)], atol=1e-5)
    check_clock(codec, clip, coded)
    assert measured_delay(codec) == 0


def test_a_stereo_model_with_chunks_and_scales(tmp_path):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        tiny_encodec(
            audio_channels=2, normalize=True, chunk_length_s=1.0, overlap=0.01, sampling_rate=48_000
        ).save_pretrained(tmp_path)
    codec = load_corruption("encodec", model=str(tmp_path), levels=(2.4,))
    clip = speech_like(1, 2.3)
    corrupted = codec.apply(clip, 16_000, 1, keys(1))
    assert corrupted.waveform.shape == clip.shape
    assert torch.isfinite(corrupted.waveform).all()
    assert 2.4 <= corrupted.facts[0]["bitrate_kbps"] < 2.6


def test_loaded_once_by_threads(folders):
    with ThreadPoolExecutor(4) as pool:
        loaded = set(pool.map(lambda _: load_hugging_face("dac", folders["dac"], "cpu"), range(8)))
    assert len(loaded) == 1
    clip = speech_like(1, 0.5)
    dac = corruption("dac", folders)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: dac.apply(clip, 16_000, 1, [Key("a")]).waveform, range(4)))
    assert all(torch.equal(made[0], other) for other in made)


def test_absent_weights_say_how_to_get_them(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CorruptionError, match=r"hf download kyutai/mimi.*model=FOLDER"):
        load_hugging_face("mimi", "nobody/has-this", "cpu")


def test_a_folder_that_holds_no_codec(tmp_path):
    with pytest.raises(CorruptionError, match="cannot be had from"):
        load_hugging_face("encodec", str(tmp_path), "cpu")


def test_unfinished_weights_are_refused(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    model = transformers.DacModel.from_pretrained(folders["dac"])
    model.save_pretrained(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    del state["decoder.conv1.weight"]
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(CorruptionError, match="holds no weights for"):
        load_hugging_face("dac", str(tmp_path), "cpu")


def test_levels_out_of_range(folders):
    with pytest.raises(CorruptionError, match="5 codebooks; this codec has 4"):
        load_corruption("dac", model=folders["dac"], levels=(5,)).apply(
            speech_like(1, 0.5), 16_000, 1, keys(1)
        )
    with pytest.raises(CorruptionError, match="whole numbers"):
        load_corruption("mimi", levels=(1.5,))
    with pytest.raises(CorruptionError, match=r"7 kbit/s was asked for.*0\.3, 0\.6"):
        load_corruption("encodec", model=folders["encodec"], levels=(7,)).apply(
            speech_like(1, 0.5), 16_000, 1, keys(1)
        )


def test_a_hub_that_does_not_answer_costs_no_patience(monkeypatch):
    monkeypatch.setattr("perturbations.neural_codecs.hugging_face.getproxies", dict)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    started = time.perf_counter()
    with pytest.raises(OSError, match="cannot be reached"):
        check_reachable()
    assert time.perf_counter() - started < 5
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(OSError, match="offline"):
        check_reachable()
