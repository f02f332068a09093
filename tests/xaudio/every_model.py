"""One small model of every kind the workbench takes; several of them are the same detector."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.export import Dim

from tests.xaudio.classifiers.adapters.test_huggingface import (
    NAMES,
    saved,
    spectrogram_transformer,
    wav2vec2,
)
from tests.xaudio.classifiers.models import Detector
from xaudio.classifiers import Classifier, load_classifier
from xaudio.features import SpectralStatistics
from xaudio.models.aasist import AASIST, LABELS, LIGHT

TOLD = {"labels": ("real", "fake"), "sample_rate": 8000}
"""What must be said of `Detector` where only a file or a function of it is there."""
HEARD = 6000
"""Samples that the models of one length hear: 0.75 s at 8 kHz."""


def aasist() -> Classifier:
    """Its architecture, narrow, untrained and outspoken, hearing the first half second."""
    torch.manual_seed(0)
    module = AASIST(replace(LIGHT, filters=12, taps=33, channels=(6,) * 6, graph=(8, 8)))
    module.out_layer.weight.data *= 100
    return load_classifier(module, labels=LABELS, sample_rate=16000, fit="tile:8000")


def saved_weights(folder: Path) -> Path:
    """Of AASIST-L as it is published, untrained; it takes a third of a second a clip."""
    torch.manual_seed(0)
    torch.save(AASIST(LIGHT).state_dict(), folder / "aasist.pth")
    return folder / "aasist.pth"


def saved_wav2vec2(folder: Path) -> str:
    """A Hugging Face folder, as it is named."""
    extractor = transformers.Wav2Vec2FeatureExtractor()
    return saved(folder / "wav2vec2", wav2vec2(**NAMES), extractor)


def saved_spectrogram_transformer(folder: Path) -> str:
    """Another one, which takes a spectrogram of one length."""
    extractor = transformers.ASTFeatureExtractor(max_length=128)
    return saved(folder / "ast", spectrogram_transformer(**NAMES), extractor)


@cache
def pipeline() -> Pipeline:
    """A factory: low tones against high ones, by their spectrum."""
    pitches = np.linspace(200, 6000, 16)
    clips = 0.3 * np.sin(2 * np.pi * pitches[:, None] * np.arange(4000) / 16000)
    clips += 0.01 * np.random.default_rng(0).normal(size=clips.shape)
    steps = make_pipeline(SpectralStatistics(16000), StandardScaler(), LogisticRegression())
    return steps.fit(clips, np.where(pitches < 2000, "real", "fake"))


def closed_detector(waveform: Tensor) -> Tensor:
    """`Detector` as a vendor's function: nothing of it can be seen."""
    with torch.no_grad():
        return Detector().eval()(waveform)


def saved_onnx(path: Path, shape: list[int | str]) -> Path:
    """`Detector`, node by node, for inputs of that shape."""
    detector = Detector()
    weights = {
        "kernel": detector.conv.weight,
        "shift": detector.conv.bias,
        "head": detector.head.weight,
        "offset": detector.head.bias,
    }
    constants = [numpy_helper.from_array(one.detach().numpy(), n) for n, one in weights.items()]
    axes = {"channel": 1, "last": 2}
    constants += [numpy_helper.from_array(np.array([one]), n) for n, one in axes.items()]
    nodes = [
        helper.make_node("Unsqueeze", ["waveform", "channel"], ["wave"]),
        helper.make_node("Conv", ["wave", "kernel", "shift"], ["frames"], strides=[4]),
        helper.make_node("Tanh", ["frames"], ["bent"]),
        helper.make_node("ReduceMean", ["bent", "last"], ["mean"], keepdims=0),
        helper.make_node("Gemm", ["mean", "head", "offset"], ["logits"], transB=1),
    ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
        constants,
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


def saved_program(path: Path, shapes: tuple | None) -> Path:
    """`Detector` exported with two clips of `HEARD` samples, all of it free or fixed."""
    example = torch.zeros(2, HEARD)
    program = torch.export.export(Detector().eval(), (example,), dynamic_shapes=shapes)
    torch.export.save(program, path)
    return path


MODELS: dict[str, Callable[[Path], Classifier]] = {
    "lcnn": lambda _: load_classifier("lcnn"),
    "aasist": lambda _: aasist(),
    "wav2vec2": lambda folder: load_classifier(saved_wav2vec2(folder)),
    "spectrogram transformer": lambda folder: load_classifier(
        saved_spectrogram_transformer(folder)
    ),
    "pipeline": lambda _: load_classifier(f"{__name__}:pipeline"),
    "module": lambda _: load_classifier(Detector()),
    "function": lambda _: load_classifier(closed_detector, **TOLD),
    "onnx": lambda folder: load_classifier(
        saved_onnx(folder / "any.onnx", ["batch", "time"]), **TOLD
    ),
    "onnx, two clips at a time": lambda folder: load_classifier(
        saved_onnx(folder / "two.onnx", [2, "time"]), **TOLD
    ),
    "program": lambda folder: load_classifier(
        saved_program(folder / "any.pt2", ({0: Dim.DYNAMIC, 1: Dim.DYNAMIC},)), **TOLD
    ),
    "onnx of one length": lambda folder: load_classifier(
        saved_onnx(folder / "fixed.onnx", [1, HEARD]), **TOLD
    ),
    "program of one length": lambda folder: load_classifier(
        saved_program(folder / "fixed.pt2", None), **TOLD
    ),
}
ONE_DETECTOR = ("function", "onnx", "onnx, two clips at a time", "program")
"""The same as ``module``, to the last bits of a float."""
ENDS = {"aasist": 0.5, "onnx of one length": 0.75, "program of one length": 0.75}
"""Seconds of a clip that is longer which these models hear."""
