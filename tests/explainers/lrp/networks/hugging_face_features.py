"""transformers' audio classifiers that look at features: tiny, random, each in its variants."""

import torch
from torch import nn

from tests.explainers.lrp.networks.catalogue import noise
from tests.explainers.lrp.networks.hugging_face import (
    BOTH,
    EAGER_ONLY,
    WEIGHTED,
    PaddedLogits,
    add_classifier,
)

SPECTROGRAM = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "patch_size": 8,
    "frequency_stride": 6,
    "time_stride": 6,
    "max_length": 40,
    "num_mel_bins": 20,
    "num_labels": 3,
}
WHISPER = {
    "d_model": 12,
    "num_mel_bins": 10,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_layers": 1,
    "decoder_attention_heads": 2,
    "decoder_ffn_dim": 16,
    "max_source_positions": 20,
    "classifier_proj_size": 8,
    "vocab_size": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
    "num_labels": 3,
}
BERT = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "feature_projection_input_dim": 10,
    "conv_depthwise_kernel_size": 5,
    "classifier_proj_size": 8,
    "left_max_position_embeddings": 6,
    "right_max_position_embeddings": 3,
    "max_source_positions": 60,
    "num_labels": 3,
}
# Windows of 4 x 4 patches over 16 x 16, shifted in every second layer, merged four to one between.
CLAP = {
    "window_size": 4,
    "num_mel_bins": 16,
    "spec_size": 32,
    "patch_size": 2,
    "patch_stride": (2, 2),
    "patch_embeds_hidden_size": 8,
    "depths": (2, 2),
    "num_attention_heads": (2, 4),
    "num_hidden_layers": 2,
    "hidden_size": 16,
    "mlp_ratio": 2.0,
    "projection_dim": 6,
}
FUSED = {"enable_fusion": True, "fusion_type": "aff_2d", "aff_block_r": 2}


class Tower(nn.Module):
    """CLAP's audio tower; classes are directions in the space it shares with text."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model
        self.classes = nn.Linear(6, 3, bias=False)

    def forward(self, features):
        embedding = self.embedding(features).audio_embeds
        return 5 * self.classes(embedding / embedding.norm(p=2, dim=-1, keepdim=True))

    def embedding(self, features):
        return self.model(features)


class FusedTower(Tower):
    """All clips are longer than the tower's ten seconds: three crops are fused into the whole."""

    def embedding(self, features):
        longer = torch.ones(len(features), dtype=torch.bool, device=features.device)
        return self.model(features, is_longer=longer)


def _add(name, prefix, example, settings, attentions, *tags, **options):
    add_classifier(name, prefix, example, settings, attentions, "features", *tags, **options)


_AST = {"head": "ASTForAudioClassification"}
_IMAGE = noise(40, 20, scale=1.0)
# Eager attention takes its softmax in float32 whatever the input is: that is the class's own way.
_add("ast", "AST", _IMAGE, SPECTROGRAM, EAGER_ONLY, "float32-inside", **_AST)
_add("ast", "AST", _IMAGE, SPECTROGRAM, ("sdpa",), **_AST)

_WHISPER = {"head": "WhisperForAudioClassification"}
_add("whisper", "Whisper", noise(10, 40, scale=1.0), WHISPER, BOTH, **_WHISPER)
_add("whisper-weighted", "Whisper", noise(10, 40), WHISPER | WEIGHTED, BOTH, **_WHISPER)

_FRAMES = noise(30, 10, scale=1.0)
for _name, _settings in (
    ("wav2vec2-bert", {}),
    ("wav2vec2-bert-weighted", WEIGHTED),
    ("wav2vec2-bert-relative", {"position_embeddings_type": "relative"}),
    ("wav2vec2-bert-rotary", {"position_embeddings_type": "rotary"}),
):
    _add(_name, "Wav2Vec2Bert", _FRAMES, BERT | _settings, BOTH)
_PADDED = {"wrapper": PaddedLogits}
_add("wav2vec2-bert-padded", "Wav2Vec2Bert", _FRAMES, BERT, BOTH, "mask", **_PADDED)

_CLAP = {"head": "ClapAudioModelWithProjection", "wrapper": Tower}
_add("clap", "ClapAudio", noise(1, 64, 16), CLAP, EAGER_ONLY, **_CLAP)
_add("clap-stretched", "ClapAudio", noise(1, 50, 16), CLAP, EAGER_ONLY, "interpolation", **_CLAP)
_CLAP = {"head": "ClapAudioModelWithProjection", "wrapper": FusedTower}
_add("clap-fused", "ClapAudio", noise(4, 64, 16), CLAP | FUSED, EAGER_ONLY, "inplace", **_CLAP)
