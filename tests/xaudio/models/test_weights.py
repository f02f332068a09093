import os
import pickle

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from xaudio.errors import ModelError
from xaudio.models.weights import fingerprint, load_strictly, read_state_dict


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))


class RunsCode:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_safetensors_and_pytorch_files_read_alike(tmp_path):
    state = small().state_dict()
    save_file(state, tmp_path / "w.safetensors")
    torch.save(state, tmp_path / "w.pth")
    assert same(read_state_dict(tmp_path / "w.safetensors"), state)
    assert same(read_state_dict(tmp_path / "w.pth"), state)


@pytest.mark.parametrize("nest", ["state_dict", "model", "model_state_dict"])
def test_checkpoints_and_data_parallel_prefixes_are_unwrapped(tmp_path, nest):
    state = small().state_dict()
    prefixed = {f"module.{name}": value for name, value in state.items()}
    torch.save({nest: prefixed, "epoch": 3}, tmp_path / "w.pth")
    assert same(read_state_dict(tmp_path / "w.pth"), state)


def test_a_pickle_that_would_run_code_is_refused_unrun(tmp_path):
    mark = tmp_path / "ran"
    torch.save({"weight": torch.zeros(2), "trap": RunsCode(mark)}, tmp_path / "w.pth")
    with pytest.raises(ModelError, match="is refused") as caught:
        read_state_dict(tmp_path / "w.pth")
    assert not mark.exists()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["w.pth", "w.safetensors"])
def test_files_that_are_no_weights_are_refused(tmp_path, name):
    with pytest.raises(ModelError, match="There is no weights file"):
        read_state_dict(tmp_path / name)
    (tmp_path / name).write_bytes(b"not weights at all")
    with pytest.raises(ModelError, match=f"{name}' is (not a readable|refused)"):
        read_state_dict(tmp_path / name)


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {}, torch.zeros(3)])
def test_content_that_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(ModelError, match="holds no state dict"):
        read_state_dict(tmp_path / "w.pth")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("0.weight"), "it lacks '0.weight'"),
        (lambda state: state.update(extra=torch.zeros(1)), "it holds 'extra', which has no place"),
        (
            lambda state: state.update({"1.bias": torch.zeros(5)}),
            r"its '1.bias' has shape \(5,\), expected \(2,\)",
        ),
    ],
)
def test_the_first_mismatch_is_named_and_nothing_is_loaded(change, message):
    module = small()
    before = fingerprint(module.state_dict())
    state = {name: value + 1 for name, value in module.state_dict().items()}
    change(state)
    with pytest.raises(ModelError, match=f"weights of 'w.pth' do not fit Sequential: {message}"):
        load_strictly(module, state, "w.pth")
    assert fingerprint(module.state_dict()) == before


def test_fitting_weights_are_loaded():
    module = small()
    state = {name: value + 1 for name, value in module.state_dict().items()}
    load_strictly(module, state, "w.pth")
    assert same(module.state_dict(), state)


def test_fingerprint_knows_names_shapes_types_and_bytes_but_not_order():
    state = {"a": torch.arange(4.0), "b": torch.ones(2, dtype=torch.bfloat16), "c": torch.tensor(1)}
    known = fingerprint(state)
    assert fingerprint(dict(reversed(state.items()))) == known
    assert fingerprint(state | {"a": torch.arange(4.0)[None]}) != known
    assert fingerprint(state | {"a": torch.arange(4.0) + 1e-6}) != known
    assert fingerprint(state | {"c": torch.tensor(1.0)}) != known
    zeros = torch.zeros(2)
    assert fingerprint({"a": zeros}) != fingerprint({"a": zeros.to(torch.int32)})
    assert fingerprint({"x": state["a"], "b": state["b"], "c": state["c"]}) != known


def test_a_refused_pickle_is_refused_without_a_warning_beside_it(tmp_path, recwarn):
    content = pickle.dumps({"weight": RunsCode(tmp_path / "ran")}, protocol=4)
    (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(ModelError, match="is refused"):
        read_state_dict(tmp_path / "w.pth")
    assert not list(recwarn)
