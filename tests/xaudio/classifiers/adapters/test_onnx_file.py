import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data

from xaudio.classifiers import check_classifier, load_classifier
from xaudio.classifiers.fit import AnyLength, Tile
from xaudio.errors import ModelError

WEIGHTS = np.random.default_rng(0).standard_normal((1, 2)).astype(np.float32)
GIVEN = {"labels": ("fake", "real"), "sample_rate": 100}
CLIPS = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))


def saved(path, shape, outputs=("logits",), beside=None):
    """Logits = mean of the squared samples times two weights."""
    axes = len(shape)
    nodes = [
        helper.make_node("Mul", ["waveform", "waveform"], ["power"]),
        helper.make_node("ReduceMean", ["power", "axis"], ["level"], keepdims=1),
        helper.make_node("Mul", ["level", "weights"], [outputs[0]]),
    ]
    nodes += [helper.make_node("Identity", [outputs[0]], [name]) for name in outputs[1:]]
    weights = numpy_helper.from_array(WEIGHTS if axes == 2 else WEIGHTS[0], "weights")
    if beside:
        set_external_data(weights, beside)
    graph = helper.make_graph(
        nodes,
        "level",
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [
            numpy_helper.from_array(np.array([axes - 1], dtype=np.int64), "axis"),
            weights,
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, path)
    return path


def expected(clips: torch.Tensor) -> torch.Tensor:
    return clips.square().mean(dim=1, keepdim=True) * torch.from_numpy(WEIGHTS)


@pytest.mark.parametrize(
    ("shape", "fit"),
    [
        (["batch", "time"], AnyLength()),
        ([1, "time"], AnyLength()),
        ([2, "time"], AnyLength()),
        (["time"], AnyLength()),
        (["batch", 64], Tile(64)),
        ([64], Tile(64)),
    ],
)
def test_any_rank_batch_and_length(tmp_path, shape, fit):
    classifier = load_classifier(saved(tmp_path / "level.onnx", shape), **GIVEN)
    assert (classifier.name, classifier.module, classifier.fit) == ("level", None, fit)
    assert torch.allclose(classifier(CLIPS), expected(fit.inputs(CLIPS)), atol=1e-6)
    check_classifier(classifier)


def test_the_output_called_logits_is_read(tmp_path):
    path = saved(tmp_path / "two.onnx", ["b", "t"], ("embedding", "logits"))
    assert torch.allclose(load_classifier(path, **GIVEN)(CLIPS), expected(CLIPS), atol=1e-6)
    path = saved(tmp_path / "two.onnx", ["b", "t"], ("embedding", "scores"))
    with pytest.raises(ModelError, match="outputs embedding, scores; expected one"):
        load_classifier(path, **GIVEN)


def test_fingerprint_includes_weights_beside_the_file(tmp_path):
    path = saved(tmp_path / "level.onnx", ["b", "t"], beside="beside.bin")
    before = load_classifier(path, **GIVEN).fingerprint
    beside = tmp_path / "beside.bin"
    data = bytearray(beside.read_bytes())
    data[-1] ^= 1
    beside.write_bytes(bytes(data))
    assert load_classifier(path, **GIVEN).fingerprint != before


def test_a_spectrogram_input_is_refused(tmp_path):
    path = tmp_path / "spectrogram.onnx"
    graph = helper.make_graph(
        [helper.make_node("Identity", ["mel"], ["logits"])],
        "mel",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["b", 80, "t"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    with pytest.raises(ModelError, match=r"takes mel tensor\(float\).*expected one float input"):
        load_classifier(path, **GIVEN)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = tmp_path / "text.onnx"
    path.write_text("not a model")
    with pytest.raises(ModelError, match="is not an ONNX model"):
        load_classifier(path, **GIVEN)


def test_labels_and_rate_must_be_said(tmp_path):
    with pytest.raises(ModelError, match="pass labels="):
        load_classifier(saved(tmp_path / "level.onnx", ["b", "t"]))
