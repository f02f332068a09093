import os
import pickle
import shutil

import numpy as np
import pytest
import torch
import transformers

from xaudio.classifiers import check_classifier, load_classifier
from xaudio.errors import ModelError

NAMES = {"id2label": {0: "fake", 1: "real"}, "label2id": {"fake": 0, "real": 1}}
SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
WAVE = SMALL | {
    "conv_dim": (8,) * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 8,
}
WHISPER = {
    "d_model": 16,
    "encoder_layers": 1,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "max_source_positions": 100,
    "classifier_proj_size": 8,
    "vocab_size": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}


def wav2vec2(**names):
    torch.manual_seed(0)
    return transformers.Wav2Vec2ForSequenceClassification(
        transformers.Wav2Vec2Config(**WAVE, **names)
    )


def spectrogram_transformer(**names):
    torch.manual_seed(0)
    return transformers.ASTForAudioClassification(
        transformers.ASTConfig(**SMALL, max_length=128, **names)
    )


def whisper(**names):
    torch.manual_seed(0)
    return transformers.WhisperForAudioClassification(
        transformers.WhisperConfig(**WHISPER, **names)
    )


KINDS = {
    "wav2vec2, normalised": (
        wav2vec2,
        lambda: transformers.Wav2Vec2FeatureExtractor(do_normalize=True),
    ),
    "wav2vec2, plain": (
        wav2vec2,
        lambda: transformers.Wav2Vec2FeatureExtractor(do_normalize=False),
    ),
    "ast": (spectrogram_transformer, lambda: transformers.ASTFeatureExtractor(max_length=128)),
    "whisper": (whisper, lambda: transformers.WhisperFeatureExtractor(chunk_length=2)),
}


def saved(folder, model, extractor):
    model.eval().save_pretrained(folder)
    extractor.save_pretrained(folder)
    return f"hf:{folder}"


def speech_like(seconds: float) -> np.ndarray:
    """Two clips: noise that swells, and a soft tone with a pause."""
    times = np.arange(round(seconds * 16000)) / 16000
    noise = np.random.default_rng(0).standard_normal(len(times)) * np.sin(3 * times) ** 2
    tone = np.sin(2 * np.pi * 300 * times) * (times % 0.5 > 0.2)
    return np.stack([0.1 * noise + 0.02, 0.01 * tone]).astype(np.float32)


@pytest.mark.filterwarnings("ignore:At least one mel filter")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seconds", [0.7, 3.0])
def test_features_and_logits_are_those_of_the_library(tmp_path, kind, seconds):
    make_model, make_extractor = KINDS[kind]
    model, extractor = make_model(**NAMES), make_extractor()
    classifier = load_classifier(saved(tmp_path, model, extractor))
    clips = speech_like(seconds)
    prepared = extractor([*clips], sampling_rate=16000, return_tensors="pt")
    features = prepared[model.main_input_name]
    with torch.no_grad():
        found = classifier.module.front_end(torch.from_numpy(clips))
        assert found.shape == features.shape
        assert (found - features).abs().max() < 1e-3
        logits = classifier(torch.from_numpy(clips))
        assert torch.allclose(logits, model(features).logits, atol=1e-5)
    assert (classifier.labels, classifier.sample_rate) == (("spoof", "bonafide"), 16000)


@pytest.mark.filterwarnings("ignore:At least one mel filter")
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_keeps_its_promises(tmp_path, kind):
    make_model, make_extractor = KINDS[kind]
    classifier = load_classifier(saved(tmp_path, make_model(**NAMES), make_extractor()))
    check_classifier(classifier, torch.from_numpy(speech_like(0.7)))
    assert torch.isfinite(classifier(torch.ones(1, 2))).all()


def test_numeric_labels_ask_for_the_users_word(tmp_path):
    spec = saved(tmp_path, wav2vec2(), transformers.Wav2Vec2FeatureExtractor())
    with pytest.raises(ModelError, match="calls its classes LABEL_0, LABEL_1"):
        load_classifier(spec)
    assert load_classifier(spec, labels=("real", "fake")).labels == ("bonafide", "spoof")


def test_weights_replace_the_folders_own(tmp_path):
    spec = saved(tmp_path, wav2vec2(**NAMES), transformers.Wav2Vec2FeatureExtractor())
    state = {name: 0 * value for name, value in wav2vec2(**NAMES).state_dict().items()}
    torch.save(state, tmp_path / "zero.pth")
    classifier = load_classifier(spec, weights=tmp_path / "zero.pth")
    assert not any(value.any() for value in classifier.module.model.state_dict().values())


def test_an_extractor_that_cannot_come_inside_names_those_that_can(tmp_path):
    spec = saved(tmp_path, wav2vec2(**NAMES), transformers.SeamlessM4TFeatureExtractor())
    with pytest.raises(ModelError, match=r"SeamlessM4TFeatureExtractor, .*ASTFeatureExtractor"):
        load_classifier(spec)


def test_a_model_without_an_extractor_is_refused(tmp_path):
    wav2vec2(**NAMES).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"has no preprocessor_config\.json"):
        load_classifier(f"hf:{tmp_path}")


def test_a_model_without_a_trained_head_is_refused(tmp_path):
    base = wav2vec2(**NAMES).wav2vec2
    spec = saved(tmp_path, base, transformers.Wav2Vec2FeatureExtractor())
    with pytest.raises(ModelError, match=r"no weights for classifier\.bias: it is not a finished"):
        load_classifier(spec)


def test_a_folder_without_weights_is_refused(tmp_path):
    spec = saved(tmp_path, wav2vec2(**NAMES), transformers.Wav2Vec2FeatureExtractor())
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"cannot be loaded: .*Expected a folder or id") as caught:
        load_classifier(spec)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    shutil.rmtree(tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_classifier(f"hf:{tmp_path}")


def test_the_extractor_is_part_of_the_fingerprint_and_the_folder_is_not(tmp_path):
    def fingerprint(name, normalised):
        extractor = transformers.Wav2Vec2FeatureExtractor(do_normalize=normalised)
        return load_classifier(saved(tmp_path / name, wav2vec2(**NAMES), extractor)).fingerprint

    assert fingerprint("a", True) == fingerprint("b", True) != fingerprint("c", False)


class Bomb:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def bomb(folder):
    torch.save({"classifier.bias": Bomb(folder / "ran")}, folder / "pytorch_model.bin")


def plain_pickle(folder):
    content = pickle.dumps({"classifier.bias": Bomb(folder / "ran")}, protocol=4)
    (folder / "pytorch_model.bin").write_bytes(content)


def damaged(folder):
    (folder / "model.safetensors").write_bytes(b"no tensors at all")


@pytest.mark.parametrize("spoil", [bomb, plain_pickle, damaged])
def test_weights_that_cannot_be_trusted_are_refused_in_a_line(tmp_path, spoil, recwarn):
    spec = saved(tmp_path, wav2vec2(**NAMES), transformers.Wav2Vec2FeatureExtractor())
    (tmp_path / "model.safetensors").unlink()
    spoil(tmp_path)
    with pytest.raises(ModelError, match=r"is refused: its \w+ file is damaged") as caught:
        load_classifier(spec)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()
