import io
import json
import os
import zipfile

import pytest
import torch
from torch.export import Dim

from tests.xaudio.classifiers.models import Detector
from xaudio.classifiers import check_classifier, load_classifier
from xaudio.classifiers.fit import AnyLength, Tile
from xaudio.errors import ModelError

GIVEN = {"labels": ("real", "fake"), "sample_rate": 8000}
CLIPS = torch.randn(3, 700, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A program for any batch and any length."""
    path = tmp_path_factory.mktemp("exported") / "detector.pt2"
    shapes = ({0: Dim.DYNAMIC, 1: Dim.DYNAMIC},)
    exported = torch.export.export(
        Detector().eval(), (torch.zeros(2, 1000),), dynamic_shapes=shapes
    )
    torch.export.save(exported, path)
    return path


def test_any_length(program):
    classifier = load_classifier(program, **GIVEN)
    assert (classifier.name, classifier.fit) == ("detector", AnyLength())
    assert torch.allclose(classifier(CLIPS), Detector().eval()(CLIPS), atol=1e-6)
    check_classifier(classifier)


def test_fixed_batch_and_length(tmp_path):
    path = tmp_path / "fixed.pt2"
    exported = torch.export.export(Detector().eval(), (torch.zeros(2, 1000),))
    torch.export.save(exported, path)
    classifier = load_classifier(path, **GIVEN)
    assert classifier.fit == Tile(1000)
    tiled = CLIPS.repeat(1, 2)[:, :1000]
    assert torch.allclose(classifier(CLIPS), Detector().eval()(tiled), atol=1e-6)
    check_classifier(classifier)


def test_files_that_are_no_program_are_refused(tmp_path):
    path = tmp_path / "text.pt2"
    path.write_text("not a program")
    with pytest.raises(ModelError, match="is not an exported program"):
        load_classifier(path, **GIVEN)


def test_two_inputs_are_refused(tmp_path):
    class Two(Detector):
        def forward(self, waveform, other):
            return super().forward(waveform + other)

    path = tmp_path / "two.pt2"
    clip = torch.zeros(1, 100)
    torch.export.save(torch.export.export(Two().eval(), (clip, clip)), path)
    with pytest.raises(ModelError, match="expected one waveform"):
        load_classifier(path, **GIVEN)


class RunsCode:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def changed(path, target, change):
    """The program with its entries, by name inside the archive, changed."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    root = next(iter(entries)).partition("/")[0]
    change(entries, root)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return target


def graph_edit(edit):
    def change(entries, root):
        name = f"{root}/models/model.json"
        graph = json.loads(entries[name])
        edit(graph["graph_module"]["graph"])
        entries[name] = json.dumps(graph).encode()

    return change


def trap_in_samples(entries, root):
    buffer = io.BytesIO()
    torch.save(RunsCode("ran"), buffer)
    entries[f"{root}/data/sample_inputs/model.pt"] = buffer.getvalue()


def foreign_operator(graph):
    graph["nodes"][0]["target"] = "torch.os.getcwd"


def writing_operator(graph):
    graph["nodes"][0]["target"] = "torch.ops.aten.save.default"


def size_becomes(expression):
    def edit(graph):
        sizes = [size for value in graph["tensor_values"].values() for size in value["sizes"]]
        next(size for size in sizes if "as_expr" in size)["as_expr"]["expr_str"] = expression

    return edit


CODE = "__import__('os').mkdir('ran')"
CODE_INSIDE = f'Add("{CODE}", Integer(1))'


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (trap_in_samples, "sample inputs that are not plain tensors"),
        (graph_edit(foreign_operator), "the operator 'torch.os.getcwd'"),
        (graph_edit(writing_operator), "the operator 'torch.ops.aten.save.default'"),
        (graph_edit(size_becomes(CODE)), "the expression '__import__"),
        (graph_edit(size_becomes(CODE_INSIDE)), "the expression 'Add"),
        (
            lambda entries, root: entries.update({f"{root}/data/constants/opaque_obj_0": b"x"}),
            "'data/constants/opaque_obj_0'",
        ),
        (
            lambda entries, root: entries.update({f"{root}/data/aotinductor/model/a.so": b"x"}),
            "'data/aotinductor/model/a.so'",
        ),
    ],
)
def test_a_program_that_could_run_code_is_refused_unrun(
    program, tmp_path, monkeypatch, change, what
):
    monkeypatch.chdir(tmp_path)
    path = changed(program, tmp_path / "trap.pt2", change)
    with pytest.raises(ModelError, match=f"is refused: it holds {what}"):
        load_classifier(path, **GIVEN)
    assert not (tmp_path / "ran").exists()


def test_an_unchanged_copy_still_loads(program, tmp_path):
    path = changed(program, tmp_path / "copy.pt2", lambda entries, root: None)
    assert torch.allclose(
        load_classifier(path, **GIVEN)(CLIPS), Detector().eval()(CLIPS), atol=1e-6
    )
