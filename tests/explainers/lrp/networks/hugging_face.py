"""transformers' audio classifiers that listen to a waveform: tiny, random, each in its variants."""

import torch
from torch import nn

from tests.explainers.lrp.networks.catalogue import add, noise

SAMPLES = 500
SPEECH = {
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": (6, 8, 8),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 2, 2),
    "num_conv_pos_embeddings": 6,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 8,
    "num_labels": 3,
}
LAYER_NORMS = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
WEIGHTED = {"use_weighted_layer_sum": True}
ADAPTED = LAYER_NORMS | {"adapter_attn_dim": 4}
CONFORMER = {"conv_depthwise_kernel_size": 5, "max_source_positions": 100}
BUCKETS = {"num_buckets": 16, "max_bucket_distance": 20}
# Convolutions of one sample between the others, as SEW's feature extractor has.
POINTS = {"conv_dim": (6, 6, 8, 8), "conv_kernel": (10, 1, 3, 3), "conv_stride": (5, 1, 2, 2)}

EAGER_ONLY = ("eager",)
BOTH = ("eager", "sdpa")


class Logits(nn.Module):
    """A classifier whose answer is its logits alone."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, inputs):
        return self.model(inputs).logits


class PaddedLogits(Logits):
    """The last fifth of every clip is declared padding."""

    def forward(self, inputs):
        mask = torch.ones(inputs.shape[:2], dtype=torch.long, device=inputs.device)
        mask[:, -(inputs.size(1) // 5) :] = 0
        return self.model(inputs, attention_mask=mask).logits


def add_classifier(name, prefix, example, settings, attentions, *tags, head=None, wrapper=Logits):
    """Lists one of transformers' classes once for each implementation of attention it has."""
    head = head or f"{prefix}ForSequenceClassification"

    def build(attention):
        import transformers

        config = getattr(transformers, f"{prefix}Config")(**settings)
        config._attn_implementation = attention
        return wrapper(getattr(transformers, head)(config))

    for attention in attentions:
        add(
            f"{name}-{attention}",
            lambda attention=attention: build(attention),
            example,
            "huggingface",
            "attention",
            attention,
            *tags,
        )


def _add_waveform(name, prefix, settings, attentions, *tags, **options):
    settings = SPEECH | settings
    add_classifier(name, prefix, noise(SAMPLES), settings, attentions, "waveform", *tags, **options)


def _add_with_variants(name, prefix, attentions, *tags, **settings):
    """Plain, with a weighted sum of the layers, with layer norms, with a padding mask."""
    _add_waveform(name, prefix, settings, attentions, *tags)
    _add_waveform(f"{name}-weighted", prefix, settings | WEIGHTED, attentions, *tags)
    layered = settings | LAYER_NORMS
    _add_waveform(f"{name}-layer", prefix, layered, attentions, *tags)
    _add_waveform(f"{name}-layer-weighted", prefix, layered | WEIGHTED, attentions, *tags)
    masked = {"wrapper": PaddedLogits}
    _add_waveform(f"{name}-padded", prefix, layered, attentions, "mask", *tags, **masked)


_add_with_variants("wav2vec2", "Wav2Vec2", BOTH)
_add_waveform("wav2vec2-adapted", "Wav2Vec2", ADAPTED, BOTH)
_add_with_variants("hubert", "Hubert", BOTH)
_add_waveform("hubert-conv-batch-norm", "Hubert", {"conv_pos_batch_norm": True}, BOTH)
_add_with_variants("unispeech", "UniSpeech", BOTH)
_add_with_variants("unispeech-sat", "UniSpeechSat", BOTH)
_add_with_variants("wavlm", "WavLM", EAGER_ONLY, **BUCKETS)

for _name, _prefix, _settings, _attentions, _tags in (
    ("data2vec", "Data2VecAudio", {"conv_pos_kernel_size": 5, "conv_bias": True}, BOTH, ()),
    ("sew", "SEW", POINTS, BOTH, ()),
    ("sew-d", "SEWD", POINTS | {"position_buckets": 8}, EAGER_ONLY, ("foreign-function",)),
    ("wav2vec2-conformer", "Wav2Vec2Conformer", CONFORMER, BOTH, ()),
):
    _add_waveform(_name, _prefix, _settings, _attentions, *_tags)
    _add_waveform(f"{_name}-weighted", _prefix, _settings | WEIGHTED, _attentions, *_tags)
    _add_waveform(
        f"{_name}-padded", _prefix, _settings, _attentions, "mask", *_tags, wrapper=PaddedLogits
    )

_add_waveform(
    "sew-d-own-keys",
    "SEWD",
    POINTS | {"share_att_key": False, "position_buckets": -1, "max_position_embeddings": 30},
    EAGER_ONLY,
    "foreign-function",
)
_add_waveform(
    "wav2vec2-conformer-rotary",
    "Wav2Vec2Conformer",
    CONFORMER | LAYER_NORMS | {"position_embeddings_type": "rotary"},
    BOTH,
)
_add_waveform(
    "wav2vec2-conformer-no-positions",
    "Wav2Vec2Conformer",
    CONFORMER | {"position_embeddings_type": None},
    BOTH,
)
