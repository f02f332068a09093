"""Small reference networks with fixed random weights: `names` lists them, `get` gives one."""

from tests.explainers.lrp.networks import (
    audiomnist,
    conformer,
    ecapa,
    graph_attention,
    hugging_face,
    hugging_face_features,
    max_feature_map,
    quirks_inplace,
    quirks_pointwise,
    quirks_products,
    quirks_selection,
    rawnet2,
    recurrent,
    resnet,
    transformer,
    weight_norm,
)
from tests.explainers.lrp.networks.catalogue import ReferenceNetwork, get, names

__all__ = [
    "ReferenceNetwork",
    "audiomnist",
    "conformer",
    "ecapa",
    "get",
    "graph_attention",
    "hugging_face",
    "hugging_face_features",
    "max_feature_map",
    "names",
    "quirks_inplace",
    "quirks_pointwise",
    "quirks_products",
    "quirks_selection",
    "rawnet2",
    "recurrent",
    "resnet",
    "transformer",
    "weight_norm",
]
